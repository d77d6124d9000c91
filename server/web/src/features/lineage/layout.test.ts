import { describe, expect, test } from "vitest";
import { type Box, countCrossings, layoutGraph, type Link, linkKey } from "./layout";

const box = (id: string): Box => ({ id, width: 100, height: 40 });
const link = (arrow: string): Link => {
  const [source = "", target = ""] = arrow.split(">");
  return { source, target };
};
const place = (ids: string, ...arrows: string[]) => layoutGraph(Array.from(ids, box), arrows.map(link));
const column = (ids: string, ...arrows: string[]) => {
  const { corners } = place(ids, ...arrows);
  const xs = [...new Set([...corners.values()].map(({ x }) => x))].sort((left, right) => left - right);
  return Object.fromEntries(Array.from(ids).map((id) => [id, xs.indexOf(corners.get(id)?.x ?? NaN)]));
};

describe("columns", () => {
  test("what is made stands right of what it is made from", () => {
    expect(column("abcd", "a>b", "b>c", "a>c", "c>d")).toEqual({ a: 0, b: 1, c: 2, d: 3 });
  });

  test("an input that only a late step reads stands beside that step", () => {
    expect(column("abcx", "a>b", "b>c", "x>c")).toEqual({ a: 0, b: 1, c: 2, x: 1 });
  });

  test("a cycle is drawn all the same", () => {
    expect(column("abc", "a>b", "b>c", "c>a")).toEqual({ a: 0, b: 1, c: 2 });
  });

  test("loops, doubles and links to nowhere do no harm", () => {
    expect(column("ab", "a>a", "a>b", "a>b", "a>?")).toEqual({ a: 0, b: 1 });
  });

  test("nothing has no layout", () => expect(place("").corners.size).toBe(0));
});

describe("rows", () => {
  test("boxes of one column never overlap", () => {
    const many = "bcdefgh";
    const { corners } = place(`a${many}`, ...Array.from(many, (id) => `a>${id}`));
    const ys = Array.from(many, (id) => corners.get(id)?.y ?? NaN).sort((left, right) => left - right);
    const gaps = ys.slice(1).map((y, index) => y - (ys[index] ?? NaN));
    expect(gaps.every((gap) => gap >= 40)).toBe(true);
  });

  test("a chain is a straight line", () => {
    const { corners } = place("abc", "a>b", "b>c");
    expect(new Set([...corners.values()].map(({ y }) => y)).size).toBe(1);
  });

  test("one source of two stands between them", () => {
    const { corners } = place("abc", "a>b", "a>c");
    const y = (id: string) => corners.get(id)?.y ?? NaN;
    expect(y("a")).toBeCloseTo((y("b") + y("c")) / 2);
  });

  test("crossings that can be avoided are avoided", () => {
    const { corners } = place("abcxyz", "a>z", "b>y", "c>x");
    const rank = (ids: string) =>
      Array.from(ids).sort((l, r) => (corners.get(l)?.y ?? 0) - (corners.get(r)?.y ?? 0));
    const [left, right] = [rank("abc"), rank("xyz")];
    expect(left.map((id) => right.indexOf({ a: "z", b: "y", c: "x" }[id] ?? ""))).toEqual([0, 1, 2]);
  });
});

test("a link over several columns bends in each of them, clear of the boxes", () => {
  const { corners, bends } = place("abcd", "a>b", "b>c", "c>d", "a>d");
  const passed = bends.get(linkKey({ source: "a", target: "d" })) ?? [];
  const inside = (x: number, y: number) =>
    [...corners.values()].some((at) => x >= at.x && x <= at.x + 100 && y >= at.y && y <= at.y + 40);
  expect(passed.map(({ x, y }) => inside(x, y))).toEqual([false, false, false, false]);
});

test("crossings are counted", () => {
  const x = { behind: [] };
  const y = { behind: [] };
  const layers = (...ends: object[][]) => [ends.map((behind) => ({ behind })), [x, y]];
  expect([
    countCrossings(layers([x], [y])),
    countCrossings(layers([y], [x])),
    countCrossings(layers([x, y], [x, y])),
  ]).toEqual([0, 1, 1]);
});

test("the same graph is drawn the same way", () => {
  const arrows = ["a>c", "b>c", "a>d", "c>e", "d>e", "b>f", "f>e"];
  expect(place("abcdef", ...arrows)).toEqual(place("abcdef", ...arrows));
});
