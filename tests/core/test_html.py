"""What notebooks show."""

import re
from html.parser import HTMLParser
from typing import Any

import pyarrow as pa
import pytest

from lineageflow_core import Job, Repository, RunSession, connect, run_transaction

EVIL = "<script>alert('x')</script>"


class Balanced(HTMLParser):
    """Checks that tags close, and collects their names."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)
        assert not [name for name, _ in attrs if name.startswith("on") or name in {"src", "href"}]
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.open.pop()


@pytest.fixture
def repo() -> Repository:
    repo = connect("memory:").repository("sales", author=EVIL).create()
    repo.write("orders", pa.table({EVIL: [EVIL, None], "amount": [1, 2]}), message=EVIL)
    with run_transaction(RunSession(repo.catalog, "sales", Job(namespace="tests", name=EVIL))):
        repo.write("clean", repo.dataset("orders").arrow())
    return repo


def pages(repo: Repository) -> dict[str, Any]:
    return {
        "lake": repo.catalog,
        "repository": repo,
        "branch": repo.on("main"),
        "stage": repo.stage,
        "table": repo.dataset("orders"),
        "file": repo.dataset("blob"),
        "commits": repo.log(),
        "differences": repo.diff("main~3"),
        "lineage": repo.dataset("clean").upstream(),
    }


def test_pages_are_static_and_escaped(repo: Repository) -> None:
    repo.write("blob", b"1")
    repo.write(f"odd{EVIL.replace('/', '')}", b"1")
    repo.stage.write(f"staged{EVIL.replace('/', '')}", b"1")
    for name, shown in pages(repo).items():
        page = shown._repr_html_()
        parsed = Balanced(page)
        assert ([], set()) == (parsed.open, parsed.tags & {"script", "link", "iframe", "img"}), name
        assert "prefers-color-scheme" in page


def test_pages_say_what_matters(repo: Repository) -> None:
    repo.write("blob", b"1")
    repo.stage.write("waiting", b"1")
    shown = {name: re.sub(r"<[^>]+>", " ", each._repr_html_()) for name, each in pages(repo).items()}
    assert "sales" in shown["lake"]
    assert "orders" in shown["repository"]
    assert "sales @main" in shown["branch"]
    assert "1 added" in shown["stage"]
    assert "waiting" in shown["stage"]
    assert "amount int64" in " ".join(shown["table"].split())
    assert "null" in shown["table"]
    assert "blob 1 B" in " ".join(shown["file"].split())
    assert "write blob" in shown["commits"]
    assert "added" in shown["differences"]
    assert "orders" in shown["lineage"]


def test_pages_stay_small(repo: Repository) -> None:
    wide = pa.table({f"column{number}" * 20: ["x" * 10_000] * 30 for number in range(200)})
    repo.write("wide", wide)
    repo.write("many", {f"{'n' * 200}-{number}": b"1" for number in range(300)})
    repo.write("blob", b"1")
    for each in [repo.dataset("wide"), repo.dataset("many"), repo.diff("main~3"), *pages(repo).values()]:
        assert 50_000 > len(each._repr_html_().encode())
