"""What every catalog promises about looking into a commit."""

from collections.abc import Callable
from typing import TypeVar

import pytest

from lineageflow_core.catalog import Catalog, Objects
from lineageflow_core.errors import ObjectNotFoundError, RefNotFoundError
from lineageflow_core.model.change import delete, put
from lineageflow_core.model.objects import Dataset, ItemKind, Snapshot
from lineageflow_core.model.page import Page
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.scene import CatalogContract, commit, entries, in_pages_of_one
from lineageflow_core.testing.signatures import assert_same_signatures

T = TypeVar("T")

FILES = {
    "a": {"x": b"1", "sub-1/x": b"22", "sub/x": b"333", "sub.txt": b"4444", "z": b"5"},
    "a-b": {"": b"666"},
    "deep/er": {"x": b"7"},
    "deep/er.csv": {"": b"88"},
    "deep-1": {"": b"9"},
}
"""Names around '/', which sorts behind ' ', '-' and '.'."""
OBJECTS = [
    "a/sub-1/x", "a/sub.txt", "a/sub/x", "a/x", "a/z", "a-b", "deep-1", "deep/er/x", "deep/er.csv",
    "t/p-1/x", "t/p/x",
]  # fmt: skip
"""By dataset, then by path."""


class ObjectsContract(CatalogContract):
    """Needs the fixture `catalog`."""

    @pytest.fixture
    def filled(self, repo: Repository) -> Repository:
        """Returns a repository with `FILES`, and a dataset `t` with partitions."""
        commit(repo, *(put(path, entries(repo, files)) for path, files in FILES.items()))
        for partition in ("p", "p-1"):
            repo.replace(f"t/{partition}", {"x": partition.encode()}, dataset="t")
        return repo

    def test_every_method_has_the_signature_of_the_protocol(self, catalog: Catalog) -> None:
        assert_same_signatures(Objects, catalog.objects)

    def test_an_object_has_its_whole_path_and_its_content(self, filled: Repository) -> None:
        [uploaded] = entries(filled, {"a/sub/x": b"333"})
        assert uploaded == filled.catalog.objects.get_object(filled.name, "main", "a/sub/x")
        [single] = entries(filled, {"a-b": b"666"})
        assert single == filled.catalog.objects.get_object(filled.name, "main", "a-b")

    @pytest.mark.parametrize("path", ["nothing", "a", "a/sub", "deep", "a/x/y", "a-b/x", "A/x", "t/p"])
    def test_where_no_object_is_none_is_found(self, filled: Repository, path: str) -> None:
        with pytest.raises(ObjectNotFoundError, match=f"no object at '{path}'") as caught:
            filled.catalog.objects.get_object(filled.name, "main", path)
        assert {"repository": filled.name, "ref": "main", "path": path} == caught.value.details

    @pytest.mark.parametrize(
        "path, expected",
        [
            ("", OBJECTS),
            ("a", OBJECTS[:5]),
            ("a/sub", ["a/sub/x"]),
            ("a/sub/x", ["a/sub/x"]),
            ("a-b", ["a-b"]),
            ("deep", ["deep/er/x", "deep/er.csv"]),
            ("t/p", ["t/p/x"]),
            ("nothing", []),
            ("a/su", []),
        ],
    )
    def test_objects_are_listed_by_dataset_and_path_in_pages(
        self, filled: Repository, path: str, expected: list[str]
    ) -> None:
        found = pages_of(filled.catalog.objects.list_objects, filled, path)
        assert expected == [entry.path for entry in found]
        get = filled.catalog.objects.get_object
        assert found == [get(filled.name, "main", entry.path) for entry in found]

    @pytest.mark.parametrize(
        "path, expected",
        [
            ("", ["a", "a-b", "deep-1", "deep/", "t"]),
            ("a", ["a/sub-1/", "a/sub.txt", "a/sub/", "a/x", "a/z"]),
            ("deep", ["deep/er", "deep/er.csv"]),
            ("a/sub", ["a/sub/x"]),
            ("t", ["t/p-1/", "t/p/"]),
            ("nothing", []),
        ],
    )
    def test_a_folder_is_listed_in_pages(self, filled: Repository, path: str, expected: list[str]) -> None:
        found = pages_of(filled.catalog.objects.list_folder, filled, path)
        assert expected == [f"{item.path}/" if item.kind is ItemKind.FOLDER else item.path for item in found]
        listed = filled.catalog.objects.list_objects(filled.name, "main", path=path).items
        assert (len(listed), sum(entry.size for entry in listed)) == (
            sum(item.objects for item in found),
            sum(item.size for item in found),
        )

    def test_the_items_of_a_folder_say_what_they_are(self, filled: Repository) -> None:
        objects = filled.catalog.objects
        items = {
            item.path: item
            for path in ("", "a")
            for item in objects.list_folder(filled.name, "main", path=path).items
        }
        kinds = {path: (item.kind, item.dataset) for path, item in items.items()}
        assert {
            "a": (ItemKind.DATASET, "a"),
            "a-b": (ItemKind.DATASET, "a-b"),
            "deep": (ItemKind.FOLDER, None),
            "deep-1": (ItemKind.DATASET, "deep-1"),
            "t": (ItemKind.DATASET, "t"),
            "a/sub-1": (ItemKind.FOLDER, "a"),
            "a/sub": (ItemKind.FOLDER, "a"),
            "a/sub.txt": (ItemKind.OBJECT, "a"),
            "a/x": (ItemKind.OBJECT, "a"),
            "a/z": (ItemKind.OBJECT, "a"),
        } == kinds
        for path in ("a-b", "a/x"):
            assert objects.get_object(filled.name, "main", path).object_id == items[path].object_id
        for path in ("a", "a-b", "t"):
            assert objects.get_dataset(filled.name, "main", path).snapshot == items[path].snapshot
        assert [None, None] == [items["a"].object_id, items["a/x"].snapshot]

    @pytest.mark.parametrize(
        "path, expected",
        [
            ("", ["a", "a-b", "deep-1", "deep/er", "deep/er.csv", "t"]),
            ("a", ["a"]),
            ("deep", ["deep/er", "deep/er.csv"]),
            ("deep/er", ["deep/er"]),
            ("a/sub", []),
        ],
    )
    def test_datasets_are_listed_by_path_in_pages(
        self, filled: Repository, path: str, expected: list[str]
    ) -> None:
        found = pages_of(filled.catalog.objects.list_datasets, filled, path)
        assert expected == [dataset.path for dataset in found]
        get = filled.catalog.objects.get_dataset
        assert found == [get(filled.name, "main", dataset.path) for dataset in found]

    def test_a_dataset_counts_what_it_holds(self, filled: Repository) -> None:
        found = filled.catalog.objects.get_dataset(filled.name, "main", "a")
        assert (5, 11, 0) == (found.objects, found.size, found.partition_depth)
        assert 1 == filled.catalog.objects.get_dataset(filled.name, "main", "t").partition_depth

    @pytest.mark.parametrize(
        "path, dataset",
        [("a", "a"), ("a/sub/x", "a"), ("a/nothing", "a"), ("t/p/x", "t"), ("deep/er", "deep/er")],
    )
    def test_every_path_at_or_below_a_dataset_belongs_to_it(
        self, filled: Repository, path: str, dataset: str
    ) -> None:
        assert dataset == filled.catalog.objects.get_dataset(filled.name, "main", path).path

    @pytest.mark.parametrize("path", ["nothing", "deep", "deep/e", "a.b"])
    def test_what_lies_above_datasets_or_beside_them_is_in_none(self, filled: Repository, path: str) -> None:
        with pytest.raises(ObjectNotFoundError, match=f"no dataset at '{path}'"):
            filled.catalog.objects.get_dataset(filled.name, "main", path)
        with pytest.raises(ObjectNotFoundError, match=f"no dataset at '{path}'"):
            filled.catalog.objects.list_snapshots(filled.name, "main", path)

    def test_equal_content_is_one_snapshot_wherever_it_is(self, filled: Repository) -> None:
        filled.put("copy", {"x": b"p"})
        filled.branch("other")
        filled.put("copy", {"y": b"p"})
        snapshots = [
            filled.catalog.objects.get_snapshot(filled.name, ref, path).snapshot
            for ref, path in (("main", "t/p"), ("other", "copy"), ("main", "copy"), ("main", "t/p-1"))
        ]
        assert 3 == len(set(snapshots))
        assert snapshots[0] == snapshots[1]

    def test_a_snapshot_of_a_dataset_is_the_dataset(self, filled: Repository) -> None:
        dataset = filled.catalog.objects.get_dataset(filled.name, "main", "t")
        found = filled.catalog.objects.get_snapshot(filled.name, "main", "t")
        assert snapshot_of(dataset) == found
        part = filled.catalog.objects.get_snapshot(filled.name, "main", "t/p-1")
        assert ("t", "p-1", 1, 3) == (part.dataset, part.partition, part.objects, part.size)

    @pytest.mark.parametrize(
        "path", ["nothing", "deep", "a/x", "a/sub", "t/q", "t/p/x", "t/p/nothing", "u/2026", "u/2026/05/day"]
    )
    def test_only_a_dataset_or_partition_has_a_snapshot(self, filled: Repository, path: str) -> None:
        filled.replace("u/2026/05", {"day/x": b"1"}, dataset="u")
        with pytest.raises(ObjectNotFoundError, match=f"no dataset or partition at '{path}'"):
            filled.catalog.objects.get_snapshot(filled.name, "main", path)

    def test_snapshots_are_listed_by_partition_in_pages(self, filled: Repository) -> None:
        def listed(dataset: str) -> list[Snapshot]:
            list_snapshots = filled.catalog.objects.list_snapshots
            return in_pages_of_one(
                lambda after, limit: list_snapshots(filled.name, "main", dataset, after=after, limit=limit)
            )

        get = filled.catalog.objects.get_snapshot
        assert [get(filled.name, "main", f"t/{each}") for each in ("p-1", "p")] == listed("t")
        assert [get(filled.name, "main", "a")] == listed("a")
        for partition in ("2/1", "2-1/1", "2/1-1", "2.1/1", "1/9"):
            filled.replace(f"deep/t/{partition}", {"x/y": b"1"}, dataset="deep/t")
        assert ["1/9", "2-1/1", "2.1/1", "2/1-1", "2/1"] == [each.partition for each in listed("deep/t")]

    def test_only_a_dataset_has_a_list_of_snapshots(self, filled: Repository) -> None:
        for path in ("t/p", "a/x", "deep"):
            with pytest.raises(ObjectNotFoundError, match=f"no dataset at '{path}'"):
                filled.catalog.objects.list_snapshots(filled.name, "main", path)

    def test_the_last_object_takes_its_dataset_with_it(self, filled: Repository) -> None:
        commit(filled, delete("t/p/x"), delete("deep/er/x"))
        paths = [dataset.path for dataset in filled.catalog.objects.list_datasets(filled.name, "main").items]
        assert ["a", "a-b", "deep-1", "deep/er.csv", "t"] == paths
        commit(filled, delete("t/p-1"), delete("deep"))
        paths = [dataset.path for dataset in filled.catalog.objects.list_datasets(filled.name, "main").items]
        assert ["a", "a-b", "deep-1"] == paths

    def test_every_call_sees_the_commit_of_its_ref(self, filled: Repository) -> None:
        seen = filled.head()
        commit(filled, delete("a"), delete("deep"), delete("t"))
        assert OBJECTS == [
            entry.path for entry in filled.catalog.objects.list_objects(filled.name, seen.id).items
        ]
        assert ["a-b", "deep-1"] == [
            entry.path for entry in filled.catalog.objects.list_objects(filled.name, "main").items
        ]
        with pytest.raises(RefNotFoundError):
            filled.catalog.objects.list_objects(filled.name, "nothing")

    def test_a_list_goes_on_where_it_was_when_what_it_showed_is_gone(self, filled: Repository) -> None:
        objects, name = filled.catalog.objects, filled.name
        for branch, list_page, path, shown in (
            ("b1", objects.list_objects, "", 6),
            ("b2", objects.list_objects, "a", 2),
            ("b3", objects.list_datasets, "", 2),
            ("b4", objects.list_folder, "", 2),
            ("b5", objects.list_folder, "a", 1),
        ):
            page = list_page(name, "main", path=path, limit=shown)
            rest = list_page(name, "main", path=path, after=page.next).items
            filled.branch(branch)
            commit(filled, delete(page.items[-1].path), branch=branch)
            assert rest == list_page(name, branch, path=path, after=page.next).items

    def test_a_list_of_a_folder_stays_in_it_wherever_it_goes_on(self, filled: Repository) -> None:
        objects, name = filled.catalog.objects, filled.name
        for list_page in (objects.list_objects, objects.list_datasets, objects.list_folder):
            whole = list_page(name, "main", path="deep").items
            assert whole == list_page(name, "main", path="deep", after="a").items
            assert () == list_page(name, "main", path="deep", after="t").items
        assert () == objects.list_objects(name, "main", path="a/sub", after="a/z").items
        assert 1 == len(objects.list_objects(name, "main", path="a/sub", after="a/sub-1/x").items)


def pages_of(list_page: Callable[..., Page[T]], repo: Repository, path: str) -> list[T]:
    """Returns all that is listed at or below a path on the branch `main`."""
    return in_pages_of_one(
        lambda after, limit: list_page(repo.name, "main", path=path, after=after, limit=limit)
    )


def snapshot_of(dataset: Dataset) -> Snapshot:
    """Returns a dataset's content as a whole."""
    return Snapshot(
        dataset=dataset.path,
        partition="",
        snapshot=dataset.snapshot,
        objects=dataset.objects,
        size=dataset.size,
    )
