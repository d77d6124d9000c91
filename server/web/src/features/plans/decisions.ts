/** What people decide about a plan's items before it is applied. Pure. */
import type { PlanDecision, PlanItem, RollbackPlan } from "../../api/types";
import { address } from "../../urls";

/** Decisions by the address of an item, as the server takes them. */
export type Decisions = Readonly<Record<string, PlanDecision>>;

const ACTIONS = { restore: "restore", keep_later: "merge", skip: "skip" } as const;

/** Whether a plan's items can still be decided: once it has begun, what it does is settled. */
export function isOpen({ state }: RollbackPlan): boolean {
  return state === "planned" || state === "outdated";
}

/** What an item is called where its path alone could mean several. */
export function addressOf({ repository, branch, dataset, partition }: PlanItem): string {
  return address(repository, partition === "" ? dataset : `${dataset}/${partition}`, branch);
}

/** What stands decided about an item, if there is anything to decide. */
export function decisionOf({ action, choices }: PlanItem): PlanDecision | undefined {
  const decision = action === "merge" ? "keep_later" : action === "skip" ? "skip" : "restore";
  return choices.includes(decision) ? decision : undefined;
}

/** The items as they are with these decisions: as the server will have them. */
export function decided(items: readonly PlanItem[], decisions: Decisions): PlanItem[] {
  return items.map((item) => {
    const decision = decisions[addressOf(item)];
    if (decision === undefined || !item.choices.includes(decision)) return item;
    const removes = decision === "restore" && item.good == null;
    return { ...item, action: removes ? "remove" : ACTIONS[decision] };
  });
}

/** What a decision does to an item, in the words of the actions. */
export function choiceLabel(item: PlanItem, decision: PlanDecision): string {
  if (decision === "keep_later") return "Keep later work";
  if (decision === "skip") return "Skip";
  return item.good == null ? "Remove" : "Restore";
}
