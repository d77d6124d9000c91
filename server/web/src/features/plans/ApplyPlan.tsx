import { Button, Checkbox, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { IconCircleCheck, IconInfoCircle } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "react-router";
import type { RollbackPlan } from "../../api/types";
import { IdLink } from "../../ui/Id";
import { Notice } from "../../ui/Notice";
import { Panel } from "../../ui/Panel";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { urls } from "../../urls";
import classes from "./ApplyPlan.module.css";
import { useAuthor } from "./author";
import { applyPlan, planKey } from "./queries";
import { changesAnything } from "./summary";

/** Carries a plan out, once somebody says that they read it; afterwards, says where the outcome is. */
export function ApplyPlan({ plan }: { plan: RollbackPlan }) {
  if (plan.state === "applied" || plan.state === "undone") return <Applied plan={plan} />;
  if (!changesAnything(plan.items))
    return (
      <Notice tone="neutral" icon={IconInfoCircle} title="Nothing to roll back">
        {plan.branch} holds nothing bad that could be undone. There is nothing to apply.
      </Notice>
    );
  return <Confirm plan={plan} />;
}

function Applied({ plan }: { plan: RollbackPlan }) {
  return (
    <Notice
      tone="ok"
      icon={IconCircleCheck}
      title="Applied"
      action={
        plan.commit !== null && <Link to={urls.commit(plan.repository, plan.commit)}>See what changed</Link>
      }
    >
      {plan.commit === null ? (
        "Nothing had to change."
      ) : (
        <>
          {plan.branch} is at clean data again, with commit{" "}
          <IdLink value={plan.commit} to={urls.commit(plan.repository, plan.commit)} />.
        </>
      )}
    </Notice>
  );
}

function Confirm({ plan }: { plan: RollbackPlan }) {
  const [read, setRead] = useState(false);
  const [author, setAuthor] = useAuthor();
  const queries = useQueryClient();
  const apply = useMutation({
    mutationFn: () => applyPlan(plan.id, author.trim()),
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
          disabled={!read || author.trim() === ""}
          loading={apply.isPending}
          aria-describedby="apply-note"
        >
          Apply the rollback
        </Button>
        <span id="apply-note" className="dim" aria-live="polite">
          {apply.isPending ? "Applying: making one commit…" : read ? "" : "Nothing has changed yet."}
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
