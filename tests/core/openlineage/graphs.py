"""Stories as strangers' producers tell them, and the graph that has to come of each: events in, graph out.

A graph is written as a line for each run, in the order of their names:

    load completed: orders@7, ~daily@(clean), other? -> daily@(load)

`name@7` is a version that the run names, `name@(load)` what the run `load` wrote without naming one, `~` what
was there when the run started, and `name?` what nobody knows the version of, or what never became one.
Partitions stand in brackets, and a run's parent behind its state. Every story has datasets and runs of its
own, so that all of them may be told to one lake in any order.
"""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from lineageflow_core.catalog import Catalog
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import Evidence, Io
from tests.core.openlineage.scenarios import Json, dataset, event, parent_facet

_STATIC: Json = {
    "eventTime": "2026-05-01T02:30:00Z",
    "producer": "https://example.org/producer",
    "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json",
}
_FAR: Json = {"description": "x" * 200_000, "words": {f"w{number}": "y" * 40 for number in range(2000)}}
_ODD = "größe/日本 \N{PILE OF POO}\0\x01\ud800'\";--"
_ODD_FACET: Json = {_ODD: {_ODD: _ODD}}


def _of_dataset(told: Json, minute: int = 30) -> Json:
    return {**_STATIC, "eventTime": f"2026-05-01T02:{minute:02}:00Z", "dataset": told}


def _of_job(name: str, minute: int = 30, **more: Any) -> Json:
    job = {"namespace": "nightly", "name": name}
    return {**_STATIC, "eventTime": f"2026-05-01T02:{minute:02}:00Z", "job": job, **more}


def _also(*names: str, namespace: str = "s3://lake") -> Json:
    return {"symlinks": {"identifiers": [{"namespace": namespace, "name": name} for name in names]}}


def _columns(**sources: str) -> Json:
    return {
        "columnLineage": {
            "fields": {
                field: {"inputFields": [{"namespace": "s3://lake", "name": name, "field": field}]}
                for field, name in sources.items()
            }
        }
    }


def _partition(*names: str, side: str = "input") -> Json:
    partitions = [{"identifier": name, "dimensions": {}} for name in names]
    condition = {"type": "partition", "partitions": partitions}
    return {f"{side}Facets": {"subset": {f"{side}Condition": condition}}}


def _within(parent: str, root: str | None = None) -> Json:
    return {"run_facets": parent_facet(parent, parent, root=root)}


