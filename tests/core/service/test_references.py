"""Objects that were imported and not copied, among those that are stored."""

from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from lineageflow_core.model.ids import ObjectId
from lineageflow_core.model.storage import parse_storage
from lineageflow_core.model.transfer import Reference
from lineageflow_core.service.references import with_references
from lineageflow_core.store.memory.content import MemoryContentStore
from lineageflow_core.store.sources import Source
from lineageflow_core.store.sources.buckets import open_source


def test_two_threads_that_find_out_where_objects_are_do_not_disturb_each_other(tmp_path: Path) -> None:
    source = f"file://{tmp_path}"
    names = {ObjectId(letter * 64): letter for letter in "ab"}
    references: dict[ObjectId, Reference] = {}
    for object_id, letter in names.items():
        (tmp_path / letter).write_text(letter)
        [found] = [each for page in folder(source).pages() for each in page if each.name == letter]
        references[object_id] = Reference(source=source, name=letter, size=found.size, version=found.version)
    one, other = names

    class Overtaken(MemoryContentStore):
        """While it looks for one object, another thread reads the other one."""

        def open_object(self, object_id: ObjectId) -> BinaryIO:
            if object_id == one:
                assert b"b" == content.open_object(other).read()
            return super().open_object(object_id)

    def find(object_ids: Iterable[ObjectId]) -> dict[ObjectId, Reference]:
        return {each: references[each] for each in object_ids if each in references}

    content = with_references(Overtaken(), find=find, source=folder)
    assert b"a" == content.open_object(one).read()


def folder(url: str) -> Source:
    return open_source(parse_storage(url))
