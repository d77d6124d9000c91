"""What every catalog promises about bytes."""

import os
from pathlib import Path

import pytest
from blake3 import blake3

from lineageflow_core.catalog import Catalog, Content
from lineageflow_core.errors import InvalidInputError, ObjectMissingError
from lineageflow_core.model.ids import ObjectId
from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.scene import Call, CatalogContract, files
from lineageflow_core.testing.signatures import assert_same_signatures

CONTENTS = [b"", b"1", b"\x00\xff\r\n", b"ab" * 1000]
NOWHERE = ObjectId("0" * 64)


class ContentContract(CatalogContract):
    """Needs the fixture `catalog`."""

    def test_every_method_has_the_signature_of_the_protocol(self, catalog: Catalog) -> None:
        assert_same_signatures(Content, catalog.content)

    def test_contents_come_back_as_they_were(self, repo: Repository) -> None:
        uploaded = repo.catalog.content.upload(repo.name, CONTENTS)
        for content, entry in zip(CONTENTS, uploaded, strict=True):
            assert entry_of(content) == entry
            with repo.catalog.content.open(repo.name, entry.object_id) as stream:
                assert content == stream.read()

    def test_bytes_and_files_are_uploaded_in_order(self, repo: Repository, tmp_path: Path) -> None:
        large = os.urandom(3 << 20)
        (tmp_path / "large").write_bytes(large)
        (tmp_path / "empty").write_bytes(b"")
        uploaded = repo.catalog.content.upload(
            repo.name, [tmp_path / "large", b"1", tmp_path / "empty", b"1", tmp_path / "large"]
        )
        assert [entry_of(content) for content in (large, b"1", b"", b"1", large)] == uploaded
        with repo.catalog.content.open(repo.name, uploaded[0].object_id) as stream:
            assert large == stream.read()

    def test_an_object_can_be_read_from_anywhere(self, repo: Repository) -> None:
        [entry] = repo.catalog.content.upload(repo.name, [bytes(range(256))])
        with repo.catalog.content.open(repo.name, entry.object_id) as stream:
            assert stream.seekable()
            assert 250 == stream.seek(-6, os.SEEK_END)
            assert bytes(range(250, 256)) == stream.read()
            stream.seek(16)
            assert bytes([16, 17]) == stream.read(2)
            assert 18 == stream.tell()

    def test_many_are_opened_even_if_the_repository_is_renamed_meanwhile(self, repo: Repository) -> None:
        uploaded = repo.catalog.content.upload(repo.name, CONTENTS)
        open_object = repo.catalog.content.opener(repo.name)
        repo.catalog.repositories.rename_repository(repo.name, f"{repo.name}-2", author="Ada")
        for content, entry in zip(CONTENTS, uploaded, strict=True):
            with open_object(entry.object_id) as stream:
                assert content == stream.read()

    def test_a_file_that_cannot_be_read_is_named(self, repo: Repository, tmp_path: Path) -> None:
        for path in (tmp_path / "nothing", tmp_path):
            with pytest.raises(InvalidInputError, match=path.name):
                repo.catalog.content.upload(repo.name, [b"1", path])

    def test_what_is_missing_is_told_in_the_order_asked(self, repo: Repository) -> None:
        missing = repo.catalog.content.missing
        [stored] = repo.catalog.content.upload(repo.name, [b"1"])
        others = [ObjectId(f"{number:064x}") for number in (3, 1, 2)]
        assert others == missing(repo.name, [others[0], stored.object_id, *others[1:]])
        assert [] == missing(repo.name, [stored.object_id])
        assert [] == missing(repo.name, [])

    def test_an_upload_is_invisible_until_a_commit_names_it(self, repo: Repository) -> None:
        repo.catalog.content.upload(repo.name, [b"1"])
        assert {} == files(repo)

    def test_repositories_share_no_content(self, repo: Repository) -> None:
        [entry] = repo.catalog.content.upload(repo.name, [b"1"])
        other = Repository(repo.catalog, f"{repo.name}-2").create()
        assert [entry.object_id] == repo.catalog.content.missing(other.name, [entry.object_id])
        with pytest.raises(ObjectMissingError):
            repo.catalog.content.open(other.name, entry.object_id)

    def test_an_object_that_is_not_stored_is_named(self, repo: Repository) -> None:
        with pytest.raises(ObjectMissingError, match=NOWHERE) as caught:
            repo.catalog.content.open(repo.name, NOWHERE)
        assert {"object_id": NOWHERE} == caught.value.details

    @pytest.mark.parametrize("text", ["", "0" * 63, "0" * 65, "G" * 64, "AB" * 32, "../../../../etc/passwd"])
    def test_what_is_no_object_id_is_refused(self, repo: Repository, text: str) -> None:
        calls: list[Call] = [
            lambda: repo.catalog.content.open(repo.name, ObjectId(text)),
            lambda: repo.catalog.content.opener(repo.name)(ObjectId(text)),
            lambda: repo.catalog.content.missing(repo.name, [NOWHERE, ObjectId(text)]),
        ]
        for call in calls:
            with pytest.raises(InvalidInputError, match="is not an object id"):
                call()


def entry_of(content: bytes) -> ObjectEntry:
    """Returns what an upload of this content gives."""
    return ObjectEntry(path="", object_id=ObjectId(blake3(content).hexdigest()), size=len(content))
