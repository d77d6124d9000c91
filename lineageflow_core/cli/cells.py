"""Facts as people read them in a terminal, and as programs read them from a pipe.

A cell has both forms: short, humanised and coloured in the one, whole and exact in the other. Styles are
names of what something means; `terminal` says how each looks.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from lineageflow_core.model.diff import DiffKind
from lineageflow_core.model.run import CodeVersion, Run, RunState, TransactionState

SHORT = 8
"""Characters of an id that a terminal shows."""

MINUS = "\N{MINUS SIGN}"

Part: TypeAlias = tuple[str, str]
"""Text and its style."""

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_SPANS = (
    (timedelta(days=365), "year"),
    (timedelta(days=30), "month"),
    (timedelta(days=1), "day"),
    (timedelta(hours=1), "hour"),
    (timedelta(minutes=1), "minute"),
)
_RUN_STATES = {
    RunState.RUNNING: ("◐", "running"),
    RunState.COMPLETED: ("✓", "ok"),
    RunState.FAILED: ("✕", "failed"),
    RunState.ABORTED: ("⊘", "warning"),
}
_TRANSACTION_STATES = {
    TransactionState.OPEN: ("◐", "running"),
    TransactionState.PUBLISHED: ("✓", "ok"),
    TransactionState.DISCARDED: ("✕", "failed"),
    TransactionState.EXPIRED: ("◷", "stale"),
}
_DIFFS = {
    DiffKind.ADDED: ("+", "added"),
    DiffKind.REMOVED: (MINUS, "removed"),
    DiffKind.CHANGED: ("~", "changed"),
    DiffKind.MOVED: ("→", "changed"),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One fact in both forms."""

    plain: str
    parts: tuple[Part, ...]
    """What a terminal shows."""


def text(value: str | None, style: str = "") -> Cell:
    """Returns text, the same in both forms; nothing where it is None."""
    return Cell(value or "", ((value, style),) if value else ())


def only_shown(value: str, style: str = "dim") -> Cell:
    """Returns text for terminals only: decoration that no program wants."""
    return Cell("", ((value, style),))


def short_id(value: str | None, style: str = "id") -> Cell:
    """Returns an id, of which a terminal shows the first characters."""
    return Cell(value or "", ((value[:SHORT], style),) if value else ())


def count(number: int | None) -> Cell:
    """Returns a number of things."""
    return Cell("", ()) if number is None else Cell(str(number), ((f"{number:,}", ""),))


def size(number: int) -> Cell:
    """Returns a number of bytes."""
    return Cell(str(number), ((human_size(number), ""),))


def size_change(number: int) -> Cell:
    """Returns a difference in bytes, with its sign."""
    sign = "+" if number > 0 else MINUS if number < 0 else ""
    return Cell(str(number), ((sign + human_size(abs(number)), ""),))


def human_size(number: int) -> str:
    """Returns bytes in binary units (IEC 80000-13): `1,023 B`, `1.5 KiB`."""
    if number < 1024:
        return f"{number:,} B"
    power = min((number.bit_length() - 1) // 10, len(_UNITS) - 1)
    return f"{number / 1024**power:,.1f} {_UNITS[power]}"


def when(moment: datetime | None) -> Cell:
    """Returns an instant: how long ago it was, or in ISO 8601 in UTC."""
    if moment is None:
        return Cell("", ())
    return Cell(iso(moment), ((ago(moment, datetime.now(UTC)), "dim"),))


def instant(moment: datetime | None) -> Cell:
    """Returns an instant for a card, where there is room for both."""
    ago_cell = when(moment)
    if moment is None:
        return ago_cell
    shown = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC  ")
    return Cell(ago_cell.plain, ((shown, ""), *ago_cell.parts))


def iso(moment: datetime) -> str:
    """Returns an instant in UTC as ISO 8601."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def ago(moment: datetime, now: datetime) -> str:
    """Returns how far an instant is from now, in the largest unit: `3 hours ago`, `in 2 days`."""
    span = now - moment
    distance = abs(span)
    for unit, name in _SPANS:
        number = distance // unit
        if number:
            words = f"{number} {name}{'s' if number > 1 else ''}"
            return f"{words} ago" if span > timedelta() else f"in {words}"
    return "just now"


def duration(start: datetime | None, end: datetime | None) -> Cell:
    """Returns the time between two instants; programs get seconds."""
    if start is None or end is None:
        return Cell("", ())
    seconds = (end - start).total_seconds()
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    shown = f"{seconds:.1f}s"
    if whole >= 3600:
        shown = f"{hours}h {minutes:02}m"
    elif whole >= 60:
        shown = f"{minutes}m {whole % 60:02}s"
    return Cell(f"{seconds:.3f}", ((shown, ""),))


def run_state(state: RunState) -> Cell:
    """Returns a run's state as icon and word."""
    return marked(*_RUN_STATES[state], state.value)


def transaction_state(state: TransactionState) -> Cell:
    """Returns a transaction's state as icon and word."""
    word = "failed" if state is TransactionState.DISCARDED else state.value
    return Cell(state.value, marked(*_TRANSACTION_STATES[state], word).parts)


def diff_kind(kind: DiffKind) -> Cell:
    """Returns how something differs, in a terminal as its sign."""
    sign, style = _DIFFS[kind]
    return Cell(kind.value, ((sign, style),))


def marked(icon: str, style: str, word: str) -> Cell:
    """Returns a word with an icon before it, in one style."""
    return Cell(word, ((f"{icon} {word}", style),))


def code(version: CodeVersion | None) -> Cell:
    """Returns the revision of code; '+changes' stays readable however short it is."""
    if version is None:
        return Cell("", ())
    revision, changes, _ = version.revision.partition("+")
    parts: list[Part] = [(revision[:SHORT], "id")]
    if changes:
        parts.append(("+changes", "warning"))
    return Cell(version.revision, tuple(parts))


def run_chip(run: Run) -> Cell:
    """Returns a run in few words: state, job, id."""
    icon, style = _RUN_STATES[run.state]
    return Cell(run.id, ((f"{icon} ", style), (run.job.name, ""), ("  run ", "dim"), (run.id[:SHORT], "run")))


def labelled(label: str, cell: Cell) -> Cell:
    """Returns a fact with its name before it; nothing where the fact is unknown."""
    return Cell(cell.plain, ((f"{label} ", "dim"), *cell.parts)) if cell.parts else cell


def joined(cells: Iterable[Cell], *, between: str = ", ", plain_between: str = ",") -> Cell:
    """Returns several facts as one."""
    shown: list[Part] = []
    plain: list[str] = []
    for cell in cells:
        if not cell.parts:
            continue
        if shown:
            shown.append((between, "dim"))
        shown += cell.parts
        plain.append(cell.plain)
    return Cell(plain_between.join(plain), tuple(shown))


def plural(number: int, noun: str) -> str:
    """Returns a number with its noun: `1 object`, `2 objects`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
