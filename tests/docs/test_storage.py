"""What the page about storages says is so."""

import re

from lineageflow_core.model.storage import Provider, parse_storage
from lineageflow_core.store.cache import CAPACITY
from lineageflow_core.store.probe import PERMISSIONS
from tests.docs.markdown import ROOT

TEXT = (ROOT / "docs/storage.md").read_text(encoding="utf-8")


def test_every_url_is_one() -> None:
    urls = re.findall(r"^\| `([a-z0-9]+://[^`]+)`", TEXT, re.MULTILINE)
    assert set(Provider) == {parse_storage(url).provider for url in urls}


def test_the_permissions_are_those_that_a_check_names() -> None:
    rows = [
        re.findall(r"`([^`]+)`", row)
        for row in re.findall(r"^\| \w[^`\n]*(`(?:s3:).*)\|$", TEXT, re.MULTILINE)
    ]
    names = re.findall(r"^\| (\w[^`|\n]*) \| `s3:", TEXT, re.MULTILINE)
    documented = {
        provider: {name: row[place] for name, row in zip(names, rows, strict=True)}
        for place, provider in enumerate((Provider.S3, Provider.GCS, Provider.AZURE))
    }
    assert PERMISSIONS == documented


def test_the_extras_are_there() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for extras in re.findall(r"lineageflow-core\[([a-z0-9,]+)\]", TEXT):
        for extra in extras.split(","):
            assert re.search(rf"^{extra} = \[", project, re.MULTILINE)


def test_the_cache_takes_what_is_said() -> None:
    assert f"{CAPACITY >> 30} GiB" in TEXT
