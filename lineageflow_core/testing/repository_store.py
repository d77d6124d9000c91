"""What every `RepositoryStore` promises."""

from dataclasses import replace

import pytest

from lineageflow_core.errors import AlreadyExistsError, InvalidInputError
from lineageflow_core.model.page import MAX_LIMIT
from lineageflow_core.model.repository import RepositoryInfo
from lineageflow_core.store.ports import RepositoryStore, Stores
from lineageflow_core.testing.signatures import assert_same_signatures
from lineageflow_core.testing.values import NOON, new_repository


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
