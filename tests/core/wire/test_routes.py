import re
from typing import Any, get_type_hints

import pytest

from lineageflow_core.catalog import Catalog, Content
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.wire.routes import ROUTES, Route, Verb, fill


def _methods(protocol: type) -> set[str]:
    return {name for name, value in vars(protocol).items() if callable(value) and not name.startswith("_")}


def _operations() -> list[tuple[str, str]]:
    members = get_type_hints(Catalog)
    streamed = {(_member_of(Content), name) for name in ("upload", "open", "opener")}
    protocols = {member: found for member, found in members.items() if isinstance(found, type)}
    named = [(member, name) for member, protocol in protocols.items() for name in _methods(protocol)]
    return sorted(set(named) - streamed)


def _member_of(protocol: type) -> str:
    return next(member for member, found in get_type_hints(Catalog).items() if found is protocol)


def test_every_method_of_every_protocol_has_exactly_one_row_and_every_row_a_method() -> None:
    assert _operations() == sorted((route.member, route.name) for route in ROUTES)


def test_no_two_operations_share_a_name() -> None:
    assert len(ROUTES) == len({route.name for route in ROUTES})


def test_no_two_rows_answer_the_same_request() -> None:
    asked = [(route.verb, re.sub(r"\{\w+\}", "{}", route.path)) for route in ROUTES]
    assert len(asked) == len(set(asked))


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_parameter_travels_exactly_once(route: Route) -> None:
    parameters = [name for name in route.signature.parameters if name != "self"]
    key = ["key"] if route.has_key else []
    assert sorted(parameters) == sorted([*route.in_path, *route.in_rest, *key])


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_an_optional_parameter_has_the_default_of_the_protocol(route: Route) -> None:
    given: dict[str, Any] = dict.fromkeys(route.in_rest, "given")
    required = {name for name in route.in_rest if route.default(name) is route.signature.empty}
    made = route.rest(**{name: given[name] for name in required})
    optional = [name for name in route.in_rest if name not in required]
    assert [route.default(name) for name in optional] == [getattr(made, name) for name in optional]


def test_a_lakes_paths_travel_beside_the_address() -> None:
    paths = {"path", "dataset", "node"}
    assert [] == [route.name for route in ROUTES if paths & set(route.in_path)]


def test_what_changes_a_lake_is_no_get() -> None:
    assert [] == [route.name for route in ROUTES if route.has_key and route.verb is Verb.GET]


def test_what_a_commit_id_names_never_changes_and_what_a_name_does_may() -> None:
    diff = next(route for route in ROUTES if route.name == "diff")
    blame = next(route for route in ROUTES if route.name == "blame")
    one, other = "a" * 64, "0" * 64
    assert [True, False, False, False] == [
        diff.is_fixed({"left": one, "right": other}),
        diff.is_fixed({"left": one, "right": "main"}),
        diff.is_fixed({"left": f"{one}~1"}),
        blame.is_fixed({"ref": one}),  # lineage is told later, too
    ]


def test_only_reading_is_fixed() -> None:
    assert {Verb.GET} == {route.verb for route in ROUTES if route.fixed_by}


@pytest.mark.parametrize(
    "ref, expected",
    [
        ("main", "/commits/main"),
        ("main~2", "/commits/main~2"),
        ("main@{2026-05-01T09:00:00Z}", "/commits/main%40%7B2026-05-01T09%3A00%3A00Z%7D"),
        ("run:6f1c", "/commits/run%3A6f1c"),
        ("ünlü 100%", "/commits/%C3%BCnl%C3%BC%20100%25"),
    ],
)
def test_a_ref_travels_in_one_segment(ref: str, expected: str) -> None:
    assert expected == fill("/commits/{ref}", {"ref": ref})


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../../runs"])
def test_what_would_change_the_address_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError, match="cannot be a ref"):
        fill("/commits/{ref}", {"ref": name})
