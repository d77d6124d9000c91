"""What every catalog promises about deciding conflicts beforehand: by side, by content, or by strategy."""

from collections.abc import Mapping

import pytest

from lineageflow_core.errors import (
    InvalidInputError,
    MergeConflictError,
    ObjectMissingError,
    PathConflictError,
    RefNotFoundError,
)
from lineageflow_core.model.ids import ObjectId
from lineageflow_core.model.merge import Pick, Resolution, Side, content, content_of
from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.merging import fork
from lineageflow_core.testing.catalog.scene import CatalogContract, entries, files


class DecisionContract(CatalogContract):
    """The picks and strategies of `Merging`. Needs the fixture `catalog`."""

    @pytest.mark.parametrize(
        "picks, expected",
        [
            ({"d/x": Side.OURS, "d/y": Side.OURS}, {"d/x": b"1", "d/y": b"1", "new": b"2"}),
            ({"d/x": Side.THEIRS, "d/y": Side.THEIRS}, {"d/x": b"2", "new": b"2"}),
            ({"d/x": Side.THEIRS, "d/y": Side.OURS}, {"d/x": b"2", "d/y": b"1", "new": b"2"}),
        ],
    )
    def test_picks_say_which_side_wins(
        self, repo: Repository, picks: Mapping[str, Side], expected: dict[str, bytes]
    ) -> None:
        fork(repo)
        made = repo.merge("topic", picks=picks)
        assert expected == files(repo)
        assert 2 == len(made.parents)
        assert made == repo.merge("topic")

    def test_conflicts_without_a_pick_are_left(self, repo: Repository) -> None:
        tip = fork(repo)
        with pytest.raises(MergeConflictError) as caught:
            repo.merge("topic", picks={"d/x": Side.THEIRS, "new": Side.OURS})
        assert ["d/y"] == [conflict["path"] for conflict in caught.value.details["conflicts"]]
        assert tip == repo.head()

    def test_a_side_picked_for_a_dataset_is_that_side_whole(self, repo: Repository) -> None:
        repo.replace("t/p", {"x": b"0"}, dataset="t")
        repo.branch("topic")
        repo.replace("t", {"flat": b"1"}, branch="topic")
        repo.replace("t/q", {"x": b"2"}, dataset="t")
        repo.merge("topic", picks={"t": Side.THEIRS})
        assert repo.head("topic").root == repo.head("main").root

    @pytest.mark.parametrize(
        "strategy, expected",
        [
            (Side.OURS, {"d/x": b"1", "d/y": b"1", "new": b"2"}),
            (Side.THEIRS, {"d/x": b"2", "new": b"2"}),
        ],
    )
    def test_a_strategy_decides_all_conflicts_and_nothing_else(
        self, repo: Repository, strategy: Side, expected: dict[str, bytes]
    ) -> None:
        fork(repo)
        repo.merge("topic", strategy=strategy)
        assert expected == files(repo)

    def test_a_pick_goes_before_the_strategy(self, repo: Repository) -> None:
        fork(repo)
        made = repo.merge("topic", picks={"d/x": Side.THEIRS}, strategy=Side.OURS)
        assert {"d/x": b"2", "d/y": b"1", "new": b"2"} == files(repo)
        assert {"decided": "d/x=theirs, d/y=ours"} == made.metadata

    def test_a_pick_where_nothing_is_in_conflict_is_refused(self, repo: Repository) -> None:
        tip, picks = fork(repo), {"d/X": Side.THEIRS}
        with pytest.raises(InvalidInputError, match="in conflict is d/x, d/y"):
            repo.merge("topic", picks=picks, strategy=Side.OURS)
        with pytest.raises(InvalidInputError):
            repo.catalog.merging.preview_merge(
                repo.name, "topic", into="main", picks=picks, strategy=Side.OURS
            )
        assert tip == repo.head()

    @pytest.mark.parametrize("strategy", Side)
    @pytest.mark.parametrize("one, other", [("a", "a/b"), ("a/b", "a")])
    def test_a_strategy_decides_between_an_object_and_a_folder(
        self, repo: Repository, strategy: Side, one: str, other: str
    ) -> None:
        repo.branch("topic")
        repo.put(one, b"1")
        repo.put(other, b"2", branch="topic")
        repo.merge("topic", strategy=strategy)
        assert ({one: b"1"} if strategy is Side.OURS else {other: b"2"}) == files(repo)

    def test_an_object_can_become_what_somebody_uploaded(self, repo: Repository) -> None:
        fork(repo)
        made = repo.merge("topic", picks={"d/x": content(entries(repo, {"": b"both"})), "d/y": Side.THEIRS})
        assert {"d/x": b"both", "new": b"2"} == files(repo)
        assert "d/x=content, d/y=theirs" == made.metadata["decided"]
        [dataset, _] = repo.catalog.objects.list_datasets(repo.name, "main").items
        assert "d" == dataset.path

    def test_an_item_can_be_removed_against_both_sides(self, repo: Repository) -> None:
        fork(repo)
        repo.merge("topic", picks={"d/x": content([]), "d/y": content([])})
        assert {"new": b"2"} == files(repo)

    def test_an_item_can_become_what_a_ref_has(self, repo: Repository) -> None:
        fork(repo)
        repo.merge("topic", picks={"d/x": content_of("clean"), "d/y": content_of("topic")})
        assert {"d/x": b"0", "new": b"2"} == files(repo)

    def test_a_unit_can_become_what_somebody_uploaded(self, repo: Repository) -> None:
        repo.replace("t/p", {"x": b"0"}, dataset="t")
        repo.branch("topic")
        repo.replace("t/p", {"x": b"1"}, dataset="t", branch="topic")
        repo.put("t/p/late", b"2")
        repo.merge("topic", picks={"t/p": content(entries(repo, {"x": b"1", "late": b"2"}))})
        assert {"t/p/late": b"2", "t/p/x": b"1"} == files(repo)
        found = repo.catalog.objects.get_dataset(repo.name, "main", "t")
        assert ("t", 1) == (found.path, found.partition_depth)

    def test_content_for_a_unit_is_all_that_it_holds(self, repo: Repository) -> None:
        repo.replace("d", {"x": b"0"})
        repo.branch("topic")
        repo.replace("d", {"x": b"1", "y": b"1"}, branch="topic")
        repo.put("d/z", b"2")
        repo.merge("topic", picks={"d": content(entries(repo, {"new": b"3"}))})
        assert {"d/new": b"3"} == files(repo)

    def test_a_unit_can_become_what_a_ref_has(self, repo: Repository) -> None:
        repo.replace("t/p", {"x": b"0"}, dataset="t")
        repo.tag("v1")
        repo.branch("topic")
        repo.replace("t/p", {"x": b"1"}, dataset="t", branch="topic")
        repo.replace("t/p", {"x": b"2"}, dataset="t")
        repo.merge("topic", picks={"t/p": content_of("v1")})
        assert repo.head("v1").root == repo.head().root

    def test_a_path_that_both_sides_use_differently_can_become_an_object_of_its_own(
        self, repo: Repository
    ) -> None:
        repo.branch("topic")
        repo.put("a/b", b"1")
        repo.put("a", b"2", branch="topic")
        repo.merge("topic", picks={"a": content(entries(repo, {"": b"3"}))})
        assert {"a": b"3"} == files(repo)

    def test_a_pick_is_refused_where_both_sides_came_to_the_same(self, repo: Repository) -> None:
        repo.put("d", {"x": b"0"})
        repo.branch("topic")
        for branch in ("main", "topic"):
            repo.put("d/x", b"1", branch=branch)
        repo.put("e", b"1", branch="topic")
        with pytest.raises(InvalidInputError, match="not in conflict"):
            repo.merge("topic", picks={"d/x": content([])})
        made = repo.merge("topic")
        assert ({"d/x": b"1", "e": b"1"}, {}) == (files(repo), made.metadata)

    @pytest.mark.parametrize(
        "pick, error",
        [
            (content_of("nothing"), RefNotFoundError),
            (content([ObjectEntry(path="", object_id=ObjectId("0" * 64), size=1)]), ObjectMissingError),
            (content([ObjectEntry(path="../x", object_id=ObjectId("0" * 64), size=1)]), InvalidInputError),
            (
                Resolution(objects=(ObjectEntry(path="", object_id=ObjectId("0" * 64), size=1),), ref="main"),
                InvalidInputError,
            ),
        ],
    )
    def test_a_pick_that_cannot_be_is_refused(
        self, repo: Repository, pick: Pick, error: type[Exception]
    ) -> None:
        tip = fork(repo)
        for strategy in (None, Side.OURS):
            with pytest.raises(error):
                repo.merge("topic", picks={"d/x": pick}, strategy=strategy)
            with pytest.raises(error):
                repo.catalog.merging.preview_merge(
                    repo.name, "topic", into="main", picks={"d/x": pick}, strategy=strategy
                )
        assert tip == repo.head()

    def test_content_that_would_be_an_object_and_a_folder_is_refused(self, repo: Repository) -> None:
        tip = fork(repo)
        with pytest.raises(PathConflictError):
            repo.merge(
                "topic",
                picks={"d/x": content(entries(repo, {"": b"1", "y": b"1"}))},
                strategy=Side.OURS,
            )
        assert tip == repo.head()

    def test_a_preview_shows_what_the_choices_would_give(self, repo: Repository) -> None:
        fork(repo)
        picks: dict[str, Pick] = {"d/x": Side.THEIRS}
        merging = repo.catalog.merging
        some = merging.preview_merge(repo.name, "topic", into="main", picks=picks)
        assert ["d/y"] == [conflict.path for conflict in some.conflicts]
        every = merging.preview_merge(repo.name, "topic", into="main", picks=picks, strategy=Side.OURS)
        assert () == every.conflicts
        before = repo.head()
        repo.merge("topic", picks=picks, strategy=Side.OURS)
        assert repo.catalog.history.diff_datasets(repo.name, before.id, "main").items == every.datasets
