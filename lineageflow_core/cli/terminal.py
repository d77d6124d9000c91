"""How results look in a terminal: aligned, dense, with one accent; what each style of a cell means in colour.

Everything is shown as text, never as markup, and without control characters, whoever wrote it.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from threading import Lock
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table
from rich.text import Text
from rich.theme import Theme

from lineageflow_core.cli.cells import Cell
from lineageflow_core.cli.escaping import visible
from lineageflow_core.cli.output import Advance, Column, Count

_THEME = Theme(
    {
        "id": "cyan",
        "run": "cyan",
        "name": "bold",
        "ref": "bold green",
        "ok": "green",
        "running": "blue",
        "failed": "red",
        "warning": "yellow",
        "stale": "yellow",
        "tainted": "magenta",
        "added": "green",
        "removed": "red",
        "changed": "yellow",
        "bad": "red",
        "good": "green",
    }
)
"""The one place that knows a colour."""

_SCREENFUL = 1000
"""Rows that are aligned together. A longer table comes in several parts, so that it starts at once."""

_GAP = 2
"""Blanks between columns."""
_SHRUNK = 20
"""What a column keeps that may be cut off."""


class Terminal:
    """A terminal that stdout or stderr is connected to."""

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self._stream = out
        self._out = _console(out)
        self._err = _console(err)
        self._has_begun = False

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[Cell]], section: str | None) -> None:
        """Prints rows in aligned columns, with a heading over each that has a name."""
        pending = iter(rows)
        first = True
        while part := list(islice(pending, _SCREENFUL)):
            if first and section:
                self._heading(section)
            # Where the terminal is too narrow, it breaks the lines: better than every column in shreds.
            needed = _least_width(columns, part)
            console = _console(self._stream, width=needed) if needed > self._out.width else self._out
            console.print(_table(columns, part, headed=first), crop=False)
            self._has_begun = True
            first = False

    def card(self, facts: Iterable[tuple[str, Cell]]) -> None:
        """Prints facts with their names on the left, apart from what came before."""
        if self._has_begun:
            self._out.print()
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(style="dim", no_wrap=True)
        grid.add_column(overflow="fold")
        before = None
        for name, cell in facts:
            grid.add_row("" if name == before else name, _text(cell))
            before = name
        self._print(grid)

    def line(self, cells: Iterable[Cell]) -> None:
        """Prints facts on one line."""
        shown = [_text(cell) for cell in cells if cell.parts]
        self._print(Text("  ").join(shown), soft_wrap=True)

    def note(self, message: str) -> None:
        """Prints a remark on stderr."""
        self._err.print(Text(message, style="dim"), soft_wrap=True)

    @contextmanager
    def progress(self, doing: str, *, files: int | None, size: int | None) -> Iterator[Advance]:
        """Shows a bar on stderr, which is gone afterwards."""
        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(binary_units=True),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[files]:,}{task.fields[of_all]} files"),
            console=self._err,
            transient=True,
        )
        with bar:
            task = bar.add_task(doing, total=size, files=0, of_all=f"/{files:,}" if files is not None else "")
            done = 0
            lock = Lock()

            def advance(more_bytes: int, more_files: int) -> None:
                nonlocal done
                with lock:
                    done += more_files
                    bar.update(task, advance=more_bytes, files=done)

            yield advance

    @contextmanager
    def counting(self, doing: str, what: str) -> Iterator[Count]:
        """Shows a bar on stderr, which is gone afterwards."""
        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(what),
            TimeRemainingColumn(),
            console=self._err,
            transient=True,
        )
        with bar:
            task = bar.add_task(doing, total=None)

            def count(more: int, total: int | None) -> None:
                bar.update(task, advance=more, total=total)

            yield count

    @contextmanager
    def waiting(self, doing: str) -> Iterator[None]:
        """Shows what is being done and since when on stderr, which is gone afterwards."""
        bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            console=self._err,
            transient=True,
        )
        with bar:
            bar.add_task(doing, total=None)
            yield

    def _heading(self, name: str) -> None:
        self._out.print()
        self._print(Text(name, style="bold"))

    def _print(self, content: Table | Text, *, soft_wrap: bool = False) -> None:
        self._out.print(content, soft_wrap=soft_wrap)
        self._has_begun = True


def _console(stream: TextIO, *, width: int | None = None) -> Console:
    return Console(file=stream, width=width, theme=_THEME, markup=False, highlight=False, emoji=False)


def _table(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], *, headed: bool) -> Table:
    """Returns rows as an aligned table. Columns that are empty throughout are left out."""
    used = [place for place in range(len(columns)) if any(row[place].parts for row in rows)]
    headed = headed and any(columns[place].name for place in used)
    table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, show_header=headed, header_style="dim")
    for place in used:
        column = columns[place]
        table.add_column(column.name, justify="right" if column.right else "left", no_wrap=not column.shrinks)
    for row in rows:
        table.add_row(*(_text(row[place], shrinks=columns[place].shrinks) for place in used))
    return table


def _least_width(columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> int:
    """Returns how wide a table has to be for all of it to be readable, only shrinking what may shrink."""

    def needed(place: int) -> int:
        widest = max(sum(cell_len(part) for part, _ in row[place].parts) for row in rows)
        widest = max(widest, cell_len(columns[place].name))
        return min(widest, _SHRUNK) if columns[place].shrinks else widest

    return sum(needed(place) + _GAP for place in range(len(columns)))


def _text(cell: Cell, *, shrinks: bool = False) -> Text:
    content = Text.assemble(*((visible(part), style) for part, style in cell.parts))
    if shrinks:
        content.no_wrap = True
        content.overflow = "ellipsis"
    return content
