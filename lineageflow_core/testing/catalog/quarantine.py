"""What every catalog promises about quarantined versions and those who read them."""

import warnings
from collections.abc import Callable
from typing import TypeAlias

import pytest

from lineageflow_core.catalog import Catalog, Quarantines
from lineageflow_core.errors import InvalidInputError, ObjectNotFoundError, QuarantinedVersionError
from lineageflow_core.model.quarantine import Quarantine, QuarantineNotice
from lineageflow_core.model.settings import QuarantinePolicy, RepositorySettings
from lineageflow_core.repository import Repository
from lineageflow_core.run import QuarantineWarning
from lineageflow_core.testing.catalog.scene import Call, CatalogContract, in_pages_of_one
from lineageflow_core.testing.catalog.stories import build_all, node_at, run, session_of
from lineageflow_core.testing.signatures import assert_same_signatures

Notices: TypeAlias = tuple[QuarantineNotice, ...]

_READERS: dict[str, Callable[..., Notices]] = {
    "head": lambda repo, **allow: repo.catalog.tables.head(repo.name, "main", "raw", **allow).notices,
    "diff_rows": lambda repo, **allow: (
        repo.catalog.tables.diff_rows(repo.name, "main", "main~1", "raw", **allow).notices
    ),
    "diff_text": lambda repo, **allow: (
        repo.catalog.tables.diff_text(repo.name, "main~1", "main", "raw/part.csv", **allow).notices
    ),
    "blame_row": lambda repo, **allow: (
        repo.catalog.tables.blame_row(repo.name, "main", "raw", {"id": "1"}, **allow).notices
    ),
    "check_reading": lambda repo, **allow: repo.catalog.quarantine.check_reading(
        repo.name, "main", "raw/part.csv", **allow
    ),
}
"""What hands out content in the lake itself, or answers those who do so elsewhere."""


