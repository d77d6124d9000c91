from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from lineageflow_core.store.instants import from_microseconds, to_microseconds
from lineageflow_core.store.paging import Place, page_of
from lineageflow_core.testing.strategies import instants


@given(instants, st.text())
def test_a_place_reads_as_it_was_written(at: datetime, id_: str) -> None:
    assert Place(at, id_) == Place.parse(str(Place(at, id_)))


@given(instants)
def test_an_instant_is_exact_in_microseconds(instant: datetime) -> None:
    assert instant == from_microseconds(to_microseconds(instant))


@given(instants, instants)
def test_microseconds_sort_as_instants_do(one: datetime, two: datetime) -> None:
    assert (one < two) == (to_microseconds(one) < to_microseconds(two))


@given(st.lists(st.integers(), unique=True), st.integers(1, 5))
def test_pages_put_together_are_the_list(items: list[int], limit: int) -> None:
    found: list[int] = []
    page = page_of(items[: limit + 1], limit, cursor=lambda item: item)
    while True:
        found += page.items
        if page.next is None:
            break
        rest = items[items.index(int(page.next)) + 1 :]
        page = page_of(rest[: limit + 1], limit, cursor=lambda item: item)
    assert items == found
