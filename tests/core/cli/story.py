"""A small lake with a whole story in it: a good run, a failed one, and a bad one that was published.

raw/flights (partitions by month) -> clean/flights (partitions) -> report (a file) and models/delay.
The bad run spoils the month 2013-02.
"""

from dataclasses import dataclass
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from lineageflow_core.catalog import Catalog
from lineageflow_core.connect import connect
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.model.run import CodeVersion, Job
from lineageflow_core.repository import Repository
from lineageflow_core.run import Reading, RunSession
from tests.core.cli.calling import Cli

MONTHS = ("2013-01", "2013-02", "2013-03")


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    folder: Path
    """The lake."""
    catalog: Catalog
    good: RunId
    failed: RunId
    bad: RunId
    before_bad: Commit
    """The tip of main when all was well."""


def tell_story(folder: Path) -> Story:
    catalog = connect(str(folder))
    repository = Repository(catalog, "flights", author="ada").create()
    repository.put("notes.txt", b"read me\n", message="notes")
    good = _pipeline(catalog, "good", {month: f"delays of {month}" for month in MONTHS})
    before_bad = repository.head()
    failed = _pipeline(catalog, "failed", {"2013-03": "half of it"}, fails=True)
    bad = _pipeline(catalog, "bad", {"2013-02": "minutes as hours"})
    return Story(folder=folder, catalog=catalog, good=good, failed=failed, bad=bad, before_bad=before_bad)


def run_id(name: str) -> RunId:
    return RunId(str(uuid5(NAMESPACE_URL, name)))


def _pipeline(catalog: Catalog, name: str, months: dict[str, str], *, fails: bool = False) -> RunId:
    pipeline = run_id(name)
    whole = RunSession(
        catalog, "flights", Job(namespace="test", name="flights"), run_id=pipeline, author="dagster"
    )
    whole.start()
    ingest = _step(catalog, name, "ingest", pipeline)
    for month, content in months.items():
        ingest.write(
            "raw/flights",
            {"data.csv": content.encode()},
            partition=month,
            dataset_type="TABLE",
            schema=[("carrier", "string")],
            rows=2,
        )
    ingest.complete()
    clean = _step(catalog, name, "clean", pipeline)
    for month in months:
        reading = clean.read("raw/flights", partitions=(month,))
        with reading.open(reading.objects[0]) as stream:
            raw = stream.read()
        if fails:
            clean.fail("column 'dep_delay' is missing")
            whole.discard("step clean failed")
            return pipeline
        clean.write("clean/flights", {"data.csv": b"clean " + raw}, partition=month, dataset_type="TABLE")
    clean.complete()
    report = _step(catalog, name, "report", pipeline)
    read = report.read("clean/flights")
    text = b"\n".join(_content(read, entry) for entry in read.objects)
    report.write("report.md", {"": b"# report\n" + text})
    report.write("models/delay", {"model.bin": b"model of " + text}, dataset_type="MODEL")
    report.complete()
    whole.publish(f"{name} run")
    return pipeline


def _content(read: Reading, entry: ObjectEntry) -> bytes:
    with read.open(entry) as stream:
        return stream.read()


def _step(catalog: Catalog, name: str, step: str, pipeline: RunId) -> RunSession:
    return RunSession(
        catalog,
        "flights",
        Job(namespace="test", name=f"flights.{step}"),
        run_id=run_id(f"{name} {step}"),
        pipeline=pipeline,
        author="dagster",
        code=CodeVersion(
            revision="3f2a91c0" * 5,
            repository_url="https://example.org/flights.git",
            branch="main",
            path="flights.py",
        ),
        params={"year": "2013"},
        environment={"python": "3.11.2"},
    )


def tell_of(cli: Cli, name: str) -> None:
    """Events tell that `name` was written, and that a run read it and wrote =cmd()."""
    for number, sides in enumerate(({"outputs": [name]}, {"inputs": [name], "outputs": ["=cmd()"]})):
        event = {
            "eventType": "COMPLETE",
            "eventTime": f"2026-05-01T0{number}:00:00Z",
            "run": {"runId": f"0190c2f0-0000-7000-8000-00000000000{number}"},
            "job": {"namespace": "airflow", "name": "=load()"},
            **{side: [{"namespace": "s3://lake", "name": each} for each in sides[side]] for side in sides},
        }
        connect(str(cli.lake)).lineage.ingest([event])
