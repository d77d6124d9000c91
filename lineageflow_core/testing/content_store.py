"""What every `ContentStore` promises."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from lineageflow_core.errors import IntegrityError, InvalidInputError, ObjectMissingError
from lineageflow_core.model.collection import ContentKind
from lineageflow_core.model.ids import ObjectId
from lineageflow_core.store.ports import ContentStore, PackPart, StoredObject, Trash, TrashedContent
from lineageflow_core.testing.signatures import assert_same_signatures
from lineageflow_core.testing.strategies import contract_settings

LARGE = 9 << 20
"""Bytes of an object that no store should take into memory to read a part of it."""

NOWHERE = ObjectId("0" * 64)

_TICK = timedelta(seconds=2)
"""What storages' clocks may leave out: some tell whole seconds."""


def object_of(content: bytes) -> StoredObject:
    """Returns what storing these bytes gives."""
    return StoredObject(object_id=ObjectId(blake3(content).hexdigest()), size=len(content))


class ContentStoreContract:
    """Needs the fixtures `content`, an empty store, and `damage`, which changes a byte of a stored object."""

    def test_every_method_has_the_signature_of_the_protocol(self, content: ContentStore) -> None:
        assert_same_signatures(ContentStore, content)

    def test_objects_have_the_digest_of_their_bytes_in_the_order_given(
        self, content: ContentStore, tmp_path: Path
    ) -> None:
        (tmp_path / "file").write_bytes(b"from a file")
        stored = content.write_objects([b"from memory", tmp_path / "file", b""])
        assert [object_of(b"from memory"), object_of(b"from a file"), object_of(b"")] == stored

    @pytest.mark.parametrize("size", [0, 1, 8 << 20, LARGE])
    def test_an_object_reads_as_it_was_written(
        self, content: ContentStore, tmp_path: Path, size: int
    ) -> None:
        (tmp_path / "file").write_bytes(os.urandom(size))
        [stored] = content.write_objects([tmp_path / "file"])
        with content.open_object(stored.object_id) as file:
            assert (tmp_path / "file").read_bytes() == file.read()

    @contract_settings
    @given(contents=st.lists(st.binary(max_size=100), max_size=40))
    def test_any_batch_reads_as_it_was_written(self, content: ContentStore, contents: list[bytes]) -> None:
        stored = content.write_objects(contents)
        assert contents == [content.open_object(each.object_id).read() for each in stored]

    def test_a_write_tells_how_far_it_is(self, content: ContentStore, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(bytes(LARGE))
        content.write_objects([b"stored already"])
        told: list[int] = []
        content.write_objects([b"stored already", b"new", tmp_path / "file"], progress=told.append)
        assert len(b"stored already") + len(b"new") + LARGE == sum(told)
        assert min(told) > 0

    def test_a_batch_of_nothing_is_nothing(self, content: ContentStore) -> None:
        assert [] == content.write_objects([])

    def test_equal_content_is_one_object(self, content: ContentStore) -> None:
        first, second = content.write_objects([b"same", b"same"])
        [third] = content.write_objects([b"same"])
        assert first == second == third

    def test_an_object_can_be_read_in_any_order(self, content: ContentStore) -> None:
        whole = os.urandom(LARGE)
        [stored] = content.write_objects([whole])
        with content.open_object(stored.object_id) as file:
            assert len(whole) == file.seek(0, os.SEEK_END)
            file.seek(-10, os.SEEK_END)
            assert whole[-10:] == file.read()
            file.seek(5_000_000)
            assert whole[5_000_000:5_000_100] == file.read(100)
            file.seek(0)
            assert whole == file.read()
            assert b"" == file.read()

    def test_an_object_that_is_not_stored_is_missing(self, content: ContentStore) -> None:
        with pytest.raises(ObjectMissingError):
            content.open_object(NOWHERE)

    def test_what_is_not_an_object_id_is_refused(self, content: ContentStore) -> None:
        with pytest.raises(InvalidInputError):
            content.open_object(ObjectId("../../etc/passwd"))

    def test_missing_objects_are_told(self, content: ContentStore) -> None:
        [stored] = content.write_objects([b"here"])
        assert {NOWHERE} == content.missing_objects([NOWHERE, stored.object_id])

    @pytest.mark.parametrize("name", ["nothing there", "."])
    def test_a_source_that_is_no_file_is_refused(
        self, content: ContentStore, tmp_path: Path, name: str
    ) -> None:
        with pytest.raises(InvalidInputError):
            content.write_objects([b"x", tmp_path / name])

    @pytest.mark.parametrize("size", [1, 8 << 20])
    def test_a_damaged_object_is_never_opened(
        self, content: ContentStore, damage: Callable[[ObjectId], None], size: int
    ) -> None:
        [stored] = content.write_objects([b"a" * size])
        damage(stored.object_id)
        with pytest.raises(IntegrityError):
            content.open_object(stored.object_id)

    def test_a_large_damaged_object_is_never_read_to_its_end(
        self, content: ContentStore, damage: Callable[[ObjectId], None]
    ) -> None:
        [stored] = content.write_objects([b"a" * LARGE])
        damage(stored.object_id)
        with pytest.raises(IntegrityError):  # when it is opened, or on the way
            read_through(content, stored.object_id)

    def test_no_part_from_inside_a_large_damaged_object_is_read(
        self, content: ContentStore, damage: Callable[[ObjectId], None]
    ) -> None:
        [stored] = content.write_objects([b"a" * LARGE])
        damage(stored.object_id)
        with pytest.raises(IntegrityError):
            read_end(content, stored.object_id)

    def test_a_store_that_can_be_used_says_so(self, content: ContentStore) -> None:
        report = content.check()
        assert [] == [check for check in report.checks if check.needed and not check.ok]
        assert report.usable

    def test_a_check_leaves_nothing(self, content: ContentStore) -> None:
        content.check()
        assert [] == list(content.list_packs())

    def test_threads_may_write_the_same_objects_at_once(self, content: ContentStore) -> None:
        contents = [bytes([number]) * 1000 for number in range(40)]
        with ThreadPoolExecutor(8) as pool:
            results = list(pool.map(lambda _: content.write_objects(contents), range(8)))
        assert [[object_of(each) for each in contents]] * 8 == results

    def test_a_pack_reads_in_parts(self, content: ContentStore) -> None:
        content.write_pack("ab" * 32, b"0123456789")
        assert b"345" == content.read_pack("ab" * 32, 3, 3)

    def test_parts_of_packs_are_read_together_in_the_order_asked(self, content: ContentStore) -> None:
        packs = {"ab" * 32: bytes(range(256)) * 1000, "cd" * 32: b"0123456789"}
        for pack_id, stored in packs.items():
            content.write_pack(pack_id, stored)
        parts = [
            PackPart("cd" * 32, 3, 4),
            PackPart("ab" * 32, 200_000, 50),
            PackPart("ab" * 32, 10, 20),
            PackPart("ab" * 32, 15, 5),
            PackPart("ab" * 32, 30, 1),
            PackPart("cd" * 32, 0, 10),
            PackPart("ab" * 32, 10, 20),
        ]
        expected = [packs[pack_id][offset : offset + length] for pack_id, offset, length in parts]
        assert expected == content.read_packs(parts)
        assert [] == content.read_packs([])
        with pytest.raises(IntegrityError):
            content.read_packs([*parts, PackPart("cd" * 32, 5, 6)])
        with pytest.raises(ObjectMissingError):
            content.read_packs([*parts, PackPart("ef" * 32, 0, 1)])

    def test_a_pack_written_again_stays(self, content: ContentStore) -> None:
        content.write_pack("ab" * 32, b"0123456789")
        content.write_pack("ab" * 32, b"0123456789")
        assert b"0123456789" == content.read_pack("ab" * 32, 0, 10)

    def test_packs_are_listed(self, content: ContentStore) -> None:
        content.write_pack("ab" * 32, b"1")
        content.write_pack("cd" * 32, b"2")
        assert {"ab" * 32, "cd" * 32} == set(content.list_packs())

    def test_an_empty_store_lists_no_packs(self, content: ContentStore) -> None:
        assert [] == list(content.list_packs())

    def test_a_pack_that_is_not_stored_is_missing(self, content: ContentStore) -> None:
        with pytest.raises(ObjectMissingError):
            content.read_pack("ab" * 32, 0, 1)

    def test_a_pack_that_is_too_short_is_damaged(self, content: ContentStore) -> None:
        content.write_pack("ab" * 32, b"0123456789")
        with pytest.raises(IntegrityError):
            content.read_pack("ab" * 32, 5, 6)


def read_through(content: ContentStore, object_id: ObjectId) -> None:
    """Reads an object from start to end, in pieces."""
    with content.open_object(object_id) as file:
        while file.read(100_000):
            pass


def read_end(content: ContentStore, object_id: ObjectId) -> bytes:
    """Returns the last bytes of an object."""
    with content.open_object(object_id) as file:
        file.seek(-8, os.SEEK_END)
        return file.read()


class TrashContract:
    """What the trash of every `ContentStore` promises. Needs the fixture `content`, an empty store."""

    def test_every_method_of_the_trash_has_the_signature_of_the_protocol(self, content: ContentStore) -> None:
        assert_same_signatures(Trash, content.trash)

    def test_what_is_stored_is_listed_with_its_size_and_age(self, content: ContentStore) -> None:
        before = content.trash.now()
        [stored] = content.write_objects([b"content"])
        content.write_pack("ab" * 32, b"pack")
        [found] = content.trash.list_stored(ContentKind.OBJECT)
        [pack] = content.trash.list_stored(ContentKind.PACK)
        assert (stored.object_id, 7) == (found.id, found.size)
        assert ("ab" * 32, 4) == (pack.id, pack.size)
        for each in (found, pack):
            assert before - _TICK <= each.modified_at <= content.trash.now() + _TICK

    def test_telling_the_time_leaves_nothing(self, content: ContentStore) -> None:
        content.trash.now()
        assert [] == [each for kind in ContentKind for each in content.trash.list_stored(kind)]

    def test_what_is_discarded_is_in_the_trash(self, content: ContentStore) -> None:
        first, second = content.write_objects([b"first", b"second"])
        content.trash.discard(ContentKind.OBJECT, [first.object_id, NOWHERE], collection=3)
        [trashed] = content.trash.list()
        assert TrashedContent(kind=ContentKind.OBJECT, id=first.object_id, size=5, collection=3) == trashed
        assert [second.object_id] == [each.id for each in content.trash.list_stored(ContentKind.OBJECT)]

    def test_what_is_in_the_trash_is_found_and_brought_back(self, content: ContentStore) -> None:
        [first] = content.write_objects([b"first"])
        for use in (
            lambda: content.missing_objects([first.object_id]),
            lambda: content.trash.recall(ContentKind.OBJECT, [first.object_id]),
            lambda: content.write_objects([b"first"]),
            lambda: content.open_object(first.object_id).read(),
        ):
            content.trash.discard(ContentKind.OBJECT, [first.object_id], collection=1)
            use()
            assert [first.object_id] == [each.id for each in content.trash.list_stored(ContentKind.OBJECT)]
            content.trash.purge(ContentKind.OBJECT, [first.object_id], collection=1)
            assert b"first" == content.open_object(first.object_id).read()

    def test_a_pack_in_the_trash_is_read(self, content: ContentStore) -> None:
        content.write_pack("ab" * 32, b"0123456789")
        content.trash.discard(ContentKind.PACK, ["ab" * 32], collection=2)
        assert [] == list(content.list_packs())
        assert [b"34"] == content.read_packs([PackPart("ab" * 32, 3, 2)])
        content.trash.recall(ContentKind.PACK, ["ab" * 32])
        assert ["ab" * 32] == list(content.list_packs())

    def test_recalling_tells_what_is_there(self, content: ContentStore) -> None:
        kept, trashed = (each.object_id for each in content.write_objects([b"kept", b"trashed"]))
        content.trash.discard(ContentKind.OBJECT, [trashed], collection=1)
        assert {kept, trashed} == content.trash.recall(ContentKind.OBJECT, [kept, trashed, NOWHERE])

    def test_what_comes_back_is_young(self, content: ContentStore) -> None:
        [stored] = content.write_objects([b"content"])
        before = content.trash.now()
        content.trash.discard(ContentKind.OBJECT, [stored.object_id], collection=1)
        content.trash.recall(ContentKind.OBJECT, [stored.object_id])
        [found] = content.trash.list_stored(ContentKind.OBJECT)
        assert before - _TICK <= found.modified_at

    def test_what_is_purged_is_gone(self, content: ContentStore) -> None:
        [stored] = content.write_objects([b"content"])
        content.trash.discard(ContentKind.OBJECT, [stored.object_id], collection=1)
        for _ in range(2):
            content.trash.purge(ContentKind.OBJECT, [stored.object_id], collection=1)
        assert [] == list(content.trash.list())
        assert {stored.object_id} == content.missing_objects([stored.object_id])

    def test_only_the_trash_of_one_collection_is_purged(self, content: ContentStore) -> None:
        [stored] = content.write_objects([b"content"])
        content.trash.purge(ContentKind.OBJECT, [stored.object_id], collection=1)
        content.trash.discard(ContentKind.OBJECT, [stored.object_id], collection=2)
        content.trash.purge(ContentKind.OBJECT, [stored.object_id], collection=1)
        assert b"content" == content.open_object(stored.object_id).read()

    def test_what_is_erased_is_gone_wherever_it_was(self, content: ContentStore) -> None:
        stored, trashed = content.write_objects([b"stored", b"trashed"])
        content.write_pack("ab" * 32, b"pack")
        content.trash.discard(ContentKind.OBJECT, [trashed.object_id], collection=1)
        for _ in range(2):
            content.trash.erase()
        assert [] == [each for kind in ContentKind for each in content.trash.list_stored(kind)]
        assert [] == list(content.trash.list())
        assert {stored.object_id, trashed.object_id} == content.missing_objects(
            [stored.object_id, trashed.object_id]
        )
        assert [stored] == content.write_objects([b"stored"])

    def test_an_empty_store_has_an_empty_trash(self, content: ContentStore) -> None:
        assert [] == list(content.trash.list())
        assert set() == content.trash.recall(ContentKind.OBJECT, [NOWHERE])
