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
  expect(commands.planRollback("flights", "run:9f3c", "main", "descendants")).toBe(
    "lineageflow rollback run:9f3c -R flights --branch main --descendants --dry-run",
  );
});
