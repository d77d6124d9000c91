"""What every `RepositoryStore` promises."""

from dataclasses import replace
from datetime import datetime

import pytest

from lineageflow_core.errors import AlreadyExistsError, ConflictError, InvalidInputError, StateError
from lineageflow_core.model.page import MAX_LIMIT
from lineageflow_core.model.repository import RepositoryChange, RepositoryInfo
from lineageflow_core.store.ports import RepositoryStore, Stores
from lineageflow_core.testing.signatures import assert_same_signatures
from lineageflow_core.testing.values import (
    MAIN,
    NOON,
    later,
    new_commit,
    new_repository,
    new_transaction,
    publication,
    publish_commit,
    run_id,
)


def new_info(name: str) -> RepositoryInfo:
    """Returns a repository with a new id."""
    return RepositoryInfo(id=new_repository(), name=name, default_branch="main", created_at=NOON)


class RepositoryStoreContract:
    """Needs the fixture `stores`, which are empty."""

    def test_every_method_has_the_signature_of_the_protocol(self, stores: Stores) -> None:
        assert_same_signatures(RepositoryStore, stores.repositories)

    def test_a_repository_is_found_by_its_name(self, stores: Stores) -> None:
        info = new_info("flights")
        stores.repositories.add(info)
        assert info == stores.repositories.get("flights")

    def test_where_its_content_lies_is_kept(self, stores: Stores) -> None:
        info = replace(new_info("flights"), storage="s3://bucket/folder?region=eu-1")
        stores.repositories.add(info)
        assert info == stores.repositories.get(info.name)

    def test_a_name_that_nobody_took_finds_nothing(self, stores: Stores) -> None:
        assert stores.repositories.get("flights") is None

    def test_a_name_is_taken_once(self, stores: Stores) -> None:
        info = new_info("flights")
        stores.repositories.add(info)
        with pytest.raises(AlreadyExistsError):
            stores.repositories.add(new_info("flights"))
        assert info == stores.repositories.get("flights")

    def test_an_id_has_one_name(self, stores: Stores) -> None:
        info = new_info("flights")
        stores.repositories.add(info)
        with pytest.raises(AlreadyExistsError):
            stores.repositories.add(replace(info, name="trains"))

    def test_adding_a_repository_again_changes_nothing(self, stores: Stores) -> None:
        info = new_info("flights")
        stores.repositories.add(info)
        stores.repositories.add(info)
        assert (info,) == stores.repositories.list(after=None, limit=10).items

    def test_repositories_are_listed_by_name_in_pages(self, stores: Stores) -> None:
        for name in ("b", "a", "c", "B"):
            stores.repositories.add(new_info(name))
        first = stores.repositories.list(after=None, limit=3)
        second = stores.repositories.list(after=first.next, limit=3)
        assert ["B", "a", "b"] == [info.name for info in first.items]
        assert ["c"] == [info.name for info in second.items]
        assert second.next is None

    @pytest.mark.parametrize("limit", [0, -1, MAX_LIMIT + 1])
    def test_a_page_that_is_too_small_or_too_large_is_refused(self, stores: Stores, limit: int) -> None:
        with pytest.raises(InvalidInputError):
            stores.repositories.list(after=None, limit=limit)

    def test_a_repository_is_found_by_its_id(self, stores: Stores) -> None:
        info = new_info("flights")
        stores.repositories.add(info)
        assert (info, None) == (stores.repositories.with_id(info.id), stores.repositories.with_id("other"))

    def test_a_publication_changes_what_is_known_of_its_repository(self, stores: Stores) -> None:
        info = new_info("flights")
        stores.repositories.add(info)
        for changed in (
            replace(info, default_branch="dev"),
            replace(info, name="planes"),
            replace(info, deleted_at=later(1)),
            replace(info, deleted_at=None),
        ):
            change(stores, info, changed)
            assert changed == stores.repositories.with_id(info.id)
            assert changed == stores.repositories.get(changed.name)
            info = changed

    def test_a_repository_that_is_other_than_expected_stays(self, stores: Stores) -> None:
        info = new_info("flights")
        stores.repositories.add(info)
        for wrong in (
            replace(info, name="other"),
            replace(info, default_branch="other"),
            replace(info, deleted_at=NOON),
        ):
            with pytest.raises(ConflictError, match="meanwhile"):
                change(stores, wrong, replace(info, name="planes"))
        assert info == stores.repositories.get("flights")
        assert () == stores.repositories.names()

    def test_a_repository_gets_no_name_that_another_has(self, stores: Stores) -> None:
        info, other = new_info("flights"), replace(new_info("planes"), deleted_at=NOON)
        for each in (info, other):
            stores.repositories.add(each)
        with pytest.raises(AlreadyExistsError):
            change(stores, info, replace(info, name="planes"))
        assert (info, other) == (stores.repositories.get("flights"), stores.repositories.get("planes"))
        assert () == stores.repositories.names()

    def test_repositories_that_are_deleted_are_listed_apart(self, stores: Stores) -> None:
        kept, gone = new_info("a"), replace(new_info("b"), deleted_at=NOON)
        for each in (kept, gone):
            stores.repositories.add(each)
        assert (kept,) == stores.repositories.list(after=None, limit=10).items
        assert (gone,) == stores.repositories.list(after=None, limit=10, deleted=True).items
        assert gone == stores.repositories.get("b")

    def test_names_are_kept_of_repositories_that_were_renamed_or_took_a_name(self, stores: Stores) -> None:
        first, third = new_info("flights"), new_info("boats")
        for each in (first, third):
            stores.repositories.add(each)
        planes = replace(first, name="planes")
        change(stores, first, planes, at=later(1))
        second = replace(new_info("flights"), created_at=later(2))
        stores.repositories.add(second)
        stores.repositories.add(second)
        change(stores, planes, replace(first, name="wings"), at=later(3))
        expected = [
            ("flights", first.id, NOON),
            ("planes", first.id, later(1)),
            ("flights", second.id, later(2)),
            ("wings", first.id, later(3)),
        ]
        names = stores.repositories.names()
        assert expected == [(each.name, each.repository, each.since) for each in names]

    def test_a_purged_repository_is_gone_with_all_its_rows_and_its_name_is_free(self, stores: Stores) -> None:
        info, other = new_info("flights"), new_info("planes")
        first = new_commit("first")
        for each in (info, other):
            stores.repositories.add(each)
            publish_commit(stores.refs, each.id, first)
            stores.transactions.add(each.id, new_transaction(1, first))
        with pytest.raises(StateError, match="not deleted"):
            stores.repositories.purge(info.id)
        change(stores, info, replace(info, deleted_at=NOON))
        stores.repositories.purge(info.id)
        stores.repositories.purge(info.id)
        found = [
            (
                stores.repositories.with_id(each.id),
                stores.refs.get(each.id, MAIN),
                stores.commits.get(each.id, first.id),
                stores.transactions.get(each.id, run_id(1)),
                stores.refs.published(each.id, first.id),
            )
            for each in (info, other)
        ]
        assert [None] * 5 == list(found[0])
        assert None not in found[1]
        stores.repositories.add(new_info("flights"))
        assert ["flights", "flights"] == [each.name for each in stores.repositories.names()]


def change(stores: Stores, before: RepositoryInfo, after: RepositoryInfo, *, at: datetime = NOON) -> None:
    """Changes what is known of a repository."""
    wanted = publication(new_repository(), at=at)
    stores.refs.publish(before.id, replace(wanted, repository=RepositoryChange(before=before, after=after)))
