"""Where the story is played: a lake and a Dagster instance in one folder, and runs that are watched.

A run goes through Dagster's own machinery: an instance with a home, a reconstructable job, a process for each
step. While it runs, a second connection looks at the branch that it will publish to, as any reader could.
"""

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg

from lineageflow_core import Repository, connect
from lineageflow_core.errors import InvalidInputError, RefNotFoundError
from lineageflow_core.model.ids import CommitId, RunId
from lineageflow_core.model.run import Transaction, TransactionState

REPOSITORY = "flights"
MARK = "MADE-BY-THE-DEMO"
"""The file that says that a folder is the demo's own, so that the demo may empty it."""
BETWEEN_GLANCES = 0.2
"""Seconds."""
_DAGSTER_YAML = """\
telemetry:
  enabled: false
python_logs:
  python_log_level: CRITICAL
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a run is to fetch: all that differs between a good run and a bad one."""

    first_month: str
    last_month: str
    delivery: str = "first"
    delay_unit: str = "minutes"

    def run_config(self) -> dict[str, object]:
        """Returns the order as run config."""
        return {
            "ops": {"raw_flights": {"config": {"delivery": self.delivery, "delay_unit": self.delay_unit}}},
        }

    def tags(self) -> dict[str, str]:
        """Returns the tags of a run that does all these months at once."""
        return {
            "dagster/asset_partition_range_start": self.first_month,
            "dagster/asset_partition_range_end": self.last_month,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A run that is over."""

    run_id: RunId
    succeeded: bool
    failed_steps: tuple[str, ...]
    transaction: Transaction
    glances: tuple[CommitId, ...]
    """Where the target branch stood, each time somebody looked before the run published."""
    seconds: float


class Stage:
    """The lake in `folder`, with a Dagster home inside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repository = Repository(connect(str(folder)), REPOSITORY, author="demo").create(exist_ok=True)
        home = folder / "dagster"
        home.mkdir(exist_ok=True)
        (home / "dagster.yaml").write_text(_DAGSTER_YAML)
        os.environ["DAGSTER_HOME"] = str(home)
        self._instance = dg.DagsterInstance.get()

    def play(
        self,
        job: Callable[[], dg.JobDefinition],
        order: Order,
        *,
        tags: Mapping[str, str] = {},
        wrote: Callable[[str], None],
    ) -> Played:
        """Executes a run to its end, calling `wrote` with each dataset that appears on its branch."""
        watch = _Watch(folder=self.folder, into=tags.get("lineageflow/into", "main"), wrote=wrote)
        started = time.monotonic()
        with (
            watch.going_on(),
            dg.execute_job(
                dg.reconstructable(job),
                instance=self._instance,
                run_config=order.run_config(),
                tags={**order.tags(), **tags},
                raise_on_error=False,
            ) as result,
        ):
            failed = [event.step_key for event in result.all_events if event.is_step_failure]
        run_id = RunId(result.run_id)
        transaction = self.repository.catalog.transactions.get_transaction(REPOSITORY, run_id)
        watch.look_back(self.repository, transaction)
        return Played(
            run_id=run_id,
            succeeded=result.success,
            failed_steps=tuple(key for key in failed if key),
            transaction=self.repository.catalog.transactions.get_transaction(
                REPOSITORY, RunId(result.run_id)
            ),
            glances=tuple(watch.glances),
            seconds=time.monotonic() - started,
        )


def make_stage(folder: Path) -> Stage:
    """Returns a stage in an empty folder. A folder of an earlier demo is emptied; any other is refused."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).exists():
            raise InvalidInputError(
                f"{folder} holds something that this demo did not make; set FLIGHTS_LAKE to another folder"
            )
        shutil.rmtree(folder)
    stage = Stage(folder)
    (folder / MARK).write_text("examples/flights/demo.py made this folder, and empties it when it starts.\n")
    return stage


@dataclass
class _Watch:
    """Looks at the lake while a run is under way, from a thread with a connection of its own."""

    folder: Path
    into: str
    wrote: Callable[[str], None]
    glances: list[CommitId] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)
    _over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def going_on(self) -> Iterator[None]:
        thread = threading.Thread(target=self._run, name="watch")
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _run(self) -> None:
        repository = Repository(connect(str(self.folder)), REPOSITORY)
        while not self._over.wait(BETWEEN_GLANCES):
            self._glance(repository)

    def _glance(self, repository: Repository) -> None:
        transactions = repository.catalog.transactions
        head = repository.head(self.into)
        still_open = transactions.list_transactions(REPOSITORY, state=TransactionState.OPEN, limit=1).items
        if not still_open:
            return
        self.glances.append(head.id)  # the transaction is open still, so this was before it published
        with suppress(RefNotFoundError):  # it published this very moment, and its branch is gone
            self._tell(repository, still_open[0].base, f"run:{still_open[0].run_id}")

    def look_back(self, repository: Repository, transaction: Transaction) -> None:
        """Tells what the run wrote between the last glance and its end."""
        if transaction.head is not None:
            self._tell(repository, transaction.base, transaction.head)

    def _tell(self, repository: Repository, base: str, ref: str) -> None:
        for dataset in repository.catalog.history.diff_datasets(REPOSITORY, base, ref).items:
            if dataset.path not in self._seen:
                self._seen.add(dataset.path)
                self.wrote(dataset.path)
