import json

from lineageflow_core.graph_formats import event_lines, events_in, parts_of
from lineageflow_core.service.embedded import open_embedded
from lineageflow_core.store.memory import MemoryStores
from lineageflow_core.testing.catalog.producers import job_event, run_events


def test_what_jobs_only_declare_is_written_with_what_runs_told() -> None:
    catalog = open_embedded(MemoryStores())
    first, second, again = (job_event("bi", name, ["clean"], ["numbers"]) for name in ("a", "b", "a"))
    again["eventTime"] = "2026-05-02T00:00:00Z"
    of_run = run_events("bi", 1, [], [("clean", "1", {})])
    catalog.lineage.ingest([first, second, *of_run, again, job_event("bi", "etl", ["raw"], ["clean"])])
    lines = event_lines(parts_of(catalog.lineage), events_in(catalog.events))
    assert [first, again, second, *of_run] == list(map(json.loads, lines))
