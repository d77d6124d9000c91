"""`@versioned`: the whole body of an asset is part of the run, however it reads and writes the lake.

IO managers see values that assets return and take. Everything else an asset does by itself: it opens files
by URL, lets pandas write them, uses handles of `lineageflow_core`. In a function that is versioned all of
that reads what the run sees, writes to the run's branch and is in its lineage.
"""

import functools
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import aclosing, closing, contextmanager
from typing import Any, TypeVar, cast

from lineageflow_core.run import running
from lineageflow_dagster.bodies import conclude
from lineageflow_dagster.internals import current_context
from lineageflow_dagster.resource import RESOURCE_KEY, LineageFlowResource

F = TypeVar("F", bound=Callable[..., Any])

_END = object()
"""Comes after the last event."""


def versioned(function: F) -> F:
    """Makes the body of an asset, op or check part of the run. It goes below Dagster's decorator.

    .. code-block:: python

        @dg.asset(deps=["orders"])
        @versioned
        def report() -> None:
            orders = pd.read_parquet("lf://shop/orders/data.parquet")
            orders.describe().to_csv("lf://shop/report/numbers.csv")

    The function may be a coroutine or a generator, and need not take the resource `lineageflow`; Dagster
    provides it all the same. What it returns goes to its IO manager, as ever. If it writes its own dataset,
    the materialization says which version that is.
    """
    wrapped: Callable[..., Any]
    if inspect.isasyncgenfunction(function):
        wrapped = _async_generator(function)
    elif inspect.iscoroutinefunction(function):
        wrapped = _coroutine(function)
    elif inspect.isgeneratorfunction(function):
        wrapped = _generator(function)
    else:
        wrapped = _plain(function)
    return cast(F, _taking_resource(wrapped, function))


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def body(*args: Any, **kwargs: Any) -> Any:
        with _in_run(_lake(function, kwargs)):
            return function(*args, **kwargs)

    return body


def _generator(function: Callable[..., Generator[Any, None, None]]) -> Callable[..., Iterator[Any]]:
    @functools.wraps(function)
    def body(*args: Any, **kwargs: Any) -> Iterator[Any]:
        lake = _lake(function, kwargs)
        with closing(function(*args, **kwargs)) as events:
            while True:
                with _in_run(lake):  # not while Dagster does something about the event
                    event = next(events, _END)
                if event is _END:
                    return
                yield event

    return body


def _coroutine(function: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(function)
    async def body(*args: Any, **kwargs: Any) -> Any:
        with _in_run(_lake(function, kwargs)):
            return await function(*args, **kwargs)

    return body


def _async_generator(function: Callable[..., AsyncGenerator[Any, None]]) -> Callable[..., AsyncIterator[Any]]:
    @functools.wraps(function)
    async def body(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        lake = _lake(function, kwargs)
        async with aclosing(function(*args, **kwargs)) as events:
            while True:
                with _in_run(lake):  # and Dagster awaits each event in a context of its own
                    event = await anext(events, _END)
                if event is _END:
                    return
                yield event

    return body


def _lake(function: Callable[..., Any], kwargs: dict[str, Any]) -> LineageFlowResource | None:
    """Returns the resource, taken out of `kwargs` if the function does not take it."""
    lake = kwargs.get(RESOURCE_KEY)
    if RESOURCE_KEY not in inspect.signature(function).parameters:
        kwargs.pop(RESOURCE_KEY, None)
    return lake


@contextmanager
def _in_run(lake: LineageFlowResource | None) -> Iterator[None]:
    """Makes the step's run current; when the block ends well, tells Dagster of all that was written so far.

    Dagster builds an asset's event when it is yielded, or when the function has returned.
    """
    context = current_context()
    if context is None or lake is None:  # a test that calls the function
        yield
        return
    with running(lake.session(context)):
        yield
        conclude(lake, context)


def _taking_resource(wrapped: Callable[..., Any], function: Callable[..., Any]) -> Callable[..., Any]:
    """Lets a function ask Dagster for the resource, which it does by its signature."""
    signature = inspect.signature(function)
    if RESOURCE_KEY in signature.parameters:
        return wrapped
    kinds = inspect.Parameter
    asked = kinds(RESOURCE_KEY, kinds.KEYWORD_ONLY, annotation=LineageFlowResource)
    parameters = list(signature.parameters.values())
    at = len(parameters) - (bool(parameters) and parameters[-1].kind is kinds.VAR_KEYWORD)
    wrapped.__signature__ = signature.replace(  # type: ignore[attr-defined]  # what inspect looks at
        parameters=[*parameters[:at], asked, *parameters[at:]]
    )
    wrapped.__annotations__ = {**function.__annotations__, RESOURCE_KEY: LineageFlowResource}
    return wrapped
