/** Answers about lineage joined into one graph. Pure. */
import type { Direction, Impact, LineageEdge, LineageGraph, LineageNode } from "../../api/types";
import { repositoryOf, runNode, versionNode } from "./node";

/** Upstream is where data came from, downstream where it went. */
export type Way = Direction | "both";

/** A node and on which side of the start it is: negative upstream, positive downstream. */
export interface PlacedNode extends LineageNode {
  distance: number;
}

export interface Graph {
  start: ReadonlySet<string>;
  nodes: readonly PlacedNode[];
  edges: readonly LineageEdge[];
  /** More was reachable than was asked for. */
  truncated: boolean;
}

/** Joins what was found upstream with what was found downstream. Each node and edge is in it once. */
export function joinTraces(traces: readonly { direction: Direction; graph: LineageGraph }[]): Graph {
  const nodes = new Map<string, PlacedNode>();
  const edges = new Map<string, LineageEdge>();
  const start = new Set<string>();
  for (const { direction, graph } of traces) {
    const sign = direction === "upstream" ? -1 : 1;
    for (const id of graph.start) start.add(id);
    for (const node of graph.nodes) {
      const distance = node.depth === 0 ? 0 : sign * node.depth;
      const known = nodes.get(node.id);
      if (known === undefined || Math.abs(distance) < Math.abs(known.distance))
        nodes.set(node.id, { ...node, distance });
    }
    for (const edge of graph.edges) edges.set(JSON.stringify([edge.source, edge.target]), edge);
  }
  return {
    start,
    nodes: withoutLoners([...nodes.values()], [...edges.values()]),
    edges: [...edges.values()],
    truncated: traces.some(({ graph }) => graph.truncated),
  };
}

/**
 * Leaves out nodes without edges, unless there are only such. An address stands for a dataset as a whole and for
 * each of its partitions, of which usually only one kind was ever written.
 */
function withoutLoners(nodes: PlacedNode[], edges: readonly LineageEdge[]): PlacedNode[] {
  const joined = new Set(edges.flatMap(({ source, target }) => [source, target]));
  return joined.size === 0 ? nodes : nodes.filter(({ id }) => joined.has(id));
}

/** What is known of nodes when something is bad. */
export interface Taint {
  /** Versions that cannot be trusted, the runs that made them, and what was asked about. */
  nodes: ReadonlySet<string>;
  /** By version: the branches whose tip holds it. */
  current: ReadonlyMap<string, readonly string[]>;
  versions: number;
  stillCurrent: number;
  /** The repository of the first of them that is in one of ours. */
  repository: string | undefined;
}

/** What `bad` spoiled. */
export function taintOf(bad: string, impacts: readonly Impact[]): Taint {
  const tainted = impacts.filter((impact) => impact.tainted);
  return {
    nodes: new Set([
      bad,
      ...tainted.flatMap(({ version, produced_by }) => [
        versionNode(version),
        ...(produced_by ? [runNode(produced_by.id)] : []),
      ]),
    ]),
    current: new Map(impacts.map(({ version, current }) => [versionNode(version), current])),
    versions: tainted.length,
    stillCurrent: tainted.filter(({ current }) => current.length > 0).length,
    repository: tainted.map(({ version }) => repositoryOf(version)).find((name) => name !== undefined),
  };
}

/** The nodes right before and right behind a node. */
export function neighbours(graph: Graph, id: string): { before: PlacedNode[]; behind: PlacedNode[] } {
  const byId = new Map(graph.nodes.map((node) => [node.id, node]));
  const pick = (ids: string[]) => ids.flatMap((each) => byId.get(each) ?? []);
  return {
    before: pick(graph.edges.filter(({ target }) => target === id).map(({ source }) => source)),
    behind: pick(graph.edges.filter(({ source }) => source === id).map(({ target }) => target)),
  };
}
