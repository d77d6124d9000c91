import "@xyflow/react/dist/base.css";
import {
  Background,
  Controls,
  MiniMap,
  type NodeChange,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  useStore,
} from "@xyflow/react";
import { useEffect, useMemo } from "react";
import { type Placement, placeDrawing } from "./blocks";
import { bestViewport } from "./viewport";
import { flowEdges, type FlowNode, flowNodes, type Marks } from "./flow";
import type { Drawing } from "./groups";
import { GroupCard } from "./GroupCard";
import { JobPill } from "./JobPill";
import classes from "./LineageCanvas.module.css";
import { RoutedEdge } from "./RoutedEdge";
import { RunPill } from "./RunPill";
import { VersionCard } from "./VersionCard";

const NODE_TYPES = { version: VersionCard, run: RunPill, job: JobPill, stack: GroupCard };
const EDGE_TYPES = { routed: RoutedEdge };
const FIT = { padding: 0.06, maxZoom: 1 };
const MINI_MAP = { width: 160, height: 110 };
/** Above so many nodes, those out of view are not drawn. */
const VIRTUAL_FROM = 50;

interface LineageCanvasProps {
  drawing: Drawing;
  marks: Marks;
  onSelect: (id: string | null) => void;
  /** A card was clicked twice. */
  onOpen: (id: string) => void;
}

/** The graph as cards and edges, data flowing from left to right. */
export function LineageCanvas(props: LineageCanvasProps) {
  return (
    <ReactFlowProvider>
      <Canvas {...props} />
    </ReactFlowProvider>
  );
}

function Canvas({ drawing, marks, onSelect, onOpen }: LineageCanvasProps) {
  const placement = useMemo(() => placeDrawing(drawing), [drawing]);
  const nodes = useMemo(() => flowNodes(drawing, placement, marks), [drawing, placement, marks]);
  const edges = useMemo(() => flowEdges(drawing, placement, marks), [drawing, placement, marks]);
  useFitOnChange(placement, marks.start);

  const onNodesChange = (changes: NodeChange<FlowNode>[]) => {
    const chosen = changes.find((change) => change.type === "select" && change.selected);
    if (chosen?.type === "select") onSelect(chosen.id);
  };

  return (
    <ReactFlow
      className={classes.canvas ?? ""}
      aria-label="Lineage graph"
      nodes={nodes}
      edges={edges}
      nodeTypes={NODE_TYPES}
      edgeTypes={EDGE_TYPES}
      onNodesChange={onNodesChange}
      onNodeDoubleClick={(_, node) => onOpen(node.id)}
      onPaneClick={() => onSelect(null)}
      nodesDraggable={false}
      nodesConnectable={false}
      deleteKeyCode={null}
      multiSelectionKeyCode={null}
      selectionKeyCode={null}
      zoomOnDoubleClick={false}
      onlyRenderVisibleElements={nodes.length > VIRTUAL_FROM}
      minZoom={0.1}
      maxZoom={1.6}
    >
      <Background gap={20} size={1} />
      <Controls showInteractive={false} fitViewOptions={FIT} />
      <MiniMap
        className={classes.miniMap ?? ""}
        style={MINI_MAP}
        pannable
        zoomable
        ariaLabel="Overview"
        nodeClassName={miniClass}
        nodeBorderRadius={8}
      />
    </ReactFlow>
  );
}

/** Brings the graph into view when other cards are drawn. */
function useFitOnChange(placement: Placement, start: ReadonlySet<string>): void {
  const { setViewport } = useReactFlow();
  const canvas = useStore((state) => state.domNode);
  useEffect(() => {
    // In the next frame the canvas has the size that it will have beside the panel, or without it.
    const frame = requestAnimationFrame(() => {
      if (canvas) void setViewport(bestViewport(placement, start, canvas.getBoundingClientRect()));
    });
    return () => cancelAnimationFrame(frame);
  }, [canvas, placement, start, setViewport]);
}

function miniClass(node: FlowNode): string {
  const isTainted = node.type === "stack" ? node.data.group.tainted : node.data.tainted;
  return (isTainted ? classes.miniTainted : classes.mini) ?? "";
}
