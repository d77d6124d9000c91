import { expect, test } from "vitest";
import type { PlanAction, PlanReason } from "../../api/types";
import { samplePlanItem } from "../../testing/samples";
import { changesAnything, countActions, formatDegree, whatStays } from "./summary";

const item = (action: PlanAction, reason: PlanReason) => samplePlanItem({ action, reason });

test("actions are counted", () => {
  const items = [item("restore", "output"), item("restore", "derived"), item("keep", "superseded")];
  expect(countActions(items)).toEqual({
    restore: 2,
    merge: 0,
    remove: 0,
    keep: 1,
    skip: 0,
    cannot: 0,
  });
});

test("a plan that only keeps changes nothing", () => {
  expect([
    changesAnything([item("keep", "elsewhere")]),
    changesAnything([item("remove", "output")]),
    changesAnything([]),
  ]).toEqual([false, true, false]);
});

test("what stays is said with its reason", () => {
  expect(
    whatStays([
      item("keep", "same_content"),
      item("keep", "same_content"),
      item("keep", "superseded"),
      item("restore", "output"),
    ]),
  ).toEqual([
    "2 versions stay: a clean run made exactly the same content.",
    "1 version stays: the branch holds a later, clean version already.",
  ]);
});

test("a degree counts runs", () => {
  expect([0, 1, 3].map(formatDegree)).toEqual(["own output", "1 run away", "3 runs away"]);
});
