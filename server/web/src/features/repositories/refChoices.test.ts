import { expect, test } from "vitest";
import type { Ref } from "../../api/types";
import { sampleRef, sampleTransaction } from "../../testing/samples";
import { refChoices } from "./refChoices";

const NOW = new Date("2026-11-21T12:00:00Z");
const RUN = "9f3c1122-0000-4000-8000-00000000000a";

const ref = (kind: Ref["kind"], name: string) => sampleRef({ kind, name });
const transaction = (run_id: string, head: string | null) =>
  sampleTransaction({ run_id, head, state: "discarded" });
const choices = (text: string) =>
  refChoices({
    branches: [ref("branch", "main"), ref("branch", "experiment")],
    tags: [ref("tag", "v1")],
    transactions: [transaction(RUN, "d".repeat(64)), transaction("wrote-nothing", null)],
    text,
    now: NOW,
  }).map(({ label, choices }) => [label, choices.map((choice) => `${choice.ref} ${choice.note}`.trim())]);

test("runs' branches stand under their own heading, and only where there is one", () => {
  expect(choices("")).toEqual([
    ["Branches", ["main 3 h ago", "experiment 3 h ago"]],
    ["Tags", ["v1 3 h ago"]],
    ["Branches of runs", [`run:${RUN} discarded`]],
  ]);
});

test("what is typed narrows the choice", () => {
  expect(choices("EXP")).toEqual([
    ["Branches", ["experiment 3 h ago"]],
    ["As typed", ["EXP"]],
  ]);
});

test.each(["main~2", "3f2a91c0", "main@{2026-05-01}"])("%s is a choice without being listed", (text) => {
  expect(choices(text)).toEqual([["As typed", [text]]]);
});

test("a known ref is not offered twice", () => expect(choices("v1")).toEqual([["Tags", ["v1 3 h ago"]]]));

test("what cannot be a ref is no choice", () => expect(choices("a/b c")).toEqual([]));
