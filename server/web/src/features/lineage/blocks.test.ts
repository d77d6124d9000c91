import { expect, test } from "vitest";
import { sampleNode } from "../../testing/samples";
import { CARD_SIZES, INDENT, placeDrawing } from "./blocks";
import type { Drawing } from "./groups";

const draw = (runs: string[], versions: string[], ...arrows: [string, string][]): Drawing => ({
  singles: [
    ...versions.map((id) => ({ ...sampleNode({ id, kind: "version" }), distance: 0 })),
    ...runs.map((id) => ({ ...sampleNode({ id, kind: "run" }), distance: 0 })),
  ],
  groups: [],
  edges: arrows.map(([source, target]) => ({ source, target, evidence: "explicit" })),
  groupOf: new Map(),
});
const at = (drawing: Drawing, id: string) => placeDrawing(drawing).corners.get(id) ?? { x: NaN, y: NaN };

test("what a run wrote stands below it, a little to the right", () => {
  const drawing = draw(["run"], ["a", "b"], ["run", "a"], ["run", "b"]);
  const [run, a, b] = ["run", "a", "b"].map((id) => at(drawing, id));
  expect([a?.x, b?.x].map((x) => (x ?? NaN) - (run?.x ?? NaN))).toEqual([INDENT, INDENT]);
  expect(
    (a?.y ?? NaN) >= CARD_SIZES.run.height && (b?.y ?? NaN) >= (a?.y ?? NaN) + CARD_SIZES.version.height,
  ).toBe(true);
});

test("what a run read stands left of its block", () => {
  const drawing = draw(["run"], ["in", "out"], ["in", "run"], ["run", "out"]);
  expect(at(drawing, "in").x + CARD_SIZES.version.width).toBeLessThan(at(drawing, "run").x);
});

test("runs that wrote the same content stand above it together", () => {
  const drawing = draw(["r1", "r2"], ["v", "w"], ["r1", "v"], ["r2", "v"], ["r2", "w"]);
  const cards = ["r1", "r2", "v", "w"].map((id) => at(drawing, id));
  expect(cards.map(({ x }) => x)).toEqual([0, 0, INDENT, INDENT]);
  expect(cards.map(({ y }) => y)).toEqual(cards.map(({ y }) => y).toSorted((left, right) => left - right));
});

test("versions that one run read are not joined by it", () => {
  const drawing = draw(["run"], ["a", "b"], ["a", "run"], ["b", "run"]);
  const { blockOf } = placeDrawing(drawing);
  expect(new Set(["a", "b", "run"].map((id) => blockOf.get(id))).size).toBe(3);
});

test("a run that reads back what it wrote is drawn all the same", () => {
  const drawing = draw(["run"], ["v"], ["run", "v"], ["v", "run"]);
  expect(placeDrawing(drawing).corners.size).toBe(2);
});
