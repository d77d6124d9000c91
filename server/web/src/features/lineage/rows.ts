/** The lineage graph as rows. */
import type { RunState } from "../../api/types";
import { toCsv } from "./csv";
import { wordsOf } from "./evidence";
import type { Graph } from "./graph";

export interface LineageRow {
  id: string;
  kind: "version" | "run" | "job";
  name: string;
  partition: string;
  /** A snapshot's id, or a run's; '' where it is not known. */
  content: string;
  /** Runs away from the start: negative upstream. */
  distance: number;
  state: RunState | null;
  type: string;
  tainted: boolean;
  /** How many nodes lead here, and how many this leads to, within the graph. */
  from: number;
  into: number;
  /** How the edges that lead here are known, each once. */
  known: string;
}

/** One row a node, nearest first. */
export function lineageRows(graph: Graph, tainted: ReadonlySet<string>): LineageRow[] {
  const from = new Map<string, number>();
  const into = new Map<string, number>();
  const known = new Map<string, Set<string>>();
  for (const edge of graph.edges) {
    const { source, target } = edge;
    from.set(target, (from.get(target) ?? 0) + 1);
    into.set(source, (into.get(source) ?? 0) + 1);
    known.set(target, (known.get(target) ?? new Set()).add(wordsOf(edge)));
  }
  return graph.nodes
    .map(({ id, kind, version, run, job, distance, dataset_type }) => ({
      id,
      kind,
      name: version?.name ?? run?.job.name ?? job?.name ?? "",
      partition: version?.partition ?? "",
      content: version?.version ?? run?.id ?? "",
      distance,
      state: run?.state ?? null,
      type: dataset_type ?? "",
      tainted: tainted.has(id),
      from: from.get(id) ?? 0,
      into: into.get(id) ?? 0,
      known: [...(known.get(id) ?? [])].sort().join("; "),
    }))
    .sort(
      (left, right) =>
        Math.abs(left.distance) - Math.abs(right.distance) || left.name.localeCompare(right.name),
    );
}

export function lineageCsv(rows: readonly LineageRow[]): string {
  const header = [
    "node",
    "kind",
    "name",
    "partition",
    "version",
    "type",
    "distance",
    "state",
    "tainted",
    "from",
    "into",
    "known",
  ];
  return toCsv(
    header,
    rows.map((row) => [
      row.id,
      row.kind,
      row.name,
      row.partition,
      row.content,
      row.type,
      row.distance,
      row.state ?? "",
      row.tainted ? "yes" : "no",
      row.from,
      row.into,
      row.known,
    ]),
  );
}

/** Hands a text to the browser as a file to save. */
export function downloadCsv(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const anchor = document.createElement("a");
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  URL.revokeObjectURL(url);
}
