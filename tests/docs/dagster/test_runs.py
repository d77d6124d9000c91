"""The page about runs is true, from top to bottom."""

from pathlib import Path

import pytest

from lineageflow_core import connect
from tests.docs.dagster.story import Story

pytestmark = pytest.mark.slow


def test_the_page_runs_from_top_to_bottom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def last_run() -> str:
        newest, *_ = connect("lake").lineage.list_runs().items
        return newest.id

    story = Story(folder=tmp_path, last_run=last_run)
    story.tell("docs/dagster/runs.md")
    authors = [commit.author for commit in story.names["shop"].log()]
    assert len(authors) == 5
