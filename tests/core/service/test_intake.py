"""One event that makes this version fail harms no other, and waits for one that understands it."""

from collections.abc import Callable
from typing import Any

import pytest

from lineageflow_core.errors import StorageError
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.run import RunState
from lineageflow_core.service import folding
from tests.core.openlineage.scenarios import RUN, event
from tests.core.service.story import Story

POISON = RunId("0195b2a4-0000-7000-8000-00000000dead")
GOOD = [event("START", 1), event("START", 1, run=POISON), event("COMPLETE", 2)]


def failing(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the fold of one run fail, as a fault of ours would."""
    facts_of: Callable[..., Any] = folding.facts_of  # type: ignore[attr-defined]

    def fail(run_id: RunId, *args: Any, **options: Any) -> Any:
        if run_id == POISON:
            raise error("odd")
        return facts_of(run_id, *args, **options)

    monkeypatch.setattr(folding, "facts_of", fail)


def test_an_event_that_makes_us_fail_is_set_aside_and_the_others_count(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    story = Story()
    with monkeypatch.context() as patch:
        failing(KeyError, patch)
        report = story.catalog.lineage.ingest(GOOD)
    assert [True, True, True] == [receipt.is_new for receipt in report.receipts]
    assert "failed on it (KeyError)" in (report.receipts[1].problem or "")
    assert report.receipts[1].id in caplog.text
    assert RunState.COMPLETED is story.catalog.lineage.get_run(RUN).run.state
    [aside] = story.catalog.events.list_events(with_problems=True).items
    assert (report.receipts[1].id, POISON) == (aside.id, aside.run_id)


def test_what_was_set_aside_is_not_in_the_way_of_making_all_facts_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    story = Story()
    with monkeypatch.context() as patch:
        failing(KeyError, patch)
        story.catalog.lineage.ingest(GOOD)
        assert () == folding.rebuild(story.stores).differences


def test_an_event_that_was_set_aside_counts_once_it_is_read_by_a_version_that_can(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    story = Story()
    with monkeypatch.context() as patch:
        failing(KeyError, patch)
        [_, aside, _] = story.catalog.lineage.ingest(GOOD).receipts
        assert () == story.catalog.events.replay_events().mended
    assert (aside.id,) == story.catalog.events.replay_events().mended
    assert RunState.RUNNING is story.catalog.lineage.get_run(POISON).run.state
    assert 0 == story.catalog.events.replay_events().read


def test_no_event_is_blamed_for_a_storage_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    story = Story()
    with monkeypatch.context() as patch:
        failing(StorageError, patch)
        with pytest.raises(StorageError):
            story.catalog.lineage.ingest(GOOD)
    assert () == story.catalog.events.list_events().items
    assert 3 == story.catalog.lineage.ingest(GOOD).received
