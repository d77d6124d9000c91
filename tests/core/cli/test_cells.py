from datetime import UTC, datetime, timedelta

import pytest

from lineageflow_core.cli import cells
from lineageflow_core.model.run import CodeVersion

_NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def _shown(cell: cells.Cell) -> str:
    return "".join(part for part, _ in cell.parts)


@pytest.mark.parametrize(
    "number, shown",
    [
        (0, "0 B"),
        (1023, "1,023 B"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (5 << 20, "5.0 MiB"),
        (3 << 40, "3.0 TiB"),
        (2 << 60, "2,048.0 PiB"),
    ],
)
def test_sizes_are_in_binary_units(number: int, shown: str) -> None:
    assert shown == cells.human_size(number)


@pytest.mark.parametrize(
    "span, shown",
    [
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(hours=5, minutes=59), "5 hours ago"),
        (timedelta(days=29), "29 days ago"),
        (timedelta(days=400), "1 year ago"),
        (timedelta(days=-2), "in 2 days"),
    ],
)
def test_instants_are_told_in_their_largest_unit(span: timedelta, shown: str) -> None:
    assert shown == cells.ago(_NOW - span, _NOW)


def test_programs_get_whole_and_exact_facts() -> None:
    assert ("a" * 64, "a" * 8) == (cells.short_id("a" * 64).plain, _shown(cells.short_id("a" * 64)))
    assert ("1234567", "1,234,567") == (cells.count(1234567).plain, _shown(cells.count(1234567)))
    assert ("1536", "1.5 KiB") == (cells.size(1536).plain, _shown(cells.size(1536)))
    assert "2026-05-01T12:00:00Z" == cells.when(_NOW).plain


@pytest.mark.parametrize(
    "seconds, shown", [(0.25, "0.2s"), (59.4, "59.4s"), (61, "1m 01s"), (3725, "1h 02m")]
)
def test_durations_are_short(seconds: float, shown: str) -> None:
    cell = cells.duration(_NOW, _NOW + timedelta(seconds=seconds))
    assert (f"{seconds:.3f}", shown) == (cell.plain, _shown(cell))


def test_changed_code_says_so_however_short_its_revision_is() -> None:
    cell = cells.code(CodeVersion(revision="3f2a91c0" * 5 + "+changes"))
    assert "3f2a91c0+changes" == _shown(cell)


def test_unknown_facts_are_empty() -> None:
    assert all(
        cell == cells.Cell("", ())
        for cell in (
            cells.text(None),
            cells.short_id(None),
            cells.when(None),
            cells.code(None),
            cells.count(None),
        )
    )
