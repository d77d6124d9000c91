import json
import re
import zipfile
from pathlib import Path

import pytest

from lineageflow_core.connect import connect
from lineageflow_core.graph_formats import GraphFormat
from tests.core.cli.calling import Cli
from tests.core.cli.story import Story, run_id, tell_of


def test_the_tree_goes_back_to_what_was_ingested(seen: Cli) -> None:
    lines = seen.good("lineage", "report.md", "--format", "tree").out.splitlines()
    assert lines[0].startswith("report.md ")
    assert "made from" == lines[1]
    assert lines[2].startswith("└─ ✓ flights.report  run ")
    assert lines[3].startswith("   ├─ clean/flights 2013-01 ")
    assert 3 == len([line for line in lines if "flights.clean" in line])
    assert "went into: nothing that is known" == lines[-1]


def test_what_comes_up_twice_is_drawn_once(seen: Cli) -> None:
    lines = seen.good("lineage", "report.md", "--format", "tree").out.splitlines()
    assert 1 == len([line for line in lines if "flights.clean" in line and line.endswith("(shown above)")])


def test_only_one_way_is_drawn_if_only_that_is_asked_for(seen: Cli) -> None:
    up = seen.good("lineage", "clean/flights/2013-02", "--up", "1", "--format", "tree").out
    down = seen.good("lineage", "clean/flights/2013-02", "--down", "1", "--format", "tree").out
    assert ("flights.clean" in up, "went into" in up) == (True, False)
    assert ("flights.report" in down, "made from" in down) == (True, False)


def test_on_a_pipe_every_node_is_a_row(seen: Cli) -> None:
    rows = seen.good("lineage", "report.md", "--up", "1").rows
    assert ["upstream", "0", "version"] == rows[0][:3]
    assert [f"run:{run_id('bad report')}", "flights.report"] == rows[1][3:]
    assert 5 == len(rows)


def test_the_document_has_the_graphs_that_were_asked_for(seen: Cli) -> None:
    both = seen.good("lineage", "report.md", "--json").json
    assert {"upstream", "downstream"} == {name for name, graph in both.items() if graph is not None}
    one = seen.good("lineage", "report.md", "--up", "1", "--json").json
    assert (5, None) == (len(one["upstream"]["nodes"]), one["downstream"])


def test_a_run_has_its_steps_as_beginnings(seen: Cli, told: Story) -> None:
    lines = seen.good("lineage", told.bad, "--up", "1", "--format", "tree").out.splitlines()
    assert [f"run:{told.bad}", "made from"] == lines[:2]
    assert 3 == len([line for line in lines if line.startswith(("├─", "└─"))])


def test_dot_and_mermaid_name_every_edge(seen: Cli) -> None:
    dot = seen.good("lineage", "report.md", "--up", "1", "--format", "dot").out
    assert dot.startswith("digraph lineage {\n")
    assert 4 == len(re.findall(r"^  n\d+ -> n\d+;$", dot, re.MULTILINE))
    mermaid = seen.good("lineage", "report.md", "--up", "1", "--format", "mermaid").out
    assert mermaid.startswith("flowchart LR\n")
    assert 4 == len(re.findall(r"^  n\d+ --> n\d+$", mermaid, re.MULTILINE))


def test_one_file_goes_to_a_pipe_or_a_file(seen: Cli, tmp_path: Path) -> None:
    piped = seen.good("lineage", "report.md", "--format", "graphml").out
    written = seen.good("lineage", "report.md", "--format", "graphml", "-o", "new/graph.xml").rows
    assert [["new/graph.xml", str(len(piped.encode()))]] == written
    assert piped == (tmp_path / "new" / "graph.xml").read_text()
    assert ["graph.xml"] == [file.name for file in (tmp_path / "new").iterdir()]


def test_several_files_go_to_a_folder_or_an_archive(seen: Cli, tmp_path: Path) -> None:
    written = seen.good("lineage", "report.md", "--format", "csv", "-o", "graph", "--json").json
    assert ["graph/nodes.csv", "graph/edges.csv"] == [file["path"] for file in written]
    seen.good("lineage", "report.md", "--format", "csv", "-o", "graph.zip")
    with zipfile.ZipFile(tmp_path / "graph.zip") as packed:
        names = ("nodes.csv", "edges.csv")
        assert {name: packed.read(name) for name in names} == {
            name: (tmp_path / "graph" / name).read_bytes() for name in names
        }
    piped = seen("lineage", "report.md", "--format", "csv")
    assert (2, True) == (piped.code, "--output FOLDER" in piped.err)


