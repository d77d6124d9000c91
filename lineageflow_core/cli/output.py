"""Where a command's results go: to people at a terminal, to programs on a pipe, or as one JSON document.

Results go to stdout, and everything else (notes, progress, questions) to stderr. A command hands in both its
document and its view; each is shown only where it belongs, so commands need not ask. rich is imported only
for a terminal.
"""

import json as json_text
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO, TypeVar

from lineageflow_core.cli.cells import Cell
from lineageflow_core.cli.escaping import visible, visible_json
from lineageflow_core.wire.codec import encode

if TYPE_CHECKING:
    from lineageflow_core.cli.terminal import Terminal

T = TypeVar("T")

Advance = Callable[[int, int], None]
"""Tells that so many more bytes, and so many more files, are done."""
Count = Callable[[int, int | None], None]
"""Tells that so many more things are done, and how many there are, if that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table."""

    name: str
    """Its heading in a terminal."""
    right: bool = False
    """Numbers stand on the right."""
    shrinks: bool = False
    """It may be cut off where the terminal is narrow."""


class Output:
    """The three streams of one call of the command."""

    def __init__(self, *, json: bool = False, quiet: bool = False) -> None:
        self.json = json
        self.quiet = quiet
        self._out = sys.stdout
        self._err = sys.stderr
        self._terminal: Terminal | None = None

    @property
    def is_terminal(self) -> bool:
        """People are looking: results are shown in colour, aligned and humanised."""
        return not self.json and _is_terminal(self._out)

    def document(self, value: Any) -> None:
        """Writes the JSON document of the call."""
        if self.json:
            self._write_json(encode(value))

    def listing(
        self,
        values: Iterable[T],
        columns: Sequence[Column],
        row: Callable[[T], Sequence[Cell]],
        *,
        most: int | None = None,
    ) -> int:
        """Writes a table of values, or an array of them as JSON, and returns how many there were.

        What a list holds beyond `most` is not written, but told. Nothing is kept in memory but a screenful.
        """
        counted = _Counted(values, most)
        if self.json:
            self._write_array(counted)
        else:
            self.table(columns, (row(value) for value in counted))
        if counted.has_more:
            self.note_cut_off(counted.number)
        return counted.number

    def table(
        self, columns: Sequence[Column], rows: Iterable[Sequence[Cell]], *, section: str | None = None
    ) -> None:
        """Writes rows; with `section` under that heading, which begins each line on a pipe."""
        if self.json:
            return
        if self.is_terminal:
            self._shown().table(columns, rows, section)
            return
        start = [section] if section else []
        for row in rows:
            self._write_row([*start, *(cell.plain for cell in row)])

    def card(self, facts: Iterable[tuple[str, Cell]]) -> None:
        """Writes named facts, one a line; those that are unknown are left out."""
        if self.json:
            return
        if self.is_terminal:
            self._shown().card((name, cell) for name, cell in facts if cell.parts)
            return
        for name, cell in facts:
            if cell.plain:
                self._write_row([name, cell.plain])

    def line(self, *cells: Cell) -> None:
        """Writes one line of facts."""
        if self.json:
            return
        if self.is_terminal:
            self._shown().line(cells)
        else:
            self._write_row([cell.plain for cell in cells])

    def tree(self, lines: Iterable[tuple[str, Cell]]) -> None:
        """Writes a drawing: lines of a prefix (its branches) and a fact, shown alike on a pipe."""
        if self.json:
            return
        for prefix, cell in lines:
            if self.is_terminal:
                self._shown().line((Cell("", ((prefix, "dim"), *cell.parts)),))
            else:
                self._out.write(prefix + visible("".join(part for part, _ in cell.parts)) + "\n")

    def text(self, content: str) -> None:
        """Writes text that the program made itself, as it is."""
        if not self.json:
            self._out.write(content)

    @property
    def content(self) -> BinaryIO:
        """Takes bytes for stdout, which are written as they are."""
        self._out.flush()
        return self._out.buffer

    def flush(self) -> None:
        """Makes what was written so far be seen: for a command that goes on running."""
        self._out.flush()

    def note(self, message: str) -> None:
        """Tells people something beside the result, unless they want nothing else."""
        if self.quiet or self.json:
            return
        if _is_terminal(self._err):
            self._shown().note(visible(message))
        else:
            self._err.write(visible(message) + "\n")

    def note_cut_off(self, shown: int) -> None:
        """Tells that a list goes on behind what `--limit` let through."""
        self.note(f"only the first {shown}; --limit 0 shows all")

    def confirm(self, question: str) -> bool:
        """Asks a person; no is the default. Only where `can_ask`."""
        self._err.write(f"{visible(question)} [y/N] ")
        self._err.flush()
        return sys.stdin.readline().strip().lower() in {"y", "yes"}

    def ask(self, question: str) -> str:
        """Asks a person for a word. Only where `can_ask`."""
        self._err.write(f"{visible(question)} ")
        self._err.flush()
        return sys.stdin.readline().strip()

    @property
    def can_ask(self) -> bool:
        """A person can read a question and answer it."""
        return not self.json and _is_terminal(sys.stdin) and _is_terminal(self._err)

    @contextmanager
    def progress(self, doing: str, *, files: int | None, size: int | None) -> Iterator[Advance]:
        """Shows a bar of bytes and files while the block runs, if anybody is looking; None: nobody knows."""
        if self.quiet or self.json or not _is_terminal(self._err):
            yield lambda _size, _files: None
            return
        with self._shown().progress(doing, files=files, size=size) as advance:
            yield advance

    @contextmanager
    def counting(self, doing: str, what: str) -> Iterator[Count]:
        """Shows how many things are done while the block runs, if anybody is looking."""
        if self.quiet or self.json or not _is_terminal(self._err):
            yield lambda _more, _total: None
            return
        with self._shown().counting(doing, what) as count:
            yield count

    @contextmanager
    def waiting(self, doing: str) -> Iterator[None]:
        """Shows that something goes on, and for how long, while the block runs, if anybody is looking.

        For what is one call that does not tell how far it is.
        """
        if self.quiet or self.json or not _is_terminal(self._err):
            yield
            return
        with self._shown().waiting(doing):
            yield

    def _shown(self) -> "Terminal":
        if self._terminal is None:
            from lineageflow_core.cli.terminal import Terminal

            self._terminal = Terminal(self._out, self._err)
        return self._terminal

    def _write_row(self, fields: Sequence[str]) -> None:
        self._out.write("\t".join(visible(field) for field in fields) + "\n")

    def _write_json(self, document: bytes) -> None:
        decoded = document.decode()
        if _is_terminal(self._out):
            decoded = json_text.dumps(json_text.loads(decoded), indent=2, ensure_ascii=False)
        self._out.write(visible_json(decoded) + "\n")

    def _write_array(self, values: Iterable[Any]) -> None:
        begin = "["
        for value in values:
            self._out.write(begin + visible_json(encode(value).decode()))
            begin = ",\n"
        self._out.write("[]\n" if begin == "[" else "]\n")


class _Counted(Iterable[T]):
    """The first values of a list, how many they were, and whether there are more."""

    def __init__(self, values: Iterable[T], most: int | None) -> None:
        self._values = iter(values)
        self._most = most
        self.number = 0
        self.has_more = False

    def __iter__(self) -> Iterator[T]:
        for value in self._values:
            if self.number == self._most:
                self.has_more = True
                return
            self.number += 1
            yield value


def _is_terminal(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM") != "dumb"
