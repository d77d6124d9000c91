"""Ids as people see them."""

import dagster as dg
import pytest
from lineageflow_dagster.metadata import for_people, id_shown

SNAPSHOT, COMMIT = "ab" * 32, "01" * 32
IDS = {
    "lineageflow/snapshot": dg.MetadataValue.text(SNAPSHOT),
    "lineageflow/commit": dg.MetadataValue.text(COMMIT),
    "lineageflow/previous_snapshot": dg.MetadataValue.text("cd" * 32),
}


def test_ids_are_short_and_lead_to_their_pages() -> None:
    url = f"http://page/tree/r/shop/tree/{COMMIT}/tree/orders"
    shown = for_people({**IDS, "lineageflow/url": dg.MetadataValue.url(url), "rows": dg.MetadataValue.int(3)})
    assert {name: value.value for name, value in shown.items()} == {
        "lineageflow/snapshot": f"[abababababab]({url})",
        "lineageflow/commit": f"[010101010101](http://page/tree/r/shop/commit/{COMMIT})",
        "lineageflow/previous_snapshot": "cdcdcdcdcdcd",
        "rows": 3,
    }


def test_without_a_page_ids_are_only_short() -> None:
    shown = for_people(IDS)
    assert ["abababababab", "010101010101", "cdcdcdcdcdcd"] == [value.value for value in shown.values()]
    assert shown == for_people(shown)


@pytest.mark.parametrize("text", [SNAPSHOT, "abababababab", f"[abababababab](http://page/{SNAPSHOT})"])
def test_an_id_is_found_in_what_is_shown(text: str) -> None:
    assert SNAPSHOT.startswith(id_shown(dg.MetadataValue.md(text)))
