import type { Viewport } from "@xyflow/react";
import { CARD_SIZES, type Placement } from "./blocks";

/** Smaller than this, cards cannot be read. */
const READABLE = 0.5;
const LARGEST = 1;
/** Kept free around the graph. */
const MARGIN = 28;

/** Shows all of the graph, in the middle; where that would be too small to read, shows what it starts from. */
export function bestViewport(
  { corners, size }: Placement,
  start: ReadonlySet<string>,
  canvas: { width: number; height: number },
): Viewport {
  const fitting = Math.min(
    LARGEST,
    (canvas.width - 2 * MARGIN) / Math.max(1, size.width),
    (canvas.height - 2 * MARGIN) / Math.max(1, size.height),
  );
  const starts = [...start].flatMap((id) => corners.get(id) ?? []);
  const zoom = starts.length === 0 ? fitting : Math.max(fitting, READABLE);
  const middle =
    zoom === fitting
      ? { x: size.width / 2, y: size.height / 2 }
      : {
          x: mean(starts.map(({ x }) => x)) + CARD_SIZES.version.width / 2,
          y: mean(starts.map(({ y }) => y)),
        };
  return { x: canvas.width / 2 - middle.x * zoom, y: canvas.height / 2 - middle.y * zoom, zoom };
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}
