import { useState } from "react";
import type { RollbackPlan } from "../../api/types";
import { commands } from "../../cli";
import { CopyCommand } from "../../ui/CopyCommand";
import { formatCount } from "../../ui/format";
import { IdLink } from "../../ui/Id";
import { Panel } from "../../ui/Panel";
import { Tabs } from "../../ui/Tabs";
import { useUrlState } from "../../ui/urlState";
import { urls } from "../../urls";
import { ApplyPlan } from "./ApplyPlan";
import { addressOf, decided, type Decisions, isOpen } from "./decisions";
import { ItemTable } from "./ItemTable";
import { PlanStatus } from "./PlanStatus";
import classes from "./PlanView.module.css";
import { commitsOf, countActions, whatStays } from "./summary";
import { TargetLink } from "./TargetLink";

const SHOWN = ["all", "restore", "merge", "remove", "keep", "skip", "cannot"] as const;

const MORE = { merge: "Keep later work", skip: "Skip", cannot: "Cannot" } as const;

const EXTENT = {
  descendants: " and everything derived from it",
  outputs: ", only what it wrote itself,",
} as const;

/** A rollback as it is planned, or as it was applied: what happens to each dataset and partition, and why. */
export function PlanView({ plan }: { plan: RollbackPlan }) {
  const [shown, setShown] = useUrlState("show", SHOWN, "all");
  const [decisions, setDecisions] = useState<Decisions>({});
  const items = decided(plan.items, decisions);
  const counts = countActions(items);
  const applied = plan.state === "applied" || plan.state === "undone";
  const isUndoing = plan.undoes != null;
  return (
    <>
      <Panel>
        <div className={`prose ${classes.summary ?? ""}`}>
          <div className={classes.what}>
            <span className={classes.sentence}>
              {isUndoing ? (applied ? "Undone" : "Undo") : applied ? "Rolled back" : "Roll back"}{" "}
              <TargetLink target={plan.target} />
              {isUndoing ? "" : EXTENT[plan.scope]} on <b>{plan.branch}</b>
              {plan.reach === "all_branches" && " and every branch that has it"}
            </span>
            <PlanStatus state={plan.state} />
          </div>
          <ul className={classes.counts}>
            <Count
              number={counts.restore}
              tone="ok"
              label={isUndoing ? "as they were before" : "back to the last clean version"}
            />
            {counts.merge > 0 && (
              <Count number={counts.merge} tone="ok" label="without what was bad, later work kept" />
            )}
            <Count
              number={counts.remove}
              tone="failed"
              label={isUndoing ? "removed: they were not there before" : "removed: no clean version existed"}
            />
            <Count number={counts.keep} tone="neutral" label="left as they are" />
            {counts.skip > 0 && <Count number={counts.skip} tone="neutral" label="bad, and skipped" />}
            {counts.cannot > 0 && (
              <Count number={counts.cannot} tone="failed" label="outside: tell their owners" />
            )}
          </ul>
          {whatStays(items).map((line) => (
            <p key={line} className={classes.stays}>
              {line}
            </p>
          ))}
          <p className={classes.stays}>
            Made for commit <IdLink value={plan.head} to={urls.commit(plan.repository, plan.head)} />. History
            is not rewritten: {applied ? "this was" : "it becomes"} {commitsOf(items)}. That can be undone.
          </p>
        </div>
      </Panel>

      <ApplyPlan plan={plan} items={items} decisions={decisions} />

      <Tabs
        label="Items by action"
        value={shown}
        onChange={setShown}
        actions={<CopyCommand command={commands.applyPlan(plan.repository, plan.id)} />}
        tabs={[
          { value: "all", label: `All (${items.length})` },
          { value: "restore", label: `Restore (${counts.restore})` },
          { value: "remove", label: `Remove (${counts.remove})` },
          { value: "keep", label: `Keep (${counts.keep})` },
          ...(["merge", "skip", "cannot"] as const)
            .filter((action) => counts[action] > 0)
            .map((action) => ({ value: action, label: `${MORE[action]} (${counts[action]})` })),
        ]}
      >
        <Panel flush>
          <ItemTable
            plan={plan}
            items={items.filter(({ action }) => shown === "all" || action === shown)}
            onDecide={
              isOpen(plan)
                ? (item, decision) => setDecisions((before) => ({ ...before, [addressOf(item)]: decision }))
                : undefined
            }
          />
        </Panel>
      </Tabs>
    </>
  );
}

function Count({ number, tone, label }: { number: number; tone: string; label: string }) {
  return (
    <li className={classes.count} data-tone={number === 0 ? "none" : tone}>
      <b className={classes.number}>{formatCount(number)}</b> {label}
    </li>
  );
}
