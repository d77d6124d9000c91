"""The code of `docs/rollback.md` runs, as it stands there."""

from typing import Any

from tests.docs.markdown import blocks


def test_the_page_about_rollbacks_runs_from_top_to_bottom() -> None:
    names: dict[str, Any] = {}
    for block in blocks("docs/rollback.md"):
        if block.language == "python":
            exec(compile(block.code, "docs/rollback.md", "exec"), names)
    assert "undone" == names["lake"].plans.get_plan(names["plan"].id).state
