import { Button, Checkbox, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { IconArrowBackUp, IconCircleCheck, IconClock, IconInfoCircle } from "@tabler/icons-react";
import { useState } from "react";
import { Link, useNavigate } from "react-router";
import type { PlanItem, RollbackPlan } from "../../api/types";
import { shortId } from "../../ui/format";
import { IdLink } from "../../ui/Id";
import { Notice } from "../../ui/Notice";
import { Panel } from "../../ui/Panel";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { urls } from "../../urls";
import classes from "./ApplyPlan.module.css";
import { useAuthor } from "./author";
import type { Decisions } from "./decisions";
import { applyPlan, planKey, planUndo } from "./queries";
import { changesAnything } from "./summary";

interface ApplyPlanProps {
  plan: RollbackPlan;
  /** Its items as they are decided now. */
  items: readonly PlanItem[];
  decisions: Decisions;
}

/** Carries a plan out, once somebody says that they read it; afterwards, says where the outcome is. */
export function ApplyPlan({ plan, items, decisions }: ApplyPlanProps) {
  if (plan.state === "applied") return <Applied plan={plan} />;
  if (plan.state === "undone") return <Undone plan={plan} />;
  if (!plan.items.some(({ choices }) => choices.length > 0) && !changesAnything(items))
    return (
      <Notice tone="neutral" icon={IconInfoCircle} title="Nothing to roll back">
        {plan.branch} holds nothing bad that could be undone. There is nothing to apply.
      </Notice>
    );
  return (
    <>
      {plan.state === "outdated" && <Outdated plan={plan} />}
      <Confirm plan={plan} items={items} decisions={decisions} />
    </>
  );
}

function Applied({ plan }: { plan: RollbackPlan }) {
  return (
    <Notice tone="ok" icon={IconCircleCheck} title="Applied" action={<Undo plan={plan} />}>
      <p className={classes.outcome}>
        {plan.commit == null ? (
          "Nothing had to change."
        ) : plan.undoes == null ? (
          <>
            {plan.branch} is at clean data again, with commit <CommitLink plan={plan} />.
          </>
        ) : (
          <>
            {plan.branch} is as it was before, with commit <CommitLink plan={plan} />.
          </>
        )}
      </p>
      {plan.commit != null && <Link to={urls.commit(plan.repository, plan.commit)}>See what changed</Link>}
    </Notice>
  );
}

function CommitLink({ plan }: { plan: RollbackPlan }) {
  return plan.commit == null ? null : (
    <IdLink value={plan.commit} to={urls.commit(plan.repository, plan.commit)} />
  );
}

function Undone({ plan }: { plan: RollbackPlan }) {
  return (
    <Notice tone="neutral" icon={IconArrowBackUp} title="Undone">
      What this changed was taken back
      {plan.undone_by != null && (
        <>
          {" "}
          by <Link to={urls.plan(plan.undone_by)}>plan {shortId(plan.undone_by)}</Link>, which can be undone
          itself
        </>
      )}
      .
    </Notice>
  );
}

function Outdated({ plan }: { plan: RollbackPlan }) {
  const { repository, target, branch, scope, reach } = plan;
  return (
    <Notice
      tone="neutral"
      icon={IconClock}
      title="Outdated"
      action={
        plan.undoes == null &&
        !target.includes(", ") && (
          <Link to={urls.rollback(repository, { target, branch, scope, reach })}>Make a new plan</Link>
        )
      }
    >
      Something that it would change has changed since, so nothing was done. Make a new plan, or skip what has
      changed and apply the rest.
    </Notice>
  );
}

/** Leads to the plan that takes this one back: there it is looked at and confirmed. */
function Undo({ plan }: { plan: RollbackPlan }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const undo = useMutation({
    mutationFn: () => planUndo(plan.id),
    onSuccess: (undoing) => {
      queries.setQueryData(planKey(undoing.id), undoing);
      void navigate(urls.plan(undoing.id));
    },
  });
  return (
    <div className={classes.undo}>
      <Button variant="default" size="compact-sm" loading={undo.isPending} onClick={() => undo.mutate()}>
        {plan.undoes == null ? "Undo this rollback…" : "Roll back again…"}
      </Button>
      {undo.error && <span role="alert">{undo.error.message}</span>}
    </div>
  );
}

function Confirm({ plan, items, decisions }: ApplyPlanProps) {
  const [read, setRead] = useState(false);
  const [author, setAuthor] = useAuthor();
  const queries = useQueryClient();
  const changesSome = changesAnything(items);
  const begun = plan.state === "applying";
  const apply = useMutation({
    mutationFn: () => applyPlan(plan.id, author.trim(), begun ? {} : decisions),
    onSettled: () => queries.invalidateQueries({ queryKey: ["plans"] }),
    onSuccess: async (applied) => {
      queries.setQueryData(planKey(applied.id), applied);
      await queries.invalidateQueries({ queryKey: ["repository", applied.repository] });
    },
  });
  return (
    <Panel title="Apply">
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault();
          apply.mutate();
        }}
      >
        <Checkbox
          label="I have read what changes"
          checked={read}
          onChange={(event) => setRead(event.currentTarget.checked)}
          disabled={apply.isPending}
        />
        <TextInput
          label="Author of the commit"
          labelProps={{ className: classes.label }}
          className={classes.author ?? ""}
          value={author}
          onChange={(event) => setAuthor(event.currentTarget.value)}
          disabled={apply.isPending}
        />
        <Button
          type="submit"
          color="red"
          disabled={!read || !changesSome || author.trim() === ""}
          loading={apply.isPending}
          aria-describedby="apply-note"
        >
          {begun ? "Finish it" : plan.undoes == null ? "Apply the rollback" : "Undo the rollback"}
        </Button>
        <span id="apply-note" className="dim" aria-live="polite">
          {apply.isPending
            ? "Applying…"
            : !changesSome
              ? "Everything is skipped: there is nothing to apply."
              : begun
                ? "It was interrupted: what is not done yet will be."
                : read
                  ? ""
                  : "Nothing has changed yet."}
        </span>
      </form>
      {apply.error && (
        <div className={classes.problem}>
          <ProblemAlert error={apply.error} />
        </div>
      )}
    </Panel>
  );
}