class QuarantineContract(CatalogContract):
    """Needs the fixture `catalog`."""

    def test_every_method_has_the_signature_of_the_protocol(self, catalog: Catalog) -> None:
        assert_same_signatures(Quarantines, catalog.quarantine)

    def test_a_quarantined_version_is_listed_until_it_is_lifted(self, repo: Repository) -> None:
        repo.put("raw/part-0", b"bad", dataset="raw")
        (held,) = quarantine(repo, "raw")
        assert ("raw", "", "it is empty", "grace", None) == (
            held.dataset, held.partition, held.reason, held.author, held.lifted_at,
        )  # fmt: skip
        assert (held,) == repo.catalog.quarantine.list_quarantines(repo.name).items
        assert () == repo.catalog.quarantine.list_quarantines(repo.name, path="other").items
        (lifted,) = repo.catalog.quarantine.lift_quarantine(repo.name, f"lf://{repo.name}/raw", author="ada")
        assert ("ada", True) == (lifted.lifted_by, lifted.lifted_at is not None)
        assert () == repo.catalog.quarantine.list_quarantines(repo.name).items

    def test_content_is_quarantined_and_not_a_place(self, repo: Repository) -> None:
        repo.replace("raw", {"part-0": b"bad"})
        quarantine(repo, "raw")
        repo.branch("staging")
        repo.replace("raw", {"part-0": b"good"})
        assert [] == warned(repo, "raw/part-0", "main")
        assert 1 == len(warned(repo, "raw/part-0", "staging")) == len(warned(repo, "raw/part-0", "main~1"))

    def test_who_said_so_first_stays(self, repo: Repository) -> None:
        repo.replace("raw", {"part-0": b"bad"})
        first = quarantine(repo, "raw")
        again = repo.catalog.quarantine.quarantine(
            repo.name, node_at(repo, "raw"), reason="other", author="ada"
        )
        assert first == again

    def test_a_call_repeated_with_its_key_does_nothing(self, repo: Repository) -> None:
        repo.replace("raw", {"part-0": b"bad"})
        place = f"lf://{repo.name}/raw"
        calls = repo.catalog.quarantine
        first = calls.quarantine(repo.name, place, reason="bad", author="ada", key="1")
        calls.lift_quarantine(repo.name, place, author="ada", key="2")
        assert first == calls.quarantine(repo.name, place, reason="bad", author="ada", key="1")
        assert () == calls.list_quarantines(repo.name).items

    def test_a_run_stands_for_all_that_it_wrote_there(self, repo: Repository) -> None:
        bad = run(repo, "ingest", writes={"raw": b"bad", "weather": b"bad"})
        found = repo.catalog.quarantine.quarantine(repo.name, f"run:{bad}", reason="bad", author="ada")
        assert {"raw", "weather"} == {held.dataset for held in found}

    def test_quarantines_are_listed_by_dataset_and_partition_in_pages(self, repo: Repository) -> None:
        for day in ("d2", "d1"):
            run(repo, "ingest", writes={"raw": day.encode()}, partition=day)
            quarantine(repo, f"raw/{day}")
        repo.replace("more/raw", {"part-0": b"bad"})
        quarantine(repo, "more/raw")
        listed = in_pages_of_one(
            lambda after, limit: repo.catalog.quarantine.list_quarantines(repo.name, after=after, limit=limit)
        )
        assert ["more/raw", "raw/d1", "raw/d2"] == [held.path for held in listed]
        with pytest.raises(InvalidInputError):
            repo.catalog.quarantine.list_quarantines(repo.name, after="nowhere")

    def test_a_report_tells_what_was_derived(self, repo: Repository) -> None:
        build_all(repo, b"bad")
        quarantine(repo, "raw")
        report = repo.catalog.quarantine.get_quarantine(repo.name, f"lf://{repo.name}/raw")
        assert ["clean", "report"] == [each.version.name for each in report.derived]
        with pytest.raises(ObjectNotFoundError, match="not quarantined"):
            repo.catalog.quarantine.get_quarantine(repo.name, f"lf://{repo.name}/clean")

    def test_a_reader_is_warned_and_told_the_last_good_version(self, repo: Repository) -> None:
        good = repo.replace("raw", {"part-0": b"good"})
        repo.replace("raw", {"part-0": b"bad"})
        (held,) = quarantine(repo, "raw")
        (notice,) = repo.catalog.quarantine.check_reading(repo.name, "main", "raw/part-0")
        assert (repo.name, held, good.id) == (
            notice.repository, notice.quarantine, notice.last_good_commit,
        )  # fmt: skip
        (text,) = warned(repo, "raw/part-0", "main")
        assert "it is empty" in text
        assert f"lf://{repo.name}/@{good.id[:12]}/raw" in text
        with pytest.warns(QuarantineWarning, match="grace"):
            reading = session_of(repo, "report").read("raw")
        assert (notice,) == reading.notices

    def test_a_partition_warns_its_own_readers_only(self, repo: Repository) -> None:
        for day in ("d1", "d2"):
            run(repo, "ingest", writes={"raw": day.encode()}, partition=day)
        quarantine(repo, "raw/d2")
        session = session_of(repo, "report")
        assert () == session.read("raw", partitions=("d1",)).notices
        for partitions in (None, ("d2",), ("d1", "d2")):
            with pytest.warns(QuarantineWarning):
                assert 1 == len(session.read("raw", partitions=partitions).notices)

    def test_a_folder_above_datasets_tells_of_all(self, repo: Repository) -> None:
        for name in ("a", "b", "c"):
            repo.replace(f"folder/{name}", {"part-0": name.encode()})
        quarantine(repo, "folder/a")
        quarantine(repo, "folder/b")
        notices = repo.catalog.quarantine.check_reading(repo.name, "main", "folder")
        assert ["folder/a", "folder/b"] == [notice.quarantine.path for notice in notices]

    def test_readers_are_stopped_where_the_settings_say_so(self, repo: Repository) -> None:
        good = repo.replace("raw", {"part-0": b"good"})
        repo.replace("raw", {"part-0": b"bad"})
        (held,) = quarantine(repo, "raw")
        stop_readers(repo)
        session = session_of(repo, "report")
        with pytest.raises(QuarantinedVersionError, match="it is empty") as caught:
            repo.read_bytes("raw/part-0")
        assert {
            "path": "raw", "version": held.snapshot, "reason": "it is empty", "author": "grace",
            "last_good": repo.catalog.objects.get_snapshot(repo.name, good.id, "raw").snapshot,
            "last_good_commit": good.id,
        } == caught.value.details  # fmt: skip
        reads: list[Call] = [lambda: session.read("raw"), lambda: repo.dataset("raw").read()]
        for read in reads:
            with pytest.raises(QuarantinedVersionError):
                read()
        assert b"good" == repo.read_bytes("raw/part-0", ref="main~1")
        with pytest.warns(QuarantineWarning):
            assert b"bad" == repo.read_bytes("raw/part-0", allow_quarantined=True)
        with pytest.warns(QuarantineWarning):
            session.read("raw", allow_quarantined=True)
        with pytest.warns(QuarantineWarning):
            repo.dataset("raw", allow_quarantined=True).read()

    @pytest.mark.parametrize("name", list(_READERS))
    def test_what_hands_out_content_warns_or_is_stopped(self, repo: Repository, name: str) -> None:
        read = _READERS[name]
        repo.replace("raw", {"part.csv": b"id,n\n1,2\n"})
        repo.replace("raw", {"part.csv": b"id,n\n1,3\n"})
        assert () == read(repo)
        (held,) = quarantine(repo, "raw")
        assert [held] == [notice.quarantine for notice in read(repo)]
        stop_readers(repo)
        with pytest.raises(QuarantinedVersionError, match=r"it is empty.*--allow-quarantined"):
            read(repo)
        assert [held] == [notice.quarantine for notice in read(repo, allow_quarantined=True)]

    def test_facts_about_what_is_quarantined_are_told(self, repo: Repository) -> None:
        repo.replace("raw", {"part.csv": b"id,n\n1,2\n"})
        repo.replace("raw", {"part.csv": b"id,n\n1,3\n"})
        quarantine(repo, "raw")
        stop_readers(repo)
        tables, name = repo.catalog.tables, repo.name
        assert (1, 1) == (
            tables.schema(name, "main", "raw").rows,
            tables.profile(name, "main", "raw").table.rows,
        )
        assert () == tables.diff_schema(name, "main~1", "main", "raw").columns
        assert 1 == len(tables.diff_statistics(name, "main~1", "main", "raw").columns)
        assert ["raw/part.csv"] == [
            entry.path for entry in repo.catalog.history.diff(name, "main~1", "main").items
        ]

    def test_an_object_by_its_id_is_of_no_version(self, repo: Repository) -> None:
        repo.replace("raw", {"part-0": b"bad"})
        quarantine(repo, "raw")
        stop_readers(repo)
        repo.put("copy/part-0", b"bad")
        entry = repo.catalog.objects.get_object(repo.name, "main", "raw/part-0")
        with repo.catalog.content.open(repo.name, entry.object_id) as file:
            assert b"bad" == file.read()
        assert b"bad" == repo.read_bytes("copy/part-0")

    def test_what_cannot_be_quarantined_is_refused(self, repo: Repository) -> None:
        repo.replace("raw", {"part-0": b"bad"})
        other = Repository(repo.catalog, f"{repo.name}-2", author="ada").create()
        for target, reason in ((f"lf://{repo.name}/raw", " "), ("main", "bad"), ("version:x/y", "bad")):
            with pytest.raises(InvalidInputError):
                repo.catalog.quarantine.quarantine(repo.name, target, reason=reason, author="ada")
        with pytest.raises(InvalidInputError):
            repo.catalog.quarantine.quarantine(
                other.name, f"lf://{repo.name}/raw", reason="bad", author="ada"
            )


def quarantine(repo: Repository, path: str) -> tuple[Quarantine, ...]:
    """Quarantines what `main` holds at a path."""
    return repo.catalog.quarantine.quarantine(
        repo.name, f"lf://{repo.name}/{path}", reason="it is empty", author="grace"
    )


def stop_readers(repo: Repository) -> None:
    """Keeps readers from what is quarantined."""
    repo.catalog.settings.update_settings(
        repo.name, RepositorySettings(quarantine=QuarantinePolicy.STOP), author="ada"
    )


def warned(repo: Repository, path: str, ref: str) -> list[str]:
    """Reads an object and returns what its reader was warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        repo.read_bytes(path, ref=ref)
    return [str(each.message) for each in caught if issubclass(each.category, QuarantineWarning)]
