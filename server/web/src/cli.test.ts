import { expect, test } from "vitest";
import { commands } from "./cli";

test("plain names stand as they are", () => {
  expect(commands.get("flights", "main", "daily/delays")).toBe(
    "lineageflow get lf://flights/@main/daily/delays",
  );
});

test("what a shell would read differently is quoted", () => {
  expect(commands.get("flights", "main@{2026-05-01}", "it's $HOME")).toBe(
    String.raw`lineageflow get 'lf://flights/@main@{2026-05-01}/it'\''s $HOME'`,
  );
});

test("a rollback names its scope", () => {
  expect(commands.planRollback("flights", "run:9f3c", "outputs")).toBe(
    "lineageflow rollback run:9f3c -R flights --outputs-only --dry-run",
  );
});

test("lineage goes the ways that are shown", () => {
  expect([
    commands.lineage("run:9f3c", { upstream: 2, downstream: 0 }),
    commands.lineage("run:9f3c", { upstream: 3, downstream: 3 }),
  ]).toEqual(["lineageflow lineage run:9f3c -u 2", "lineageflow lineage run:9f3c -u 3 -d 3"]);
});
