"""`@versioned`: the whole body of an asset is part of the run, however it reads and writes the lake.

IO managers see values that assets return and take. Everything else an asset does by itself: it opens files
by URL, lets pandas write them, uses handles of `lineageflow_core`. In a function that is versioned all of
that reads what the run sees, writes to the run's branch and is in its lineage.
"""

import functools
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import aclosing, closing, contextmanager
from typing import Any, TypeVar, cast, overload

from lineageflow_core.run import running
from lineageflow_dagster.bodies import conclude, say_columns
from lineageflow_dagster.column_lineage import Columns
from lineageflow_dagster.internals import assets_of, current_context
from lineageflow_dagster.naming import dataset_path
from lineageflow_dagster.resource import RESOURCE_KEY, LineageFlowResource

F = TypeVar("F", bound=Callable[..., Any])

_END = object()
"""Comes after the last event."""


@overload
def versioned(function: F) -> F: ...


@overload
def versioned(*, columns: Columns) -> Callable[[F], F]: ...


def versioned(function: F | None = None, *, columns: Columns | None = None) -> F | Callable[[F], F]:
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

    `columns` says what the columns of the asset come from, where a step makes a single one. Lineage has it at
    exact versions, and Dagster's page shows it.

    .. code-block:: python

        @versioned(columns={"day": "orders.day", "total": ["orders.amount", "rates.rate"]})
    """
    if function is None:
        return cast(Callable[[F], F], functools.partial(versioned, columns=columns))
    wrapped: Callable[..., Any]
    if inspect.isasyncgenfunction(function):
        wrapped = _async_generator(function, columns)
    elif inspect.iscoroutinefunction(function):
        wrapped = _coroutine(function, columns)
    elif inspect.isgeneratorfunction(function):
        wrapped = _generator(function, columns)
    else:
        wrapped = _plain(function, columns)
    return cast(F, _taking_resource(wrapped, function))


def _plain(function: Callable[..., Any], columns: Columns | None) -> Callable[..., Any]:
    @functools.wraps(function)
    def body(*args: Any, **kwargs: Any) -> Any:
        with _in_run(_lake(function, kwargs), columns) as results:
            results.append(function(*args, **kwargs))
        return results[0]

    return body


def _generator(
    function: Callable[..., Generator[Any, None, None]], columns: Columns | None
) -> Callable[..., Iterator[Any]]:
    @functools.wraps(function)
    def body(*args: Any, **kwargs: Any) -> Iterator[Any]:
        lake = _lake(function, kwargs)
        with closing(function(*args, **kwargs)) as events:
            while True:
                with _in_run(lake, columns) as results:  # not while Dagster does something about the event
                    event = next(events, _END)
                    results.append(event)
                if event is _END:
                    return
                yield event

    return body


def _coroutine(
    function: Callable[..., Awaitable[Any]], columns: Columns | None
) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(function)
    async def body(*args: Any, **kwargs: Any) -> Any:
        with _in_run(_lake(function, kwargs), columns) as results:
            results.append(await function(*args, **kwargs))
        return results[0]

    return body


def _async_generator(
    function: Callable[..., AsyncGenerator[Any, None]], columns: Columns | None
) -> Callable[..., AsyncIterator[Any]]:
    @functools.wraps(function)
    async def body(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        lake = _lake(function, kwargs)
        async with aclosing(function(*args, **kwargs)) as events:
            while True:
                with _in_run(lake, columns) as results:  # and Dagster awaits each event in its own context
                    event = await anext(events, _END)
                    results.append(event)
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
def _in_run(lake: LineageFlowResource | None, columns: Columns | None) -> Iterator[list[Any]]:
    """Makes the step's run current; when the block ends well, tells Dagster of all that was written so far.

    Dagster builds an asset's event when it is yielded, or when the function has returned. The block adds what
    the function gives to the list.
    """
    context = current_context()
    results: list[Any] = []
    if context is None or lake is None:  # a test that calls the function
        yield results
        return
    assets = assets_of(context)
    if columns is not None and len(assets) == 1:
        say_columns(lake, context, dataset_path(next(iter(assets)).path), columns)
    with running(lake.session(context)):
        yield results
        conclude(lake, context, results)


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
