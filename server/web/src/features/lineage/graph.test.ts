import { describe, expect, test } from "vitest";
import type { Impact, LineageEdge, LineageGraph, LineageNode } from "../../api/types";
import { sampleNode, sampleRun, sampleVersion } from "../../testing/samples";
import { type Graph, joinTraces, neighbours, taintOf } from "./graph";
import { foldSiblings } from "./groups";
import { runNode, versionNode } from "./node";

const edge = (
  source: string,
  target: string,
  evidence: LineageEdge["evidence"] = "explicit",
): LineageEdge => ({
  source,
  target,
  evidence,
});
const trace = (nodes: LineageNode[], edges: LineageEdge[], truncated = false): LineageGraph => ({
  start: [nodes[0]?.id ?? ""],
  nodes,
  edges,
  truncated,
});
const version = (name: string, partition: string, depth = 0) =>
  sampleNode({
    id: versionNode(sampleVersion({ name, partition })),
    kind: "version",
    depth,
    version: sampleVersion({ name, partition }),
  });
const run = (id: string, depth = 0) =>
  sampleNode({
    id: runNode(id),
    kind: "run",
    depth,
    run: sampleRun({ id, job: { namespace: "d", name: "f.clean" } }),
  });

describe("joining", () => {
  const start = sampleNode({ id: "s", kind: "version" });
  const up = trace([start, sampleNode({ id: "r", kind: "run", depth: 1 })], [edge("r", "s")]);
  const down = trace([start, sampleNode({ id: "t", kind: "run", depth: 1 })], [edge("s", "t")], true);

  test("upstream is negative, downstream positive, the start is there once", () => {
    const graph = joinTraces([
      { direction: "upstream", graph: up },
      { direction: "downstream", graph: down },
    ]);
    expect(graph.nodes.map(({ id, distance }) => `${id} ${distance}`)).toEqual(["s 0", "r -1", "t 1"]);
    expect([graph.edges.length, graph.truncated]).toEqual([2, true]);
  });

  test("a node without edges is left out, unless there is nothing else", () => {
    const whole = sampleNode({ id: "whole", kind: "version" });
    const joined = joinTraces([{ direction: "upstream", graph: { ...up, nodes: [whole, ...up.nodes] } }]);
    const alone = joinTraces([{ direction: "upstream", graph: trace([whole], []) }]);
    expect([joined, alone].map(({ nodes }) => nodes.map(({ id }) => id))).toEqual([["s", "r"], ["whole"]]);
  });

  test("neighbours are told apart by side", () => {
    const graph = joinTraces([
      { direction: "upstream", graph: up },
      { direction: "downstream", graph: down },
    ]);
    const { before, behind } = neighbours(graph, "s");
    expect([before.map(({ id }) => id), behind.map(({ id }) => id)]).toEqual([["r"], ["t"]]);
  });
});

describe("folding", () => {
  const months = ["01", "02", "03", "04", "05"].map((month) => version("clean", `2013-${month}`));
  const runs = months.map((_, index) => run(String(index), 1));
  const report = version("report", "", 1);
  const edges = months.flatMap((month, index) => [
    edge(runs[index]?.id ?? "", month.id),
    edge(month.id, report.id, index === 0 ? "explicit" : "unknown"),
  ]);
  const graph: Graph = {
    start: new Set(),
    nodes: [...months, ...runs, report].map((node) => ({ ...node, distance: node.depth })),
    edges,
    truncated: false,
  };
  const fold = (open: string[] = [], tainted: string[] = []) =>
    foldSiblings(graph, new Set(open), new Set(tainted));

  test("five siblings become one, and their edges too", () => {
    const { groups, singles, edges } = fold();
    expect(groups.map(({ kind, title, members }) => [kind, title, members.length])).toEqual([
      ["version", "clean", 5],
      ["run", "f.clean", 5],
    ]);
    expect(singles.map(({ id }) => id)).toEqual([report.id]);
    expect(edges.map(({ evidence }) => evidence)).toEqual(["explicit", "explicit"]);
  });

  test("an open group shows its members", () => {
    const [group] = fold().groups;
    const { groups, singles } = fold([group?.id ?? ""]);
    expect([groups.map(({ kind }) => kind), singles.length]).toEqual([["run"], 6]);
  });

  test("what is tainted is not hidden among what is not", () => {
    const bad = months[2]?.id ?? "";
    const { groups, singles } = fold([], [bad]);
    expect([groups.map(({ kind }) => kind), singles.length]).toEqual([["run"], 6]);
  });

  test("a folded member still knows its group", () => {
    expect(fold().groupOf.get(months[0]?.id ?? "")?.title).toBe("clean");
  });
});

test("taint covers bad versions, the runs that made them, and what was asked about", () => {
  const impact = (name: string, tainted: boolean, current: string[]): Impact => ({
    version: sampleVersion({ name }),
    degree: 0,
    produced_by: sampleRun({ id: `run-of-${name}` }),
    declared_by: null,
    tainted,
    current,
    dataset_type: null,
    owners: [],
  });
  const taint = taintOf("run:bad", [
    impact("a", true, ["main"]),
    impact("b", true, []),
    impact("c", false, ["main"]),
  ]);
  expect([...taint.nodes].map((id) => id.slice(0, 27))).toEqual([
    "run:bad",
    "version:lf://flights/a@5a00",
    "run:run-of-a",
    "version:lf://flights/b@5a00",
    "run:run-of-b",
  ]);
  expect([taint.versions, taint.stillCurrent]).toEqual([2, 1]);
});
