from hypothesis import given
from hypothesis import strategies as st

from lineageflow_core.tree import (
    Child,
    Extent,
    NodeBuffer,
    Value,
    ceilings,
    children,
    extent,
    get,
    get_many,
    prefix_range,
    scan,
)
from tests.core.tree.maps import keys, maps, prefixes, root_of, value

bounds = st.none() | keys
paths = maps.map(lambda entries: {key: entries[key] for key in entries if not key.endswith("/")})


def inside(entries: dict[str, Value], start: str, stop: str | None) -> list[tuple[str, Value]]:
    return [(key, entries[key]) for key in sorted(entries) if start <= key and (stop is None or key < stop)]


@given(maps, keys)
def test_a_look_up_finds_what_a_key_maps_to(entries: dict[str, Value], key: str) -> None:
    buffer = NodeBuffer()
    assert entries.get(key) == get(buffer, root_of(buffer, entries), key)


@given(maps, st.lists(keys).map(sorted))
def test_many_look_ups_find_what_single_ones_do(entries: dict[str, Value], wanted: list[str]) -> None:
    buffer = NodeBuffer()
    assert [entries.get(key) for key in wanted] == list(get_many(buffer, root_of(buffer, entries), wanted))


@given(maps, st.lists(keys).map(sorted))
def test_a_ceiling_is_the_first_key_that_is_not_less(entries: dict[str, Value], wanted: list[str]) -> None:
    buffer = NodeBuffer()
    expected = [min((key for key in entries if key >= low), default=None) for low in wanted]
    assert expected == list(ceilings(buffer, root_of(buffer, entries), wanted))


@given(maps, keys, bounds)
def test_a_scan_yields_a_range_in_order(entries: dict[str, Value], start: str, stop: str | None) -> None:
    buffer = NodeBuffer()
    found = list(scan(buffer, root_of(buffer, entries), start=start, stop=stop))
    assert inside(entries, start, stop) == found


@given(maps, keys, bounds)
def test_the_extent_of_a_range_is_what_a_scan_adds_up(
    entries: dict[str, Value], start: str, stop: str | None
) -> None:
    buffer = NodeBuffer()
    found = inside(entries, start, stop)
    expected = Extent(len(found), sum(value.size for _, value in found))
    assert expected == extent(buffer, root_of(buffer, entries), start=start, stop=stop)


@given(maps, prefixes)
def test_a_prefix_is_the_range_of_the_keys_that_begin_with_it(entries: dict[str, Value], prefix: str) -> None:
    found = inside(entries, *prefix_range(prefix))
    assert sorted(key for key in entries if key.startswith(prefix)) == [key for key, _ in found]


def test_a_prefix_ends_behind_the_last_key_that_begins_with_it() -> None:
    assert ("a/", "a0") == prefix_range("a/")
    assert ("a\U0010ffff", "b") == prefix_range("a\U0010ffff")
    assert ("\U0010ffff", None) == prefix_range("\U0010ffff")
    assert ("", None) == prefix_range("")


def expected_children(entries: dict[str, Value], prefix: str) -> list[Child]:
    groups: dict[str, list[str]] = {}
    for key in sorted(entries):
        if key.startswith(prefix):
            name, slash, _ = key[len(prefix) :].partition("/")
            groups.setdefault(prefix + name + slash, []).append(key)
    return [
        Child(
            child,
            len(below),
            sum(entries[key].size for key in below),
            None if child.endswith("/") else entries[child],
        )
        for child, below in groups.items()
    ]


@given(paths, st.sampled_from(["", "0/", "1/2/", "a/", "none/"]))
def test_children_are_entries_and_folders_as_one(entries: dict[str, Value], prefix: str) -> None:
    buffer = NodeBuffer()
    found = list(children(buffer, root_of(buffer, entries), prefix))
    assert expected_children(entries, prefix) == found


@given(paths, st.sampled_from(["", "0/", "a/"]))
def test_children_can_be_listed_from_behind_any_of_them(entries: dict[str, Value], prefix: str) -> None:
    buffer = NodeBuffer()
    root = root_of(buffer, entries)
    whole = list(children(buffer, root, prefix))
    for at, child in enumerate(whole):
        assert whole[at + 1 :] == list(children(buffer, root, prefix, after=child.key))


def test_a_folder_comes_where_its_slash_sorts_it() -> None:
    buffer = NodeBuffer()
    root = root_of(buffer, {"a/x": value(1), "a-b": value(2), "a0": value(3)})
    assert ["a-b", "a/", "a0"] == [child.key for child in children(buffer, root)]
