"""Every text that a caller gives, checked in one place, before any operation sees it.

So what a lake accepts does not depend on what keeps it: rows in memory hold any string, databases only what
UTF-8 can tell.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cache, wraps
from typing import Any

from lineageflow_core.catalog import Catalog
from lineageflow_core.model.change import Change
from lineageflow_core.model.text import check_text
from lineageflow_core.service.later import Later

_NO_MEMBERS = frozenset({"address", "emitter"})
_TAKES_ANYTHING = frozenset({"ingest", "replace_event"})
"""Events of others are all stored, whatever is in them."""


def in_plain_text(catalog: Catalog) -> Catalog:
    """Returns `catalog`, whose operations raise InvalidInputError for a text that UTF-8 cannot tell."""
    members = {
        each.name: getattr(catalog, each.name) for each in fields(catalog) if each.name not in _NO_MEMBERS
    }
    return replace(catalog, **{name: _in_plain_text(member) for name, member in members.items()})


def _in_plain_text(member: Any) -> Any:
    if isinstance(member, Later):
        return Later(lambda: _in_plain_text(member.made))
    return _checked(member.__class__)(member)


class _Checked:
    """What every member is made on."""

    def __init__(self, service: Any) -> None:
        self._service = service


@cache
def _checked(service: type) -> Callable[[Any], Any]:
    functions = inspect.getmembers(service, inspect.isfunction)
    methods = {name: _method(function) for name, function in functions if not name.startswith("_")}
    return type(service.__name__, (_Checked,), methods)


def _method(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def method(self: _Checked, *args: Any, **kwargs: Any) -> Any:
        if function.__name__ not in _TAKES_ANYTHING:
            _check(args)
            _check(kwargs)
        return function(self._service, *args, **kwargs)

    return method


def _check(value: object) -> None:
    if isinstance(value, str):
        check_text(value)
    elif isinstance(value, Mapping):
        for name, each in value.items():
            _check(name)
            _check(each)
    elif isinstance(value, tuple | list | set | frozenset):
        for each in value:
            _check(each)
    elif is_dataclass(value) and not isinstance(value, Change):  # a change's paths are checked as paths
        for field in fields(value):
            _check(getattr(value, field.name))
