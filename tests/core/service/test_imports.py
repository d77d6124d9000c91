import os
from pathlib import Path

import pytest

from lineageflow_core.connect import connect
from lineageflow_core.errors import IntegrityError
from lineageflow_core.imports import import_objects
from lineageflow_core.model.storage import parse_storage
from lineageflow_core.model.transfer import ImportPack, ImportState, Reference, encode_reference, reference_id
from lineageflow_core.repository import Repository
from lineageflow_core.service import import_references, imports
from lineageflow_core.service.import_references import in_order
from lineageflow_core.store.local import LocalContentStore
from lineageflow_core.store.sources.buckets import open_source
from lineageflow_core.tree.pack import REFERENCE, pack_records


@pytest.fixture
def content(tmp_path: Path) -> LocalContentStore:
    return LocalContentStore(tmp_path / "content")


@pytest.mark.parametrize("turn", range(5))
def test_an_import_that_processes_take_turns_with_keeps_every_reference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, turn: int
) -> None:
    monkeypatch.setattr("lineageflow_core.store.sources.folder._PAGE", 2)
    monkeypatch.setattr(imports, "BATCH", 2)
    source = tmp_path / "source"
    source.mkdir()
    for number in range(12):
        (source / f"{number:02}").write_bytes(b"%d" % number)
    lakes = [connect(str(tmp_path / "lake")) for _ in range(3)]
    lakes[0].repositories.create_repository("data", author="ada")
    found = lakes[0].transfers.start_import("data", "main", f"file://{source}", "in", author="ada")
    kept = []
    while found.state is ImportState.RUNNING:
        # The first goes on with what it knows from before another one was faster.
        found = lakes[(0, 1, 1, 0, 2)[turn % 5]].transfers.continue_import("data", found.id, seconds=0)
        kept.append(found.kept)
        turn += 1
    assert [*range(0, 13, 2)] == sorted(set(kept))
    repo = Repository(lakes[2], "data", author="ada")
    assert [b"%d" % number for number in range(12)] == [
        repo.read_bytes(f"in/{number:02}") for number in range(12)
    ]


@pytest.mark.parametrize("piece", [1, 50, 200, 1 << 20])
@pytest.mark.parametrize("skip", [0, 1, 29, 30])
def test_references_of_many_packs_come_in_the_order_of_their_ids(
    content: LocalContentStore, monkeypatch: pytest.MonkeyPatch, piece: int, skip: int
) -> None:
    monkeypatch.setattr(import_references, "_HELD_BYTES", piece)
    monkeypatch.setattr(import_references, "_LEAST_BYTES", 1)
    kept = [referring_to(f"{number}") for number in range(30)]
    packs = [write(content, kept[start : start + 10]) for start in range(0, 30, 10)]
    assert sorted(kept)[skip:] == list(in_order(content, packs, skip=skip))


def test_a_pack_that_ends_inside_a_record_is_refused(content: LocalContentStore) -> None:
    whole = pack_records([(REFERENCE, *referring_to("x"))]).content
    content.write_pack("torn", whole[:-1])
    content.write_pack("other", b"something else")
    for name, length in (("torn", len(whole) - 1), ("other", 14)):
        with pytest.raises(IntegrityError):
            list(in_order(content, [ImportPack(id=name, length=length)]))


def test_a_hundred_thousand_names_are_imported_in_pages(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for folder in range(100):
        (source / f"{folder:02}").mkdir(parents=True)
        for number in range(1_000):
            os.close(os.open(source / f"{folder:02}" / f"{number:03}", os.O_CREAT | os.O_WRONLY))
    sizes = [len(page) for page in open_source(parse_storage(f"file://{source}")).pages()]
    assert (100_000, 1_000) == (sum(sizes), max(sizes))
    lake = connect("memory:")
    Repository(lake, "data", author="ada").create()
    done = import_objects(lake, "data", source, "in", branch="main", author="ada")
    assert (100_000, 100_000, 0) == (done.objects, done.kept, done.skipped)
    listed = lake.objects.list_objects("data", "main", path="in", after="in/99/997", limit=10).items
    assert ["in/99/998", "in/99/999"] == [each.path for each in listed]


def referring_to(name: str) -> tuple[bytes, bytes]:
    body = encode_reference(Reference(source="s3://b/f", name=name * 3, size=1, version="etag:x"))
    return reference_id(body), body


def write(content: LocalContentStore, references: list[tuple[bytes, bytes]]) -> ImportPack:
    pack = pack_records((REFERENCE, *each) for each in sorted(references))
    content.write_pack(pack.id, pack.content)
    return ImportPack(id=pack.id, length=len(pack.content))