def test_a_file_that_cannot_be_written_is_told(seen: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = seen("lineage", "report.md", "--format", "dot", "-o", "file/graph.dot")
    assert (2, True) == (ran.code, "name another place" in ran.err)
    tree = seen("lineage", "report.md", "-o", "graph")
    assert (2, True) == (tree.code, "--format" in tree.err)


def test_the_events_of_a_graph_give_the_same_graph_elsewhere(seen: Cli, tmp_path: Path) -> None:
    asked = (
        "lineage",
        "version:" + seen.good("lineage", "report.md", "--json").json["upstream"]["start"][0][8:],
    )
    lines = seen.good(*asked, "--up", "9", "--format", "openlineage").out.splitlines()
    other = connect(str(tmp_path / "other"))
    assert () == other.lineage.ingest([json.loads(line) for line in lines]).problems
    here, there = (
        cli.good(*asked, "--up", "9", "--json").json["upstream"] for cli in (seen, Cli(tmp_path / "other"))
    )
    assert here["edges"] == there["edges"]
    beyond = ("more_upstream", "more_downstream")  # what the graph does not show is not in its events
    assert [{**node, **dict.fromkeys(beyond)} for node in here["nodes"]] == [
        {**node, **dict.fromkeys(beyond)} for node in there["nodes"]
    ]


def test_json_is_both_ways_as_one_graph(seen: Cli) -> None:
    graph = seen.good("lineage", "clean/flights/2013-02", "--format", "json").json
    both = seen.good("lineage", "clean/flights/2013-02", "--json").json
    nodes = {node["id"] for way in both.values() for node in way["nodes"]}
    assert nodes == {node["id"] for node in graph["nodes"]}


def test_a_graph_that_was_cut_off_says_so(seen: Cli) -> None:
    ran = seen.good("lineage", "report.md", "--limit", "2")
    assert "more than 2 nodes" in ran.err


def test_what_is_not_there_is_not_found(seen: Cli) -> None:
    assert [3, 3, 3] == [seen(verb, "nothere").code for verb in ("lineage", "impact", "blame")]


def test_columns_are_rows_and_what_is_not_known_is_said(seen: Cli) -> None:
    rows = seen.good("lineage", "clean/flights/2013-02", "--column", "delay", "--up", "1").rows
    assert [["upstream", "0", "not known"]] == [[*row[:2], row[4]] for row in rows]
    document = seen.good("lineage", "clean/flights/2013-02", "--columns", "--up", "1", "--json").json
    assert ([], None) == (document["upstream"]["links"], document["downstream"])
    refused = seen("lineage", "clean/flights/2013-02", "--columns", "--until", "2026-05-01T00:00:00Z")
    assert (2, True) == (refused.code, "columns are shown as a table" in refused.err)


def test_only_some_evidence_types_and_times_are_followed(seen: Cli) -> None:
    def nodes(*words: str) -> int:
        return len(seen.good("lineage", "raw/flights/2013-02", "--down", "3", *words).rows)

    assert 6 == nodes()
    assert 1 == nodes("--evidence", "declared")
    assert 5 == nodes("--type", "model")
    assert 1 == nodes("--until", "2001-01-01T00:00:00Z")


def test_a_dataset_elsewhere_is_asked_about_by_its_name(empty: Cli) -> None:
    tell_of(empty, "orders")
    found = empty.good("lineage", "dataset:s3://lake/orders", "--down", "1").rows
    assert ["0", "1", "1"] == [row[1] for row in found]
    ran = empty("lineage", "s3://lake/orders")
    assert (2, True) == (ran.code, "write 'dataset:s3://lake/orders'" in ran.err)


@pytest.mark.parametrize("format", GraphFormat)
def test_all_of_a_lake_is_written_in_each_format(format: GraphFormat, seen: Cli, tmp_path: Path) -> None:  # noqa: A002
    out = tmp_path / "all"
    seen.good("lineage", "export", "--format", format, "-o", str(out))
    assert out.is_dir() if format in {GraphFormat.CSV, GraphFormat.NEO4J} else out.read_bytes()


def test_all_of_a_namespace_is_written_up_to_a_limit_that_is_told(seen: Cli) -> None:
    everything = seen.good("lineage", "export", "--namespace", "lf://flights").json
    assert (True, False) == (bool(everything["edges"]), everything["truncated"])
    few = seen.good("lineage", "export", "--limit", "2")
    assert "more than 2 nodes" in few.err
    assert 2 == len(few.json["nodes"])
    assert [] == seen.good("lineage", "export", "--namespace", "s3://nothing").json["nodes"]
    events = seen.good("lineage", "export", "--format", "openlineage").out.splitlines()
    assert len(events) == len(seen.good("lineage", "export", "--format", "openlineage").out.splitlines())
    assert all("runId" in event for event in events)
