import { expect, test } from "vitest";
import type { Placement } from "./blocks";
import { bestViewport } from "./viewport";

const CANVAS = { width: 1056, height: 656 };
const placed = (
  width: number,
  height: number,
  corners: [string, { x: number; y: number }][] = [],
): Placement => ({
  corners: new Map(corners),
  size: { width, height },
  bends: new Map(),
  blockOf: new Map(),
});

test("a small graph stands in the middle at its own size", () => {
  expect(bestViewport(placed(100, 50), new Set(), CANVAS)).toEqual({ x: 478, y: 303, zoom: 1 });
});

test("a wide graph is made to fit", () => {
  const { x, zoom } = bestViewport(placed(1250, 100), new Set(), CANVAS);
  expect([x, zoom]).toEqual([28, 0.8]);
});

test("a graph too large to read shows its start, readable, in the middle", () => {
  const { x, y, zoom } = bestViewport(
    placed(9000, 100, [["start", { x: 887, y: 40 }]]),
    new Set(["start"]),
    CANVAS,
  );
  expect([x + (887 + 113) * zoom, y + 40 * zoom, zoom]).toEqual([528, 328, 0.5]);
});

test("a graph without a start is shown whole however large", () => {
  expect(bestViewport(placed(9000, 100), new Set(), CANVAS).zoom).toBeLessThan(0.5);
});
