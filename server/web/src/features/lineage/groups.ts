/** Many siblings drawn as one: the versions of one dataset, or the runs of one job, at one distance. Pure. */
import type { LineageEdge } from "../../api/types";
import { surer } from "./evidence";
import type { Graph, PlacedNode } from "./graph";

/** So many siblings are one group. Runs of one job say less each than versions do. */
const GROUP_FROM = { version: 5, run: 3, job: 3 };

export interface Group {
  id: string;
  kind: PlacedNode["kind"];
  /** The dataset's or job's name. */
  title: string;
  members: readonly PlacedNode[];
  tainted: boolean;
}

/** What is drawn: single nodes, groups of them, and the edges between those. */
export interface Drawing {
  singles: readonly PlacedNode[];
  groups: readonly Group[];
  edges: readonly LineageEdge[];
  /** By node: its group, whether that is folded or not. */
  groupOf: ReadonlyMap<string, Group>;
}

/**
 * Folds siblings into groups, but for the groups that are `open`. What is tainted, and what was asked about, is never
 * hidden among others.
 */
export function foldSiblings(graph: Graph, open: ReadonlySet<string>, tainted: ReadonlySet<string>): Drawing {
  const families = new Map<string, PlacedNode[]>();
  for (const node of graph.nodes) {
    const key = familyOf(node, [tainted.has(node.id) && "tainted", graph.start.has(node.id) && "start"]);
    const family = families.get(key);
    if (family) family.push(node);
    else families.set(key, [node]);
  }
  const groups = [...families]
    .map(([id, members]) => makeGroup(id, members, tainted))
    .filter(({ kind, members }) => members.length >= GROUP_FROM[kind]);
  const groupOf = new Map(groups.flatMap((group) => group.members.map(({ id }) => [id, group] as const)));
  const drawnAs = (id: string): string => {
    const group = groupOf.get(id);
    return group === undefined || open.has(group.id) ? id : group.id;
  };
  return {
    singles: graph.nodes.filter(({ id }) => drawnAs(id) === id),
    groups: groups.filter(({ id }) => !open.has(id)),
    edges: redirect(graph.edges, drawnAs),
    groupOf,
  };
}

/** Nodes with the same family may be drawn as one. The family is the group's id. */
function familyOf(node: PlacedNode, marks: (string | false)[]): string {
  const of = node.version ?? node.run?.job ?? node.job;
  const name = `${of?.namespace ?? ""}/${of?.name ?? ""}`;
  return ["group", node.kind, node.distance, ...marks.filter(Boolean), name].join(":");
}

function makeGroup(id: string, members: readonly PlacedNode[], tainted: ReadonlySet<string>): Group {
  const sorted = members.toSorted((left, right) => sortKey(left).localeCompare(sortKey(right)));
  const [first] = sorted;
  return {
    id,
    kind: first?.kind ?? "version",
    title: first?.version?.name ?? first?.run?.job.name ?? first?.job?.name ?? "",
    members: sorted,
    tainted: members.some((member) => tainted.has(member.id)),
  };
}

function sortKey({ version, run }: PlacedNode): string {
  return version?.partition ?? run?.started_at ?? "";
}

/** The edges between what is drawn. An edge is known as the surest of those that it stands for. */
function redirect(edges: readonly LineageEdge[], drawnAs: (id: string) => string): LineageEdge[] {
  const drawn = new Map<string, LineageEdge>();
  for (const each of edges) {
    const edge = { ...each, source: drawnAs(each.source), target: drawnAs(each.target) };
    const key = JSON.stringify([edge.source, edge.target]);
    const before = drawn.get(key);
    if (edge.source !== edge.target) drawn.set(key, before ? surer(before, edge) : edge);
  }
  return [...drawn.values()];
}