# A run is named by a word; `told` makes ids and datasets of the story's own from these.
_BREAKAGES: dict[str, tuple[list[Json], str]] = {
    "duplicates do not break a graph (Marquez 2708)": (
        [
            event("START", 0, run="load", inputs=[dataset("orders")], outputs=[dataset("daily")]),
            event("START", 0, run="load", inputs=[dataset("orders")], outputs=[dataset("daily")]),
            event("START", 1, run="load", inputs=[dataset("orders")]),
            event("COMPLETE", 5, run="load", outputs=[dataset("daily")]),
            event("COMPLETE", 5, run="load", outputs=[dataset("daily")]),
        ],
        "load completed: orders? -> daily@(load)",
    ),
    "an empty FAIL takes no edge away (Marquez 2767)": (
        [
            event("COMPLETE", 1, run="first", inputs=[dataset("orders")], outputs=[dataset("daily")]),
            event("START", 2, run="second", inputs=[dataset("orders")], outputs=[dataset("daily")]),
            event("FAIL", 3, run="second"),
        ],
        """
        first completed: orders? -> daily@(first)
        second failed: orders? -> daily?
        """,
    ),
    "an event without inputs after one with some takes none away (Marquez 1513)": (
        [
            event("START", 0, run="load", inputs=[dataset("orders", "1")]),
            event("RUNNING", 1, run="load", inputs=[]),
            event("COMPLETE", 5, run="load", inputs=None, outputs=[dataset("daily", "1")]),
        ],
        "load completed: orders@1 -> daily@1",
    ),
    "the version facet counts (Marquez 2733)": (
        [
            event("COMPLETE", 1, run="old", outputs=[dataset("orders", "1")]),
            event("COMPLETE", 2, run="new", outputs=[dataset("orders", "2")]),
            event("COMPLETE", 9, run="reader", inputs=[dataset("orders", "1")], outputs=[dataset("daily")]),
        ],
        """
        new completed: -> orders@2
        old completed: -> orders@1
        reader completed: orders@1 -> daily@(reader)
        """,
    ),
    "a job's runs keep what each of them read (Marquez 2670)": (
        [
            event("COMPLETE", 1, run="monday", inputs=[dataset("a"), dataset("b")], outputs=[dataset("c")]),
            event("COMPLETE", 2, run="tuesday", inputs=[dataset("b")], outputs=[dataset("c")]),
        ],
        """
        monday completed: a?, b? -> c@(monday)
        tuesday completed: b? -> c@(tuesday)
        """,
    ),
    "symlinks that come later join both sides, with columns (Marquez 2738, 2776)": (
        [
            event("COMPLETE", 1, run="files", outputs=[dataset("warehouse/orders")]),
            event(
                "COMPLETE",
                5,
                run="query",
                inputs=[dataset("orders", namespace="hive")],
                outputs=[dataset("daily", **_columns(id="warehouse/orders"))],
            ),
            _of_dataset(dataset("warehouse/orders", **_also("orders", namespace="hive"))),
        ],
        """
        files completed: -> hive:orders@(files)
        query completed: ~hive:orders@(files) -> daily@(query)
        """,
    ),
    "a null event type, and no state at all, stop nothing (Marquez 3010)": (
        [
            event(None, 0, run="load", inputs=[dataset("orders")]),
            {**event("COMPLETE", 5, run="load", outputs=[dataset("daily")]), "eventType": 7},
        ],
        "load running: orders? -> daily?",
    ),
    "a schema that comes with COMPLETE makes no second version": (
        [
            event("START", 0, run="load", outputs=[dataset("daily")]),
            event("COMPLETE", 5, run="load", outputs=[dataset("daily", schema={"fields": [{"name": "id"}]})]),
            event("COMPLETE", 9, run="reader", inputs=[dataset("daily")]),
        ],
        """
        load completed: -> daily@(load)
        reader completed: ~daily@(load) ->
        """,
    ),
}
_STRANGE: dict[str, tuple[list[Json], str]] = {
    "clocks that disagree: an end before its start": (
        [
            event("START", 10, run="load", inputs=[dataset("orders")]),
            event("COMPLETE", 5, run="load", outputs=[dataset("daily")]),
            event("COMPLETE", 7, run="reader", inputs=[dataset("daily")]),
        ],
        """
        load completed: orders? -> daily@(load)
        reader completed: ~daily@(load) ->
        """,
    ),
    "one run id in two namespaces is one run": (
        [
            event("START", 0, run="load", inputs=[dataset("orders")]),
            {
                **event("COMPLETE", 5, run="load", outputs=[dataset("daily")]),
                "job": {"namespace": "other", "name": "etl.load"},
            },
        ],
        "load completed: orders? -> daily@(load)",
    ),
    "facets as large as some producers' plans": (
        [
            event(
                "START",
                0,
                run="load",
                inputs=[dataset("orders", spark_plan=_FAR)],
                run_facets={"spark.logicalPlan": _FAR, "documentation": _FAR},
                job_facets={"sql": {"query": "SELECT 1; " * 20_000}},
            ),
            event("COMPLETE", 5, run="load", outputs=[dataset("daily", documentation=_FAR)]),
        ],
        "load completed: orders? -> daily@(load)",
    ),
    "names of any letters, NUL and halves of letters": (
        [
            event("START", 0, run="load", inputs=[dataset(_ODD)], job=_ODD),
            event("COMPLETE", 5, run="load", outputs=[dataset("out", _ODD, **_ODD_FACET)], job=_ODD),
            event("COMPLETE", 9, run="reader", inputs=[dataset("out", _ODD)]),
        ],
        """
        load completed: ODD? -> out@ODD
        reader completed: out@ODD ->
        """,
    ),
    "names that differ only by case, by white space, or by how a letter is composed": (
        [
            event(
                "COMPLETE",
                1,
                run="load",
                outputs=[dataset(name) for name in ("Orders", "orders", "orders ", "\xe9", "e\u0301")],
            ),
            event("COMPLETE", 2, run="reader", inputs=[dataset("ORDERS"), dataset("orders")]),
        ],
        """
        load completed: -> Orders@(load), e\u0301@(load), orders @(load), orders@(load), \xe9@(load)
        reader completed: ORDERS?, ~orders@(load) ->
        """,
    ),
    "a run that starts again after its end": (
        [
            event("START", 0, run="load", inputs=[dataset("orders", "1")]),
            event("COMPLETE", 1, run="load", outputs=[dataset("daily", "1")]),
            event("START", 2, run="load", inputs=[dataset("customers", "1")]),
            event("COMPLETE", 3, run="load", outputs=[dataset("weekly", "1")]),
        ],
        "load completed: customers@1, orders@1 -> daily@1, weekly@1",
    ),
    "RUNNING after FAIL": (
        [
            event("START", 0, run="load", outputs=[dataset("daily", "1")]),
            event("FAIL", 1, run="load"),
            event("RUNNING", 2, run="load", inputs=[dataset("orders")]),
        ],
        "load failed: orders? -> daily?",
    ),
    "FAIL after COMPLETE is the last word": (
        [
            event("COMPLETE", 1, run="load", outputs=[dataset("daily", "1")]),
            event("FAIL", 2, run="load"),
            event("START", 9, run="reader", inputs=[dataset("daily")]),
        ],
        """
        load failed: -> daily?
        reader running: daily? ->
        """,
    ),
    "ABORT with outputs makes no version": (
        [event("ABORT", 1, run="load", outputs=[dataset("daily", "1")])],
        "load aborted: -> daily?",
    ),
    "events of the first and the last day that there is": (
        [
            event("COMPLETE", run="first", time="0001-01-01T00:00:00Z", outputs=[dataset("daily")]),
            event("COMPLETE", run="second", time="1970-01-01T00:00:00+00:00", outputs=[dataset("daily")]),
            event("COMPLETE", 0, run="reader", inputs=[dataset("daily")]),
            event("COMPLETE", run="zlast", time="9999-12-31T23:59:59.999999Z", outputs=[dataset("daily")]),
            event("START", run="zz", time="9999-12-31T23:59:59.999999Z", inputs=[dataset("daily")]),
            event("START", run="zzz", time="9999-12-31T23:59:59-14:00", inputs=[dataset("daily")]),
        ],
        """
        first completed: -> daily@(first)
        reader completed: ~daily@(second) ->
        second completed: -> daily@(second)
        zlast completed: -> daily@(zlast)
        zz running: ~daily@(zlast) ->
        zzz running: daily? ->
        """,
    ),
    "what is said of a dataset before and after is no edge": (
        [
            _of_dataset(dataset("daily", "9", documentation={"description": "before"}), 0),
            event("COMPLETE", 5, run="load", outputs=[dataset("daily", "1")]),
            _of_dataset(dataset("daily", "9", documentation={"description": "after"}), 9),
            event("START", 20, run="reader", inputs=[dataset("daily")]),
        ],
        """
        load completed: -> daily@1
        reader running: ~daily@1 ->
        """,
    ),
    "what a job declares does not change what its runs did": (
        [
            _of_job("etl.load", 0, inputs=[dataset("orders")], outputs=[dataset("weekly")]),
            event("COMPLETE", 5, run="load", inputs=[dataset("customers")], outputs=[dataset("daily")]),
            _of_job("etl.load", 9, inputs=[], outputs=[]),
        ],
        "load completed: customers? -> daily@(load)",
    ),
    "parents five deep, told from the inside": (
        [
            event("COMPLETE", 9, run="e", outputs=[dataset("daily")], **_within("d", "a")),
            event("START", 4, run="d", **_within("c", "a")),
            event("START", 3, run="c", **_within("b", "a")),
            event("START", 2, run="b", **_within("a")),
            event("COMPLETE", 10, run="a"),
        ],
        """
        a completed: ->
        b running in a: ->
        c running in b: ->
        d running in c: ->
        e completed in d: -> daily@(e)
        """,
    ),
    "runs that are each other's parents": (
        [
            event("START", 0, run="one", outputs=[dataset("daily")], **_within("other")),
            event("COMPLETE", 1, run="other", inputs=[dataset("daily")], **_within("one")),
            event("COMPLETE", 2, run="one"),
        ],
        """
        one completed in other: -> daily@(one)
        other completed in one: daily? ->
        """,
    ),
    "two runs in a circle": (
        [
            event("COMPLETE", 1, run="there", inputs=[dataset("b", "1")], outputs=[dataset("a", "1")]),
            event("COMPLETE", 2, run="back", inputs=[dataset("a", "1")], outputs=[dataset("b", "1")]),
        ],
        """
        back completed: a@1 -> b@1
        there completed: b@1 -> a@1
        """,
    ),
    "a run that reads just the version that it writes": (
        [event("COMPLETE", 1, run="touch", inputs=[dataset("t", "5")], outputs=[dataset("t", "5")])],
        "touch completed: t@5 -> t@5",
    ),
    "what a run reads of what it writes was there before": (
        [
            event("COMPLETE", 1, run="first", outputs=[dataset("t")]),
            event("START", 5, run="second", inputs=[dataset("t")], outputs=[dataset("t")]),
            event("COMPLETE", 5, run="second"),
            event("START", 5, run="third", inputs=[dataset("t")]),
        ],
        """
        first completed: -> t@(first)
        second completed: ~t@(first) -> t@(second)
        third running: ~t@(second) ->
        """,
    ),
    "a version that is there again after a rollback": (
        [
            event("COMPLETE", 1, run="one", outputs=[dataset("t", "v1")]),
            event("COMPLETE", 3, run="two", outputs=[dataset("t", "v2")]),
            event("COMPLETE", 5, run="undo", outputs=[dataset("t", "v1")]),
            event("START", 4, run="reader before", inputs=[dataset("t")]),
            event("START", 6, run="reader", inputs=[dataset("t")]),
        ],
        """
        one completed: -> t@v1
        reader running: ~t@v1 ->
        reader before running: ~t@v2 ->
        two completed: -> t@v2
        undo completed: -> t@v1
        """,
    ),
    "two writers of one instant": (
        [
            event("COMPLETE", 1, run="one", outputs=[dataset("t", "v1"), dataset("u")]),
            event("COMPLETE", 1, run="two", outputs=[dataset("t", "v1")]),
            event("START", 1, run="reader", inputs=[dataset("t"), dataset("u")]),
        ],
        """
        one completed: -> t@v1, u@(one)
        reader running: ~t@v1, ~u@(one) ->
        two completed: -> t@v1
        """,
    ),
    "partitions, and then all of it": (
        [
            event("COMPLETE", 1, run="may", outputs=[dataset("t", "1") | _partition("m=05", side="output")]),
            event("COMPLETE", 2, run="june", outputs=[dataset("t", "1") | _partition("m=06", side="output")]),
            event("START", 3, run="reader a", inputs=[dataset("t")]),
            event("START", 3, run="reader b", inputs=[dataset("t") | _partition("m=05", "m=07")]),
            event("COMPLETE", 4, run="rewrite", outputs=[dataset("t", "2")]),
            event("START", 5, run="reader c", inputs=[dataset("t") | _partition("m=05")]),
        ],
        """
        june completed: -> t[m=06]@1
        may completed: -> t[m=05]@1
        reader a running: ~t[m=05]@1, ~t[m=06]@1 ->
        reader b running: t[m=07]?, ~t[m=05]@1 ->
        reader c running: ~t@2 ->
        rewrite completed: -> t@2
        """,
    ),
    "symlinks in a circle, to itself, and taken back": (
        [
            _of_dataset(dataset("b", **_also("c", "b"))),
            _of_dataset(dataset("c", **_also("a"))),
            _of_dataset(dataset("a", **_also("b"))),
            _of_dataset(dataset("b", symlinks={"_deleted": True}), 40),
            event("COMPLETE", 1, run="load", outputs=[dataset("c")]),
            event("COMPLETE", 2, run="reader", inputs=[dataset("b")]),
        ],
        """
        load completed: -> a@(load)
        reader completed: ~a@(load) ->
        """,
    ),
    "both names of one dataset in one run": (
        [
            event("COMPLETE", 1, run="load", outputs=[dataset("a", "7"), dataset("b", "7")]),
            event("COMPLETE", 2, run="reader", inputs=[dataset("a"), dataset("b", "7"), dataset("b")]),
            _of_dataset(dataset("b", **_also("a"))),
        ],
        """
        load completed: -> a@7
        reader completed: a@7 ->
        """,
    ),
    "one dataset named twice in one event": (
        [
            event(
                "COMPLETE",
                1,
                run="load",
                inputs=[dataset("a", "1"), dataset("a", datasetType={"datasetType": "TABLE"})],
                outputs=[dataset("b"), dataset("b", "2")],
            )
        ],
        "load completed: a@1 -> b@2",
    ),
    "lists that are null, facets that are none, and what is no name": (
        [
            {**event("START", 0, run="load"), "inputs": None, "outputs": {"namespace": "s3://lake"}},
            event("RUNNING", 1, run="load", inputs=[dataset("a", version=[], schema="x", tags=None)]),  # type: ignore[arg-type]
            event("COMPLETE", 2, run="load", outputs=[dataset(""), {"name": 7}, None, dataset("b")]),  # type: ignore[list-item]
        ],
        "load completed: a? -> b@(load)",
    ),
    "an end that names no job, and one that names no run": (
        [
            event("START", 0, run="load", outputs=[dataset("b")]),
            {**event("COMPLETE", 2, run="load"), "job": {"namespace": "nightly"}},
            {**event("COMPLETE", 2), "run": {"facets": {}}},
        ],
        "load running: -> b?",
    ),
}
STORIES = _BREAKAGES | _STRANGE


