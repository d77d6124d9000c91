"""One expectation of a table: what it asks in SQL, and what the answer says.

Each is exact: rows are counted, not sampled. SQL is DuckDB's, and calls the table `data`. A missing value
fails `not_null` and nothing else, as in SQL's own constraints.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.quality import Assertion, Outcome

Value = bool | int | float | Decimal | str | date | datetime | time
"""What values of a column are compared with. NumPy's scalars do, too: they are taken as Python's."""

_EXAMPLES = 5
_LONGEST = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What became of an expectation."""

    passed: bool
    actual: str
    """What was found, in numbers: `3 of 1,000 rows are not`."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Expectation:
    """What is expected, and how that is found out."""

    kind: str
    """What kind it is: not_null, unique, row_count, ..."""
    text: str
    """The whole of it, for people: `amount is between 0 and 100`."""
    judge: Callable[..., Finding]
    """Says what the answers mean, in the order of `asks`."""
    asks: tuple[str, ...] = ()
    """Aggregates over all rows of `data`."""
    columns: tuple[str, ...] = ()
    """Those that it asks about."""
    params: Mapping[str, Any] = field(default_factory=dict)

    def assertion(self, finding: Finding, *, severity: str) -> Assertion:
        """Returns it as lineage has it."""
        failed = Outcome.FAILED if severity == "error" else Outcome.WARNED
        return Assertion(
            assertion=self.kind,
            name=self.text,
            column=self.columns[0] if len(self.columns) == 1 else None,
            outcome=Outcome.PASSED if finding.passed else failed,
            severity=severity,
            expected=self.text,
            actual=finding.actual,
            params=json.loads(json.dumps(dict(self.params), default=str)),
        )


def row_count(least: int | None, most: int | None) -> Expectation:
    """Expects so many rows."""
    if least is None and most is None:
        raise InvalidInputError("rows() expects nothing; say `min`, `max` or both")
    return Expectation(
        kind="row_count",
        text=f"rows are {_range(least, most)}",
        asks=("count(*)",),
        judge=lambda rows: Finding(
            passed=(least is None or rows >= least) and (most is None or rows <= most),
            actual=f"there are {rows:,}",
        ),
        params={"min": least, "max": most},
    )


def not_null(column: str) -> Expectation:
    """Expects a value in every row."""
    return _every_row("not_null", column, f"{column} is not null", f"{_name(column)} is null")


def unique(columns: Sequence[str]) -> Expectation:
    """Expects that no two rows have the same values; a row without a value in one of them is left out."""
    if not columns:
        raise InvalidInputError("unique() expects nothing; say which columns")
    names = [_name(column) for column in columns]
    whole = " and ".join(f"{name} is not null" for name in names)
    key = names[0] if len(names) == 1 else f"({', '.join(names)})"
    return Expectation(
        kind="unique",
        text=f"{', '.join(columns)} {'is' if len(columns) == 1 else 'are'} unique",
        asks=(f"count(*) filter ({whole})", f"count(distinct {key}) filter ({whole})"),
        judge=lambda rows, different: Finding(
            passed=rows == different, actual=f"{rows - different:,} of {rows:,} rows repeat another one"
        ),
        columns=tuple(columns),
        params={"columns": list(columns)},
    )


def between(column: str, least: Value | None, most: Value | None) -> Expectation:
    """Expects values from `least` to `most`, both included."""
    name = _name(column)
    least, most = (None if each is None else _value(each) for each in (least, most))
    outside = [f"{name} < {_literal(least)}"] if least is not None else []
    outside += [f"{name} > {_literal(most)}"] if most is not None else []
    if not outside:
        raise InvalidInputError(f"between({column!r}) expects nothing; say the least, the most, or both")
    return Expectation(
        kind="between",
        text=f"{column} is {_range(least, most)}",
        asks=(
            f"count(*) filter ({' or '.join(outside)})",
            "count(*)",
            f"min({name})::varchar",
            f"max({name})::varchar",
        ),
        judge=lambda bad, rows, low, high: Finding(
            passed=bad == 0, actual=f"{_of(bad, rows)}; they go from {_cut(low)} to {_cut(high)}"
        ),
        columns=(column,),
        params={"min": least, "max": most},
    )


def in_set(column: str, values: Sequence[Value]) -> Expectation:
    """Expects one of these values."""
    if not values:
        raise InvalidInputError(f"in_set({column!r}) allows no value at all; say which")
    values = [_value(each) for each in values]
    listed = ", ".join(_literal(each) for each in values)
    shown = ", ".join(str(each) for each in values[:_EXAMPLES]) + (", ..." if len(values) > _EXAMPLES else "")
    bad = f"{_name(column)} not in ({listed})"
    return _every_row(
        "in_set", column, f"{column} is one of {shown}", bad, examples=True, values=list(values)
    )


def matches(column: str, pattern: str) -> Expectation:
    """Expects values that a regular expression (RE2's) describes wholly."""
    name = _name(column)
    bad = f"{name} is not null and not regexp_full_match({name}::varchar, {_literal(pattern)})"
    return _every_row("matches", column, f"{column} matches {pattern}", bad, examples=True, pattern=pattern)


def holds(condition: str) -> Expectation:
    """Expects that a condition in SQL is not false of any row."""
    return _every_row("condition", None, condition, f"not ({condition})")


def _every_row(
    kind: str, column: str | None, text: str, bad: str, *, examples: bool = False, **params: Any
) -> Expectation:
    asks = [f"count(*) filter ({bad})", "count(*)"]
    if examples and column is not None:
        asks.append(f"list(distinct {_name(column)}::varchar) filter ({bad})")

    def judge(count: int, rows: int, found: Sequence[str] | None = None) -> Finding:
        shown = sorted(_cut(each) for each in found or ())[:_EXAMPLES]
        return Finding(
            passed=count == 0, actual=_of(count, rows) + (f": {', '.join(shown)}" if shown else "")
        )

    return Expectation(
        kind=kind,
        text=text,
        asks=tuple(asks),
        judge=judge,
        columns=() if column is None else (column,),
        params=params,
    )


def _of(count: int, rows: int) -> str:
    return f"{count:,} of {rows:,} rows are not" if count else f"all {rows:,} rows are"


def _range(least: object, most: object) -> str:
    if least is None:
        return f"at most {most}"
    return f"at least {least}" if most is None else f"between {least} and {most}"


def _name(column: str) -> str:
    if not isinstance(column, str):
        raise InvalidInputError(f"{column!r} is no name of a column; write names one by one: 'id', 'day'")
    return '"' + column.replace('"', '""') + '"'


def _value(value: Any) -> Value:
    """Returns what SQL can be told to compare with. Raises InvalidInputError."""
    kind = getattr(getattr(value, "dtype", None), "kind", None)
    found = value.astype("datetime64[us]") if kind == "M" else value  # nanoseconds become a mere number
    if kind is not None and not value.shape:
        found = found.item()
    if found is None or (isinstance(found, datetime) and found != found):  # NaT of pandas is such
        raise InvalidInputError(f"{value!r} is no value to compare with; missing ones pass, so leave it out")
    if not isinstance(found, Value):
        raise InvalidInputError(
            f"{value!r} is a {type(value).__name__}; values are compared with numbers, texts, booleans, "
            "dates and times"
        )
    return found


def _literal(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return f"({value})" if value == value and abs(value) != float("inf") else f"'{value}'::double"
    text = value if isinstance(value, str) else value.isoformat()
    quoted = "'" + text.replace("'", "''") + "'"
    if isinstance(value, datetime):
        return f"{'timestamptz' if value.tzinfo is not None else 'timestamp'} {quoted}"
    if isinstance(value, date):
        return f"date {quoted}"
    return f"time {quoted}" if isinstance(value, time) else quoted


def _cut(text: object) -> str:
    shown = "nothing" if text is None else str(text)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 3]}..."
