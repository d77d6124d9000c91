import { expect, test } from "vitest";
import { samplePlanItem } from "../../testing/samples";
import { addressOf, choiceLabel, decided, decisionOf } from "./decisions";

test("an item is decided by its address, and others stay", () => {
  const one = samplePlanItem({ dataset: "daily/delays", partition: "2013-07", good: "a" });
  const other = samplePlanItem({ dataset: "raw", good: "a" });
  expect(addressOf(one)).toBe("lf://flights/@main/daily/delays/2013-07");
  expect(decided([one, other], { [addressOf(one)]: "skip" }).map(({ action }) => action)).toEqual([
    "skip",
    "restore",
  ]);
});

test("to restore what was not there before is to remove it", () => {
  const item = samplePlanItem({ action: "skip", good: null });
  expect(choiceLabel(item, "restore")).toBe("Remove");
  expect(decided([item], { [addressOf(item)]: "restore" })[0]?.action).toBe("remove");
});

test("what is no choice decides nothing", () => {
  const item = samplePlanItem({ choices: ["restore", "skip"] });
  expect(decided([item], { [addressOf(item)]: "keep_later" })).toEqual([item]);
});

test("what stands decided follows from the action", () => {
  const all = ["keep_later", "restore", "skip"] as const;
  const stands = (action: "merge" | "skip" | "remove") =>
    decisionOf(samplePlanItem({ action, choices: [...all] }));
  expect([stands("merge"), stands("skip"), stands("remove")]).toEqual(["keep_later", "skip", "restore"]);
  expect(decisionOf(samplePlanItem({ action: "cannot", choices: [] }))).toBeUndefined();
});
