import { expect, test } from "vitest";
import type { LineageEdge } from "../../api/types";
import { linesOf, surer, wordsOf } from "./evidence";

const edge = (evidence: LineageEdge["evidence"]): LineageEdge => ({ source: "a", target: "b", evidence });

test("a legend names each kind of line that is drawn, the surest first", () => {
  const names = linesOf([
    edge("unknown"),
    edge("cartesian"),
    edge("declared"),
    edge("explicit"),
    edge("column"),
  ]);
  expect(names.map(({ name }) => name)).toEqual(["said", "guessed", "unsure"]);
});

test("of edges that are drawn as one the surest counts", () => {
  expect(surer(edge("declared"), edge("as_of")).evidence).toBe("as_of");
  expect(surer(edge("as_of"), edge("declared")).evidence).toBe("as_of");
});

test("no two kinds of evidence read the same", () => {
  const all = ["explicit", "lineage", "column", "as_of", "cartesian", "declared", "unknown"] as const;
  expect(new Set(all.map((evidence) => wordsOf(edge(evidence)))).size).toBe(all.length);
});
