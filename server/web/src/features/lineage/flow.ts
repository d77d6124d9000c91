/** The drawing in React Flow's terms. Pure. */
import { type Edge, MarkerType, type Node } from "@xyflow/react";
import { shortId } from "../../ui/format";
import { stepName } from "../runs/steps";
import { CARD_SIZES, type Placement } from "./blocks";
import { lineOf, wordsOf } from "./evidence";
import type { PlacedNode } from "./graph";
import type { Drawing, Group } from "./groups";
import { linkKey, type Point } from "./layout";

export type VersionFlowNode = Node<{ node: PlacedNode; tainted: boolean; isStart: boolean }, "version">;
export type RunFlowNode = Node<{ node: PlacedNode; tainted: boolean; isStart: boolean }, "run">;
export type JobFlowNode = Node<{ node: PlacedNode; tainted: boolean; isStart: boolean }, "job">;
export type GroupFlowNode = Node<{ group: Group; hasStart: boolean }, "stack">;
export type FlowNode = VersionFlowNode | RunFlowNode | JobFlowNode | GroupFlowNode;
export type RoutedFlowEdge = Edge<{ bends: readonly Point[]; words: string }, "routed">;

export interface Marks {
  start: ReadonlySet<string>;
  tainted: ReadonlySet<string>;
  selected: string | null;
}

export function flowNodes({ singles, groups }: Drawing, placement: Placement, marks: Marks): FlowNode[] {
  const common = (id: string, kind: PlacedNode["kind"], label: string, isTainted: boolean) => ({
    id,
    position: placement.corners.get(id) ?? { x: 0, y: 0 },
    ...CARD_SIZES[kind],
    selected: id === marks.selected,
    className: marks.tainted.size > 0 && !isTainted ? "faded" : "",
    ariaLabel: label,
  });
  return [
    ...singles.map((node): VersionFlowNode | RunFlowNode | JobFlowNode => ({
      ...common(node.id, node.kind, labelOf(node, marks.tainted.has(node.id)), marks.tainted.has(node.id)),
      type: node.kind,
      data: { node, tainted: marks.tainted.has(node.id), isStart: marks.start.has(node.id) },
    })),
    ...groups.map((group): GroupFlowNode => ({
      ...common(
        group.id,
        group.kind,
        `${group.members.length} ${group.kind}s of ${group.title}`,
        group.tainted,
      ),
      type: "stack",
      data: { group, hasStart: group.members.some(({ id }) => marks.start.has(id)) },
    })),
  ];
}

export function flowEdges({ edges, groups }: Drawing, placement: Placement, marks: Marks): RoutedFlowEdge[] {
  const tainted = new Set([...marks.tainted, ...groups.filter((group) => group.tainted).map(({ id }) => id)]);
  return edges.map((edge) => {
    const tone = toneOf(edge, tainted, marks.selected);
    const { dashes } = lineOf(edge);
    return {
      id: linkKey(edge),
      source: edge.source,
      target: edge.target,
      type: "routed",
      ...handlesOf(edge, placement),
      data: { bends: placement.bends.get(linkKey(edge)) ?? [], words: wordsOf(edge) },
      style: { stroke: tone, ...(dashes === undefined ? {} : { strokeDasharray: dashes }) },
      markerEnd: { type: MarkerType.ArrowClosed, width: 12, height: 12, color: tone },
      focusable: false,
    };
  });
}

/** Within a block an edge goes down and then right; between blocks it goes to the right. */
function handlesOf({ source, target }: { source: string; target: string }, { blockOf }: Placement) {
  return blockOf.get(target) === blockOf.get(source)
    ? { sourceHandle: "bottom", targetHandle: "left" }
    : { sourceHandle: "right", targetHandle: "left" };
}

function toneOf(
  { source, target }: { source: string; target: string },
  tainted: ReadonlySet<string>,
  selected: string | null,
): string {
  if (source === selected || target === selected) return "var(--lf-accent)";
  if (tainted.has(source) && tainted.has(target)) return "var(--lf-tainted)";
  return "var(--lf-dim)"; // strong enough for the pattern of a line to be told
}

/** What a screen reader says of a node. */
function labelOf({ version, run, job }: PlacedNode, tainted: boolean): string {
  const mark = tainted ? ", tainted" : "";
  if (run) return `Run of ${stepName(run)}, ${run.state}, ${shortId(run.id)}${mark}`;
  if (job) return `Job ${job.name}, declared, no run is known`;
  if (!version) return "Unknown node";
  const partition = version.partition === "" ? "" : `, partition ${version.partition}`;
  const content = version.version === null ? ", version unknown" : `, version ${shortId(version.version)}`;
  return `Dataset ${version.name}${partition}${content}${mark}`;
}
