/** What a plan says, in numbers and in words. Pure. */
import type { PlanAction, PlanItem, PlanReason } from "../../api/types";
import { plural } from "../../ui/format";

export const REASONS: Record<PlanReason, string> = {
  output: "The bad run wrote it",
  derived: "It was made from something bad",
  same_content: "A clean run made exactly the same content",
  superseded: "The branch holds a later, clean version already",
  elsewhere: "It is not in this repository on this branch",
  external: "It is outside of this lake",
  unknown: "No event says which version it is",
  changed: "It changed while the plan was being applied",
  undone: "A rollback took it back, and that is taken back",
};

const CHANGING: ReadonlySet<PlanAction> = new Set(["restore", "merge", "remove"]);

/** Whether applying the plan changes an item. */
export function changes({ action }: PlanItem): boolean {
  return CHANGING.has(action);
}

/** How many items have each action. */
export function countActions(items: readonly PlanItem[]): Record<PlanAction, number> {
  const counts = { restore: 0, merge: 0, remove: 0, keep: 0, skip: 0, cannot: 0 };
  for (const { action } of items) counts[action] += 1;
  return counts;
}

/** Whether applying the plan would change anything. */
export function changesAnything(items: readonly PlanItem[]): boolean {
  return items.some(({ action }) => CHANGING.has(action));
}

/** How many commits changing these items takes: one on each branch. */
export function commitsOf(items: readonly PlanItem[]): string {
  const places = new Set(items.filter(changes).map(({ repository, branch }) => `${repository}@${branch}`));
  return places.size > 1 ? `${places.size} new commits, one on each branch` : "one new commit";
}

/** Why the items that stay do so: one line a reason, as `2 stay: a clean run made exactly the same content`. */
export function whatStays(items: readonly PlanItem[]): string[] {
  const counts = new Map<PlanReason, number>();
  for (const { action, reason } of items)
    if (action === "keep") counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(
    ([reason, count]) =>
      `${plural(count, "version stays", "versions stay")}: ${lowerFirst(REASONS[reason])}.`,
  );
}

/** How far from the bad run a version is. */
export function formatDegree(degree: number): string {
  return degree === 0 ? "own output" : `${plural(degree, "run")} away`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
