"""Links of the pages about Dagster lead to files, and the front page leads to all of them."""

import re
from pathlib import Path

import pytest

from tests.docs.markdown import ROOT
from tests.integrations.dagster.processes import DRIVER

FRONT = "integrations/dagster/README.md"
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs/dagster").glob("*.md"))


def targets(page: str) -> set[Path]:
    text = (ROOT / page).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)\)", text)
    return {((ROOT / page).parent / link).resolve() for link in links if "://" not in link}


@pytest.mark.parametrize("page", [FRONT, *PAGES])
def test_links_lead_to_files(page: str) -> None:
    assert set() == {target for target in targets(page) if not target.exists()}


def test_the_front_page_leads_to_every_page() -> None:
    assert {ROOT / page for page in PAGES} <= targets(FRONT)


def test_the_front_page_names_the_driver_of_dagsters_database_that_is_tried() -> None:
    assert f"postgres_url: {DRIVER}//" in (ROOT / FRONT).read_text()
