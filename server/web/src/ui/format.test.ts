import { describe, expect, test } from "vitest";
import {
  formatByteChange,
  formatBytes,
  formatCount,
  formatDay,
  formatDuration,
  formatRelative,
  plural,
  shortRef,
} from "./format";

const NOW = new Date("2026-11-21T12:00:00Z");
const before = (seconds: number) => new Date(NOW.getTime() - seconds * 1000);

describe("sizes", () => {
  test.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [999_999, "1.0 MB"],
    [1_234_567, "1.2 MB"],
    [123_456_789, "123 MB"],
    [5e18, "5000 PB"],
  ])("%d bytes read %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  test("a change carries its sign", () => {
    expect([2048, -3, 0].map(formatByteChange)).toEqual(["+2.0 kB", "−3 B", "±0 B"]);
  });
});

describe("counts", () => {
  test("thousands are grouped", () => expect(formatCount(336_776)).toBe("336,776"));
  test("one is singular", () =>
    expect([plural(1, "object"), plural(12, "entry", "entries")]).toEqual(["1 object", "12 entries"]));
});

describe("time", () => {
  test.each([
    [400, "0.4 s"],
    [9_960, "10 s"],
    [59_400, "59 s"],
    [185_000, "3 min 5 s"],
    [180_000, "3 min"],
    [7_800_000, "2 h 10 min"],
    [273_600_000, "3 d 4 h"],
    [-5, "0.0 s"],
  ])("%d ms last %s", (milliseconds, text) => expect(formatDuration(milliseconds)).toBe(text));

  test.each([
    [2, "just now"],
    [42, "42 s ago"],
    [300, "5 min ago"],
    [10_800, "3 h ago"],
    [172_800, "2 d ago"],
    [-345_600, "in 4 d"],
    [86_400 * 90, "2026-08-23"],
  ])("%d seconds before now is %s", (seconds, text) =>
    expect(formatRelative(before(seconds), NOW)).toBe(text),
  );

  test("days near now have names", () => {
    const day = (offset: number) => new Date(2026, 10, 21 + offset, 15);
    expect([0, -1, -2].map((offset) => formatDay(day(offset), day(0)))).toEqual([
      "Today",
      "Yesterday",
      "Thu, 19 Nov 2026",
    ]);
  });
});

describe("names", () => {
  const id = "3f2a91c0".padEnd(64, "0");

  test.each([
    ["main", "main"],
    ["main~2", "main~2"],
    [id, "3f2a91c0"],
    [`${id}~1`, "3f2a91c0~1"],
    ["run:9f3c1122-0000-4000-8000-000000000000", "run:9f3c1122"],
  ])("the ref %s reads %s", (ref, text) => expect(shortRef(ref)).toBe(text));
});
