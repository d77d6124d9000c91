"""What every catalog promises about paths: which there can be, and that a path means one thing."""

import unicodedata

import pytest

from lineageflow_core.errors import InvalidInputError, ObjectNotFoundError, PathConflictError
from lineageflow_core.model.change import put, replace
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.scene import (
    Call,
    CatalogContract,
    commit,
    entries,
    files,
    in_pages_of_one,
)

IMPOSSIBLE = [
    "", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "../../etc/passwd", "a/./b", "a\\b", "a\0b", "a\nb",
    "\x7f", "\ud800", "@main/a", "x" * 256, "a/" + "é" * 128, "/".join(["x" * 200] * 6),
]  # fmt: skip
ODD = [
    "a b", " ", "a ", "...", ".hidden", "-rf", "a@b", "a#b?c=d&e", "100%", "%2e%2e", "%2F", "~", "a:b", "C:",
    "*?<>|", "'; DROP TABLE refs; --", '"quoted"', "<script>", "${HOME}", "$(id)", "null", "café", "☃",
    "数据", "🦆", "x" * 255, "a\u202eb", "\u200b", "a+b", "=1+1", "é" * 127,
]  # fmt: skip
DECOMPOSED = unicodedata.normalize("NFD", "café")
COMPOSED = unicodedata.normalize("NFC", "café")


class PathContract(CatalogContract):
    """Needs the fixture `catalog`."""

    @pytest.mark.parametrize("path", IMPOSSIBLE)
    def test_an_impossible_path_is_not_written(self, repo: Repository, path: str) -> None:
        tip = repo.put("seen", b"1")
        [entry] = entries(repo, {"": b"1"})
        for change in (put(path, [entry]), replace(path, [entry])):
            with pytest.raises(InvalidInputError):
                commit(repo, change)
        if path and not path.startswith("@"):
            for change in (put("d", entries(repo, {path: b"1"})), replace("d", entries(repo, {path: b"1"}))):
                with pytest.raises(InvalidInputError):
                    commit(repo, change)
        with pytest.raises(InvalidInputError):
            repo.catalog.merging.reset(repo.name, "main", to="main", path=path or "/", author="ada")
        assert tip == repo.head()

    @pytest.mark.parametrize("path", IMPOSSIBLE)
    def test_an_impossible_path_is_not_looked_up(self, repo: Repository, path: str) -> None:
        objects, history, name = repo.catalog.objects, repo.catalog.history, repo.name
        calls: list[Call] = [
            lambda: objects.get_object(name, "main", path),
            lambda: objects.get_dataset(name, "main", path),
            lambda: objects.get_snapshot(name, "main", path),
            lambda: objects.list_snapshots(name, "main", path),
            lambda: repo.catalog.lineage.blame(name, "main", path),
        ]
        if path:  # which is the whole repository for these
            calls += [
                lambda: objects.list_objects(name, "main", path=path),
                lambda: objects.list_folder(name, "main", path=path),
                lambda: objects.list_datasets(name, "main", path=path),
                lambda: history.log(name, "main", path=path),
                lambda: history.diff(name, "main", "main", path=path),
                lambda: history.diff_datasets(name, "main", "main", path=path),
            ]
        for call in calls:
            with pytest.raises(InvalidInputError):
                call()

    def test_odd_names_are_kept_as_they_are(self, repo: Repository) -> None:
        written = {f"d/{name}/{name}": name.encode() for name in ODD}
        repo.put("d", {path.removeprefix("d/"): content for path, content in written.items()})
        for name in ODD[:10]:
            repo.put(f"{name} folder/{name}", name.encode())
        assert written == files(repo, path="d")
        list_objects = repo.catalog.objects.list_objects
        listed = in_pages_of_one(
            lambda after, limit: list_objects(repo.name, "main", after=after, limit=limit)
        )
        assert len(listed) == len({entry.path for entry in listed})
        for entry in listed:
            assert entry == repo.catalog.objects.get_object(repo.name, "main", entry.path)

    def test_one_name_in_two_normal_forms_is_one_name(self, repo: Repository) -> None:
        assert DECOMPOSED != COMPOSED
        repo.put(DECOMPOSED, {DECOMPOSED: b"1"})
        repo.replace(f"t/{DECOMPOSED}", {DECOMPOSED: b"1"}, dataset="t")
        repo.replace(f"{COMPOSED}s/{DECOMPOSED}", {"x": b"1"}, dataset=f"{DECOMPOSED}s")
        assert {
            f"{COMPOSED}/{COMPOSED}",
            f"t/{COMPOSED}/{COMPOSED}",
            f"{COMPOSED}s/{COMPOSED}/x",
        } == files(repo).keys()
        objects, history, lineage = repo.catalog.objects, repo.catalog.history, repo.catalog.lineage
        for one in (DECOMPOSED, COMPOSED):
            assert COMPOSED == objects.get_dataset(repo.name, "main", one).path
            assert f"{COMPOSED}/{COMPOSED}" == objects.get_object(repo.name, "main", f"{one}/{one}").path
            assert COMPOSED == objects.get_snapshot(repo.name, "main", f"t/{one}").partition
            assert COMPOSED == objects.list_snapshots(repo.name, "main", one).items[0].dataset
            assert 1 == len(objects.list_objects(repo.name, "main", path=one).items)
            assert 1 == len(objects.list_folder(repo.name, "main", path=one).items)
            assert 1 == len(objects.list_datasets(repo.name, "main", path=one).items)
            assert 1 == len(history.log(repo.name, "main", path=f"t/{one}/{one}").items)
            assert 1 == len(history.diff(repo.name, "main~3", "main", path=one).items)
            assert 1 == len(history.diff_datasets(repo.name, "main~3", "main", path=one).items)
            assert COMPOSED == lineage.blame(repo.name, "main", f"t/{one}").version.partition
        repo.catalog.merging.reset(repo.name, "main", to="main~3", path=f"t/{DECOMPOSED}", author="ada")
        assert {f"{COMPOSED}/{COMPOSED}", f"{COMPOSED}s/{COMPOSED}/x"} == files(repo).keys()

    @pytest.mark.parametrize(
        "first, second", [("a", "a/b"), ("a/b", "a"), ("a/b/c", "a/b"), ("d/x", "d/x/y")]
    )
    def test_a_path_is_not_an_object_and_a_folder(self, repo: Repository, first: str, second: str) -> None:
        repo.put("d", {"y": b"0"})
        repo.put(first, b"1")
        with pytest.raises(PathConflictError, match=r"object and a folder|is a folder") as caught:
            repo.put(second, b"2")
        assert "path" in caught.value.details
        [one], [two] = entries(repo, {"": b"1"}), entries(repo, {"": b"2"})
        with pytest.raises(PathConflictError):
            commit(repo, put(f"new-{first}", [one]), put(f"new-{second}", [two]))

    def test_what_was_never_there_is_not_found(self, repo: Repository) -> None:
        repo.replace("t/p", {"x": b"1"}, dataset="t")
        objects, name = repo.catalog.objects, repo.name
        for path in ("nothing", "t/p", "t/p/x/y", "t/q/x", "T/p/x"):
            with pytest.raises(ObjectNotFoundError, match=f"no object at {path!r}") as caught:
                objects.get_object(name, "main", path)
            assert {"repository": name, "ref": "main", "path": path} == caught.value.details
