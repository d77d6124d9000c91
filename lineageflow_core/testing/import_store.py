"""What every `ReferenceStore` and `ImportStore` promises."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from lineageflow_core.model.ids import ObjectId
from lineageflow_core.model.transfer import (
    Import,
    ImportId,
    ImportPack,
    ImportPlan,
    ImportState,
    Reference,
    Skipped,
    encode_reference,
    object_id_of,
    reference_id,
)
from lineageflow_core.store.ports import ImportStore, ReferenceStore, Stores
from lineageflow_core.testing.signatures import assert_same_signatures
from lineageflow_core.testing.values import new_repository

NOW = datetime(2026, 5, 1, tzinfo=UTC)


class ReferenceStoreContract:
    """Needs the fixture `stores`, which are empty."""

    def test_every_method_has_the_signature_of_the_protocol(self, stores: Stores) -> None:
        assert_same_signatures(ReferenceStore, stores.references)

    def test_references_are_kept_exactly(self, stores: Stores) -> None:
        repository = new_repository()
        kept = [
            Reference(source="s3://b/f", name=f"é/{number}", size=number, version="etag:x")
            for number in range(1_200)
        ]
        for _ in range(2):  # the second time changes nothing
            stores.references.add(repository, dict(map(by_id, kept)))
        stores.references.add(repository, {})
        asked = [object_id_of(each) for each in kept]
        found = stores.references.get_many(repository, [*asked, ObjectId("0" * 64)])
        assert dict(zip(asked, kept, strict=True)) == found

    def test_repositories_share_none(self, stores: Stores) -> None:
        reference = Reference(source="s3://b/f", name="x", size=1, version="etag:x")
        stores.references.add(new_repository(), dict([by_id(reference)]))
        assert {} == stores.references.get_many(new_repository(), [object_id_of(reference)])


class ImportStoreContract:
    """Needs the fixture `stores`, which are empty."""

    def test_every_method_has_the_signature_of_the_protocol(self, stores: Stores) -> None:
        assert_same_signatures(ImportStore, stores.imports)

    def test_an_import_is_kept_exactly(self, stores: Stores) -> None:
        repository = new_repository()
        kept = replace(
            started("1"),
            examples=(Skipped(name="a\n", reason="☃"),),
            packs=(ImportPack(id="p", length=3),),
            error="no",
        )
        assert kept == stores.imports.add(repository, kept)
        assert kept == stores.imports.get(repository, kept.id)
        assert stores.imports.get(new_repository(), kept.id) is None

    def test_of_one_plan_one_import_runs(self, stores: Stores) -> None:
        repository = new_repository()
        first = stores.imports.add(repository, started("1"))
        assert first == stores.imports.add(repository, started("2"))
        assert started("2") == stores.imports.add(new_repository(), started("2"))
        assert stores.imports.move(repository, replace(first, state=ImportState.DONE), expected=first)
        assert started("3") == stores.imports.add(repository, started("3"))

    def test_an_import_moves_only_from_where_it_is_expected(self, stores: Stores) -> None:
        repository = new_repository()
        first = stores.imports.add(repository, started("1"))
        second, third = replace(first, objects=1), replace(first, objects=2)
        assert stores.imports.move(repository, second, expected=first)
        assert not stores.imports.move(repository, third, expected=first)
        assert second == stores.imports.get(repository, first.id)

    def test_imports_are_listed_newest_first(self, stores: Stores) -> None:
        repository = new_repository()
        kept = [started(str(number), minutes=number) for number in range(3)]
        for each in kept:
            stores.imports.add(repository, each)
        page = stores.imports.list(repository, after=None, limit=2)
        rest = stores.imports.list(repository, after=page.next, limit=2)
        assert (*reversed(kept),) == (*page.items, *rest.items)
        assert rest.next is None


def by_id(reference: Reference) -> tuple[bytes, bytes]:
    """Returns a reference as it is added."""
    content = encode_reference(reference)
    return reference_id(content), content


def started(name: str, *, minutes: int = 0) -> Import:
    """Returns an import that has just begun; those of different minutes have different plans."""
    return Import(
        id=ImportId(name),
        plan=ImportPlan(source="s3://b/f", branch="main", path=f"in{minutes}"),
        author="ada",
        message="m",
        state=ImportState.RUNNING,
        created_at=NOW + timedelta(minutes=minutes),
    )
