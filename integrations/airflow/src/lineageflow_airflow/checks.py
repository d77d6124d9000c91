"""`expect`: what a task expects of a dataset, found out exactly, and told to lineage and to the lake.

A check is of an exact version: the one that the task sees, also where its DAG run has not published it yet.
In lineage the task has read that version, and the results are the data quality of that content wherever it
is. Where the task itself has written it, they are told by a run of their own, because a run does not read
what it writes. In the lake they are one check of the content; rules, gates and people ask for it by name.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from types import TracebackType
from typing import Any, Literal, Self
from uuid import UUID, uuid5

from lineageflow_airflow import expectation
from lineageflow_airflow.connection import lake_of
from lineageflow_airflow.expectation import Expectation, Finding, Value
from lineageflow_airflow.failures import AirflowException
from lineageflow_airflow.identity import AUTHOR
from lineageflow_airflow.sessions import session_at
from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.frames import query
from lineageflow_core.model.address import Address, parse_address
from lineageflow_core.model.check import CheckState
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.run import Job
from lineageflow_core.openlineage.access import DatasetAccess
from lineageflow_core.repository import Repository
from lineageflow_core.run import Reading, RunSession, running

_log = logging.getLogger("airflow.task.lineageflow")


class ExpectationFailedError(AirflowException):
    """A dataset is not as a task expects it to be. The text lists what failed, in numbers."""


def expect(
    address: str,
    *,
    check: str | None = None,
    severity: Literal["error", "warn"] = "error",
    lineageflow_conn_id: str | None = None,
) -> "Expectations":
    """Returns the expectations of a dataset. Each is checked when it is said; the first that fails raises.

    >>> expect("lf://sales/orders").rows(min=1).not_null("id").unique("id")

    As a block, all of them are checked at its end, in one pass over the data, and those that fail are told
    together:

    >>> with expect("lf://sales/orders") as orders:
    ...     orders.rows(min=1).not_null("id", "amount")
    ...     orders.between("amount", 0, 10_000)

    :param address: `lf://repository/dataset`, at what the task sees; or `lf://repository/@ref/dataset`.
    :param check: what the lake calls the check; by default `expect <dataset>`.
    :param severity: `"error"`, or `"warn"`: what fails is told, and the task goes on.
    :param lineageflow_conn_id: the connection to the lake; by default that of the task's block.
    """
    userinfo, at, rest = address.removeprefix("lf://").partition("/")[0].rpartition("@")
    conn_id = userinfo if at else lineageflow_conn_id
    place = parse_address(address.replace(f"{userinfo}@", "", 1) if at else address)
    if not place.path:
        raise InvalidInputError(f"{address!r} names no dataset; write 'lf://{rest}/<dataset>'")
    return Expectations(place, check=check or f"expect {place.path}", severity=severity, conn_id=conn_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    expected: Expectation
    finding: Finding

    def __str__(self) -> str:
        return f"{self.expected.text}: {self.finding.actual}"


class Expectations:
    """What is expected of one dataset; `expect` makes it. Nothing is read before the first expectation."""

    def __init__(self, place: Address, *, check: str, severity: str, conn_id: str | None) -> None:
        self._place = place
        self._check = check
        self._severity = severity
        self._conn_id = conn_id
        self._reading: Reading | None = None
        self._waiting: list[Expectation] | None = None
        self._checked: list[_Checked] = []

    def rows(self, *, min: int | None = None, max: int | None = None) -> Self:  # noqa: A002  # people's words
        """Expects so many rows, both ends included."""
        return self._expect(expectation.row_count(min, max))

    def not_null(self, *columns: str) -> Self:
        """Expects a value in every row of each column."""
        if not columns:
            raise InvalidInputError("not_null() expects nothing; say which columns")
        return self._expect(*(expectation.not_null(column) for column in columns))

    def unique(self, *columns: str) -> Self:
        """Expects that no two rows have the same value; of several columns, the same values together."""
        return self._expect(expectation.unique(columns))

    def between(self, column: str, least: Value | None = None, most: Value | None = None) -> Self:
        """Expects values from `least` to `most`, both included; None is no bound. Missing ones pass."""
        return self._expect(expectation.between(column, least, most))

    def in_set(self, column: str, values: Sequence[Value]) -> Self:
        """Expects one of these values. Missing ones pass."""
        return self._expect(expectation.in_set(column, list(values)))

    def matches(self, column: str, pattern: str) -> Self:
        """Expects values that a regular expression describes from end to end. Missing ones pass."""
        return self._expect(expectation.matches(column, pattern))

    def holds(self, condition: str) -> Self:
        """Expects a condition of every row, in DuckDB's SQL: `"refund <= amount"`. What is unknown passes."""
        return self._expect(expectation.holds(condition))

    def columns(self, *names: str) -> Self:
        """Expects these columns; there may be others."""
        return self._expect(self._schema(dict.fromkeys(names)))

    def schema(self, types: Mapping[str, str]) -> Self:
        """Expects exactly these columns, of these types as DuckDB calls them: `{"id": "bigint"}`."""
        return self._expect(self._schema(types, is_all=True))

    def fresh(self, *, within: timedelta) -> Self:
        """Expects that the last commit that changed the dataset is not older than this."""
        return self._expect(self._fresh(within))

    def __enter__(self) -> Self:
        self._waiting = []
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        waiting, self._waiting = self._waiting or [], None
        if error is None and waiting:
            self._expect(*waiting)

    def _expect(self, *expected: Expectation) -> Self:
        if self._waiting is not None:
            self._waiting += expected
            return self
        found = self._find(expected)
        self._checked += found
        self._record()
        failed = [each for each in found if not each.finding.passed]
        for each in found:
            (_log.warning if each in failed else _log.info)("%s: %s", self._place, each)
        if failed and self._severity == "error":
            listed = "".join(f"\n- {each}" for each in failed)
            raise ExpectationFailedError(
                f"{self._place} is not as expected, at commit {self._read().commit[:8]}:{listed}"
            )
        return self

    def _find(self, expected: Sequence[Expectation]) -> list[_Checked]:
        """Asks for all of them at once."""
        there = {name.lower() for name in query(self._read(), None).columns}
        missing = {each: [name for name in each.columns if name.lower() not in there] for each in expected}
        asks = [ask for each in expected if not missing[each] for ask in each.asks]
        answers: Iterator[Any] = iter(())
        if asks:
            answer = query(self._read(), f"select {', '.join(asks)} from data").fetchall()[0]
            answers = iter(answer)
        return [
            _Checked(
                expected=each,
                finding=Finding(passed=False, actual=f"there is no column {', '.join(missing[each])}")
                if missing[each]
                else each.judge(*islice(answers, len(each.asks))),
            )
            for each in expected
        ]

    def _schema(self, types: Mapping[str, str | None], *, is_all: bool = False) -> Expectation:
        def judge() -> Finding:
            relation = query(self._read(), None)
            there = {
                name: str(kind).lower() for name, kind in zip(relation.columns, relation.types, strict=True)
            }
            wrong = [f"there is no {name}" for name in types if name not in there]
            wrong += [
                f"{name} is {there[name]}"
                for name, kind in types.items()
                if kind is not None and name in there and there[name] != kind.lower()
            ]
            wrong += [f"there is also {name}" for name in there if is_all and name not in types]
            shown = ", ".join(f"{name} {kind}" for name, kind in there.items())
            return Finding(passed=not wrong, actual="; ".join(wrong) or f"they are {shown}")

        words = ", ".join(f"{name} {kind or ''}".strip() for name, kind in types.items())
        return Expectation(
            kind="schema" if is_all else "columns",
            text=f"columns {'are' if is_all else 'include'} {words}",
            judge=judge,
            params={"columns": dict(types)},
        )

    def _fresh(self, within: timedelta) -> Expectation:
        def judge() -> Finding:
            reading = self._read()
            log = self._lake.history.log(
                self._place.repository, reading.commit, path=self._place.path, limit=1
            )
            age = datetime.now(UTC) - log.items[0].created_at
            return Finding(
                passed=age <= within, actual=f"it is {timedelta(seconds=int(age.total_seconds()))} old"
            )

        return Expectation(
            kind="fresh", text=f"it is not older than {within}", judge=judge, params={"within": str(within)}
        )

    @property
    def _session(self) -> RunSession | None:
        return session_at(self._conn_id)

    @property
    def _lake(self) -> Catalog:
        session = self._session
        return session.catalog if session is not None else lake_of(self._conn_id)

    def _read(self) -> Reading:
        """Returns the content, at the version that the task sees; it has read it then."""
        if self._reading is None:
            session = self._session
            repository = Repository(self._lake, self._place.repository, author=AUTHOR)
            with running(session) if session is not None else nullcontext():
                self._reading = repository.dataset(self._place.path, ref=self._place.ref).read()
        return self._reading

    def _record(self) -> None:
        """Tells lineage, and the lake, of all that was checked so far."""
        reading, session = self._read(), self._session
        run_id = self._tell(reading, session) if session is not None else None
        failed = [each for each in self._checked if not each.finding.passed]
        is_bad = bool(failed) and self._severity == "error"
        told = failed or self._checked
        self._lake.checks.record_check(
            self._place.repository,
            reading.commit,
            self._check,
            state=CheckState.FAILED if is_bad else CheckState.PASSED,
            author=AUTHOR,
            summary="; ".join(map(str, told))[:500],
            details={each.expected.text: each.finding.actual for each in self._checked},
            run_id=run_id,
        )

    def _tell(self, reading: Reading, session: RunSession) -> RunId:
        access = DatasetAccess(
            repository=reading.repository,
            snapshots=reading.snapshots,
            commit=reading.commit,
            ref=self._place.ref,
            assertions=tuple(
                each.expected.assertion(each.finding, severity=self._severity) for each in self._checked
            ),
        )
        own = {(write.repository, snapshot) for write in session.writes for snapshot in write.snapshots}
        if not any((reading.repository, snapshot) in own for snapshot in reading.snapshots):
            session.record_all([access])
            session.report()
            return session.run.id
        job = session.run.job
        step = RunSession(
            session.catalog,
            reading.repository,
            Job(namespace=job.namespace, name=f"{job.name}.{self._check}"),
            run_id=RunId(str(uuid5(UUID(session.run.id), self._check))),
            pipeline=session.pipeline,
            author=session.author,
        )
        step.record_all([access])
        step.complete()
        return step.run.id
