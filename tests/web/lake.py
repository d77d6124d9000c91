"""A small lake with a story: a good run, a failed one, and a bad one that passed."""

import io
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from blake3 import blake3

from lineageflow_core import Catalog, CodeVersion, Job, Repository, RunSession, connect
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.settings import QuarantinePolicy, RepositorySettings

REPOSITORY = "shop"
MONTHS = ("2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-06")
HOSTILE = "<img src=x onerror=alert(1)>"


@dataclass(frozen=True)
class Shop:
    """The lake, and the runs that tests ask for."""

    catalog: Catalog
    good: RunId
    failed: RunId
    bad: RunId

    def amounts(self, month: str, ref: str = "main") -> list[int]:
        """Returns the amounts that a month's orders have."""
        content = Repository(self.catalog, REPOSITORY).read_bytes(f"orders/{month}/data.parquet", ref=ref)
        return pq.read_table(io.BytesIO(content)).column("amount").to_pylist()

    def held(self) -> set[str]:
        """Returns the paths of what is quarantined."""
        return {each.path for each in self.catalog.quarantine.list_quarantines(REPOSITORY).items}

    def quarantine(self, path: str, reason: str) -> None:
        """Quarantines what `main` holds at a path."""
        self.catalog.quarantine.quarantine(
            REPOSITORY, f"lf://{REPOSITORY}/{path}", reason=reason, author="ada"
        )

    def stop_readers(self) -> None:
        """Keeps readers from what is quarantined."""
        settings = RepositorySettings(quarantine=QuarantinePolicy.STOP)
        self.catalog.settings.update_settings(REPOSITORY, settings, author="ada")


def make_shop(folder: Path) -> Shop:
    """Makes the lake in `folder`."""
    catalog = connect(str(folder))
    repo = Repository(catalog, REPOSITORY, author="ada").create()
    repo.put("notes/hostile.txt", HOSTILE.encode(), message=HOSTILE)
    good = _run(catalog, dict.fromkeys(MONTHS, 10))
    failed = _run(catalog, {"2026-06": 0}, fails=True)
    bad = _run(catalog, {"2026-03": 600})
    return Shop(catalog, good, failed, bad)


def _run(catalog: Catalog, amounts: dict[str, int], *, fails: bool = False) -> RunId:
    pipeline = RunId(str(uuid4()))
    whole = _session(catalog, "nightly", pipeline, pipeline)
    whole.start()
    orders = _session(catalog, "nightly.orders", pipeline)
    for month, amount in amounts.items():
        orders.write("orders", {"data.parquet": _orders(amount)}, partition=month, dataset_type="TABLE")
    orders.complete()
    if fails:
        whole.discard("the check 'amounts are positive' failed")
        return pipeline
    model = _session(catalog, "nightly.model", pipeline)
    reading = model.read("orders")
    weights = "".join(snapshot.snapshot for snapshot in reading.snapshots).encode()
    model.write("model", {"weights.bin": weights}, dataset_type="MODEL")
    model.complete()
    report = _session(catalog, "nightly.report", pipeline)
    report.read("model")
    report.write("report", {"": b"# Report\n\n" + blake3(weights).hexdigest().encode()}, dataset_type="FILE")
    report.complete()
    whole.publish("publish the nightly run")
    return pipeline


def _session(catalog: Catalog, job: str, pipeline: RunId, run_id: RunId | None = None) -> RunSession:
    return RunSession(
        catalog,
        REPOSITORY,
        Job(namespace="test", name=job),
        run_id=run_id,
        pipeline=pipeline,
        author="nightly",
        code=CodeVersion(revision="c0ffee00" * 5, path="pipeline.py"),
        environment={"python": "3.11"},
        params={"unit": "cents"},
    )


def _orders(amount: int) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table({"id": [1, 2, 3], "amount": [amount, amount + 1, amount + 2]}), stream)
    return stream.getvalue()
