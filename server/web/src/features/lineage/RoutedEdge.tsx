import { BaseEdge, type EdgeProps } from "@xyflow/react";
import type { RoutedFlowEdge } from "./flow";
import type { Point } from "./layout";

/** An edge that passes between the cards of the columns that it crosses. */
export function RoutedEdge({ id, data, style, markerEnd, ...ends }: EdgeProps<RoutedFlowEdge>) {
  const source = { x: ends.sourceX, y: ends.sourceY };
  const target = { x: ends.targetX, y: ends.targetY };
  const isDown = ends.sourceHandleId === "bottom";
  return (
    <g>
      <title>{data?.words}</title>
      <BaseEdge
        id={id}
        path={isDown ? elbowPath(source, target) : smoothPath([source, ...(data?.bends ?? []), target])}
        {...(style === undefined ? {} : { style })}
        {...(markerEnd === undefined ? {} : { markerEnd })}
      />
    </g>
  );
}

/** Down from a run, then right to what it wrote. */
function elbowPath(source: Point, target: Point): string {
  return `M ${source.x} ${source.y} V ${target.y} H ${target.x}`;
}

/** A curve through all points that is level at each of them. */
function smoothPath(points: readonly Point[]): string {
  return points
    .map(({ x, y }, index) => {
      const before = points[index - 1];
      if (before === undefined) return `M ${x} ${y}`;
      const pull = Math.max(24, Math.abs(x - before.x) / 2);
      return `C ${before.x + pull} ${before.y}, ${x - pull} ${y}, ${x} ${y}`;
    })
    .join(" ");
}
