"""The story: a pipeline on its own branch, a bad run, and everything that it poisoned undone.

Six acts, on real flights, through Dagster's real machinery. Each claim that is printed is checked first; if
one does not hold, the demo says so and exits with 1. Then the page is served, unless SERVE=0.
"""

import os
import sys
import time
from collections.abc import Sequence

import pyarrow.compute as pc
import pyarrow.parquet as pq
from lineageflow_dagster import INTO_TAG, REF_TAG
from rich.console import Console
from rich.panel import Panel

from examples.flights import tables
from examples.flights.definitions import LAKE, flights_job
from examples.flights.stage import REPOSITORY, Order, Played, Stage, make_stage
from examples.flights.tables import short
from lineageflow_core import LineageFlowError
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import Direction
from lineageflow_core.model.objects import Dataset
from lineageflow_core.model.plan import PlanAction, PlanReason, RollbackPlan
from lineageflow_core.model.run import TransactionState

MONTHS = Order(first_month="2013-01", last_month="2013-08")
DAMAGED = Order(first_month="2013-09", last_month="2013-09", delivery="damaged")
MISREAD = Order(first_month="2013-07", last_month="2013-07", delivery="corrected", delay_unit="hours")
CORRECTED = Order(first_month="2013-07", last_month="2013-07", delivery="corrected")
JULY = "daily_delays/2013-07"
JULY_AS_DELIVERED = "raw_flights/2013-07"


