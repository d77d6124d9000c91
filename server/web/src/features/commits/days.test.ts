import { expect, test } from "vitest";
import { sampleCommit } from "../../testing/samples";
import { byDay } from "./days";
import { headline, messageBody } from "./message";

const commit = (id: string, when: Date) => sampleCommit({ id, created_at: when.toISOString() });

test("a timeline is cut where the day changes", () => {
  const now = new Date(2026, 10, 21, 12);
  const commits = [
    commit("c", new Date(2026, 10, 21, 9)),
    commit("b", new Date(2026, 10, 21, 0, 1)),
    commit("a", new Date(2026, 10, 20, 23, 59)),
  ];
  expect(byDay(commits, now).map(({ label, commits }) => [label, commits.map(({ id }) => id)])).toEqual([
    ["Today", ["c", "b"]],
    ["Yesterday", ["a"]],
  ]);
});

test("a message has a first line and a rest", () => {
  const message = "Publish run\n\nAll checks passed.\n";
  expect([headline(message), messageBody(message)]).toEqual(["Publish run", "All checks passed."]);
  expect(headline("publish run 9f3c1122-0000-4000-8000-00000000000a")).toBe("publish run 9f3c1122");
  expect([headline(""), messageBody("one line")]).toEqual(["(no message)", ""]);
});