def told(story: str) -> list[Json]:
    """Returns a story's events, about runs and datasets that no other story has."""
    events = STORIES[story][0]
    text = json.dumps(events)
    for namespace in ("s3://lake", "hive"):
        text = text.replace(json.dumps(namespace), json.dumps(f"{namespace}/{list(STORIES).index(story)}"))
    for label in _labels(events):
        text = text.replace(f'"runId": {json.dumps(label)}', f'"runId": "{_id(story, label)}"')
    found: list[Json] = json.loads(text)
    return found


def graph_out(story: str) -> str:
    """Returns the graph that has to come of a story."""
    return "\n".join(line.strip() for line in STORIES[story][1].strip().splitlines())


def graph_of(lake: Catalog, story: str) -> str:
    """Returns the graph that a lake has of a story's runs."""
    labels = {_id(story, label): label for label in _labels(STORIES[story][0])}
    lines = []
    for run_id, label in sorted(labels.items(), key=lambda item: item[1]):
        found = lake.lineage.get_run(run_id)
        within = f" in {labels[found.run.parent]}" if found.run.parent else ""
        sides = (_side(each, run_id, labels) for each in (found.reads, found.writes))
        lines.append(
            f"{label} {found.run.state}{within}: {' -> '.join(sides)}".replace(":  ->", ": ->").rstrip()
        )
    return "\n".join(lines)


def _side(ios: Iterable[Io], run_id: RunId, labels: dict[RunId, str]) -> str:
    return ", ".join(sorted({_io(io, labels) for io in ios if io.run_id == run_id}))


def _io(io: Io, labels: dict[RunId, str]) -> str:
    name = "ODD" if io.version.name.startswith("größe") else io.version.name
    if io.version.namespace.startswith("hive"):
        name = f"hive:{name}"
    if io.version.partition:
        name += f"[{io.version.partition}]"
    if io.version.version is None:
        assert io.evidence is Evidence.UNKNOWN
        return f"{name}?"
    run = RunId(io.version.version.removeprefix("run:"))
    version = f"({labels[run]})" if run in labels else io.version.version
    mark = "~" if io.evidence is Evidence.AS_OF else ""
    return f"{mark}{name}@{'ODD' if version.startswith('größe') else version}"


def _labels(events: Sequence[Json]) -> list[str]:
    return sorted(set(re.findall(r'"runId": "([a-z ]+)"', json.dumps(events))))


def _id(story: str, label: str) -> RunId:
    return RunId(str(uuid5(NAMESPACE_OID, f"{story} {label}")))