class Story:
    """Tells the acts in order; each goes on from what the ones before left in the lake."""

    def __init__(self, stage: Stage, console: Console) -> None:
        self.stage, self.console = stage, console
        self.repository = stage.repository
        self.catalog = stage.repository.catalog
        self.began = time.monotonic()

    def tell(self) -> None:
        """Tells all of it. Raises AssertionError where the lake does not do what is claimed."""
        good = self.good_run()
        self.failing_run(good)
        bad = self.bad_run(good)
        self.find_the_cause(bad)
        self.roll_back(bad, good)
        self.replay(good)
        self.say(f"\n[bold]The end[/], after {time.monotonic() - self.began:.0f} s.")

    def good_run(self) -> Commit:
        """Act 1. Returns the commit that the run published."""
        self.act(1, "A good run", "Eight months, in one run: ingested, cleaned, joined, modelled, reported.")
        before = self.repository.head()
        played = self.play(MONTHS)
        claim("the run succeeds", holds=played.succeeded)
        claim("while it runs, main stays where it was", holds=set(played.glances) == {before.id})
        good = self.repository.head()
        claim("all outputs come to main in one commit", holds=good.parents[0] == before.id)
        self.fact(f"while it ran, somebody looked at main {len(played.glances)} times: it was empty")
        self.fact(f"then all of it was there at once: commit {short(good.id)}")
        self.command("ls")
        self.console.print(tables.datasets_table("main", self.datasets("main")))
        return good

    def failing_run(self, good: Commit) -> None:
        """Act 2."""
        self.act(2, "A failing run", "September arrives damaged. A blocking check notices.")
        played = self.play(DAMAGED)
        claim("the run fails", holds=not played.succeeded)
        claim("nothing of it is published", holds=played.transaction.state is TransactionState.DISCARDED)
        claim("main is untouched", holds=self.repository.head().id == good.id)
        self.fact(f"failed: {', '.join(played.failed_steps)}")
        self.fact(f"main is still at {short(good.id)}; what the run wrote is on its branch, to be looked at")
        self.command(f"diff main run:{played.run_id} --stat")
        differs = self.catalog.history.diff_datasets(REPOSITORY, "main", f"run:{played.run_id}").items
        self.console.print(tables.diff_table("main compared with the failed run's branch", differs))

    def bad_run(self, good: Commit) -> RunId:
        """Act 3. Returns the run that should not have been published."""
        self.act(
            3,
            "A bad run that passes",
            "The registry sends July again, with late corrections. Somebody was told that its delays are in "
            "hours now, and configured that. They are in minutes, as ever. All checks pass.",
        )
        played = self.play(MISREAD)
        claim("the bad run passes its checks", holds=played.succeeded)
        self.delays({"good run": good.id, "now, on main": "main"})
        self.fact("every check is green, and the report at nine in the morning is nonsense")
        return played.run_id

    def find_the_cause(self, bad: RunId) -> None:
        """Act 4."""
        self.act(4, "Who did that, and what else is wrong?", "The number itself knows where it came from.")
        self.command(f"blame {JULY}")
        blame = self.catalog.lineage.blame(REPOSITORY, "main", JULY)
        claim("blame finds the bad run", holds=blame.pipeline == bad)
        self.console.print(tables.blame_table(blame))
        self.command(f"lineage {JULY} --up 3")
        graph = self.catalog.lineage.trace(f"lf://flights/{JULY}", direction=Direction.UPSTREAM, depth=3)
        self.console.print(tables.upstream_tree(graph))
        self.command(f"blame {JULY_AS_DELIVERED}")
        raw = self.catalog.lineage.blame(REPOSITORY, "main", JULY_AS_DELIVERED)
        claim(
            "the cause is on record",
            holds=raw.run is not None and raw.run.params.get("delay_unit") == "hours",
        )
        self.console.print(tables.blame_table(raw))
        self.fact("there it is: delay_unit=hours")
        self.command(f"impact {JULY_AS_DELIVERED}")
        impacts = self.catalog.lineage.impact(f"lf://flights/{JULY_AS_DELIVERED}").items
        claim(
            "the model is among what it poisoned",
            holds="MODEL" in {impact.dataset_type for impact in impacts},
        )
        self.console.print(tables.impact_table(impacts))

    def roll_back(self, bad: RunId, good: Commit) -> RollbackPlan:
        """Act 5. Returns the plan that was applied."""
        self.act(5, "Undo it, and all that came of it", "A plan first. Nothing changes until it is applied.")
        self.command(f"rollback run:{bad} --descendants --dry-run")
        plan = self.catalog.plans.plan_rollback(REPOSITORY, f"run:{bad}")
        self.console.print(tables.plan_table(plan))
        restored = {item.dataset for item in plan.items if item.action is PlanAction.RESTORE}
        kept = {item.dataset for item in plan.items if item.reason is PlanReason.SAME_CONTENT}
        claim(
            "what is bad goes back",
            holds={"raw_flights", "daily_delays", "delay_model", "report"} <= restored,
        )
        claim("what the bad run got right is kept", holds={"raw_weather", "planes"} <= kept)
        self.command(f"rollback run:{bad} --descendants --yes")
        applied = self.catalog.plans.apply_plan(plan.id, author="demo")
        claim("the rollback is one commit", holds=self.repository.head().id == applied.commit)
        claim("main has the content of the good run", holds=self.repository.head().root == good.root)
        self.fact(f"one new commit, {short(applied.commit)}, that itself can be reverted")
        self.same_snapshots(good)
        return applied

    def replay(self, good: Commit) -> None:
        """Act 6."""
        self.act(
            6,
            "Fix it, replay it on a branch, look, merge",
            "The same delivery, read as minutes, on the good run's inputs, published to a branch.",
        )
        self.command(f"branch create replay --from {short(good.id)}")
        self.repository.branch("replay", base=good.id)
        before = self.repository.head()
        played = self.play(CORRECTED, tags={REF_TAG: good.id, INTO_TAG: "replay"})
        claim("the replay succeeds", holds=played.succeeded)
        claim("main does not know of the replay yet", holds=self.repository.head().id == before.id)
        self.command("diff main replay --stat")
        differs = self.catalog.history.diff_datasets(REPOSITORY, "main", "replay").items
        self.console.print(tables.diff_table("what a merge would bring", differs))
        self.delays({"on main": "main", "on replay": "replay"})
        self.command("merge replay --into main")
        merged = self.repository.merge("replay", into="main", message="July with its corrections, in minutes")
        claim("main has what the branch had", holds=merged.root == self.repository.head("replay").root)
        self.fact(f"merged as {short(merged.id)}: July has its corrections, and they are minutes")

    def play(self, order: Order, *, tags: dict[str, str] | None = None) -> Played:
        """Executes a run, printing each dataset as it appears on the run's branch."""
        started = time.monotonic()

        def wrote(dataset: str) -> None:
            self.console.print(
                f"  [dim]{time.monotonic() - started:5.1f} s  written on the run's branch:[/] {dataset}"
            )

        with self.console.status("Dagster is running the job"):
            played = self.stage.play(flights_job, order, tags=tags or {}, wrote=wrote)
        outcome = "[green]succeeded[/]" if played.succeeded else "[red]failed[/]"
        self.console.print(f"  run {played.run_id} {outcome} after {played.seconds:.0f} s")
        return played

    def same_snapshots(self, good: Commit) -> None:
        """Compares each dataset on main with the good run's, by snapshot id."""
        then = {dataset.path: dataset.snapshot for dataset in self.datasets(good.id)}
        now = {dataset.path: dataset.snapshot for dataset in self.datasets("main")}
        claim("every dataset is at the good run's snapshot", holds=then == now)
        self.console.print(
            tables.figures_table(
                "by snapshot id",
                ["dataset", "good run", "main now", ""],
                [[path, short(then[path]), short(now[path]), "[green]same[/]"] for path in sorted(then)],
            )
        )

    def delays(self, refs: dict[str, str]) -> None:
        """Shows July's mean delay at several refs."""
        rows = [[name, f"{self.july(ref):,.1f} minutes"] for name, ref in refs.items()]
        self.console.print(tables.figures_table("Mean delay in July", ["", "on arrival"], rows))

    def july(self, ref: str) -> float:
        """Returns July's mean delay, read as any reader would at a ref."""
        with self.repository.open(f"{JULY}/data.parquet", ref=ref) as file:
            days = pq.read_table(file)
        minutes = pc.sum(pc.multiply(days["arrival_delay"], days["flights"])).as_py()
        return float(minutes / pc.sum(days["flights"]).as_py())

    def datasets(self, ref: str) -> Sequence[Dataset]:
        """Returns the datasets at a ref."""
        return self.catalog.objects.list_datasets(REPOSITORY, ref).items

    def act(self, number: int, title: str, setting: str) -> None:
        """Opens an act."""
        self.console.print()
        self.console.print(Panel(setting, title=f"[bold]{number}. {title}[/]", title_align="left", width=100))

    def command(self, arguments: str) -> None:
        """Shows the command that does what comes next."""
        self.console.print(f"\n[bold cyan]$ lineageflow {arguments}[/]", soft_wrap=True)

    def fact(self, text: str) -> None:
        """States something that was checked."""
        self.console.print(f"  [green]✓[/] {text}")

    def say(self, text: str) -> None:
        """Says something."""
        self.console.print(text)


def claim(what: str, *, holds: bool) -> None:
    """Raises AssertionError if the story is not true."""
    if not holds:
        raise AssertionError(f"the story does not hold: it should be that {what}")


def main() -> int:
    """Plays the story, then serves the page."""
    console = Console(width=None if sys.stdout.isatty() else 110)
    try:
        stage = make_stage(LAKE)
        console.print(f"The commands that you see can be repeated in {LAKE}.", soft_wrap=True)
        Story(stage, console).tell()
    except (LineageFlowError, AssertionError) as error:
        console.print(f"[red]{error}[/]")
        return 1
    if os.environ.get("SERVE", "1") != "0":
        serve_page(console)
    return 0


def serve_page(console: Console) -> None:
    """Serves the lake's page until it is interrupted, and opens it in a browser."""
    from lineageflow_server.serve import serve

    serve(
        str(LAKE),
        announce=lambda serving: console.print(f"Look at it: {serving.page} (Ctrl+C ends)", soft_wrap=True),
        open_browser=True,
        no_auth=True,
    )


if __name__ == "__main__":
    sys.exit(main())
