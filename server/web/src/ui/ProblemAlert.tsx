import { Button } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { Problem } from "../api/problem";
import { Notice } from "./Notice";
import classes from "./ProblemAlert.module.css";

const NEXT_BY_KIND: Record<string, string> = {
  repository_not_found: "Go back to the repositories and choose one of them.",
  ref_not_found: "Choose another ref with the ref picker.",
  object_not_found: "It may exist at another ref, or under another path: go up a folder and look around.",
  run_not_found: "The run's events may not have arrived yet. Check that its pipeline reports to this server.",
  plan_outdated: "Make a new plan: the branch has moved on since this one was made.",
  merge_conflict: "Decide the conflicts on the command line with 'lineageflow merge'.",
  scope_missing: "Nothing has changed. To do this, log in with a token that may.",
  server_unreachable: "Check that the server runs ('lineageflow up'), then try again.",
};

/** A failure: what failed, why, and what to do next. */
export function ProblemAlert({ error, onRetry }: { error: unknown; onRetry?: (() => void) | undefined }) {
  const problem = error instanceof Problem ? error : undefined;
  const next = problem && NEXT_BY_KIND[problem.kind];
  return (
    <Notice
      tone="failed"
      icon={IconAlertTriangle}
      role="alert"
      title={problem?.title ?? "Something on this page failed"}
      action={
        problem?.wantsLogin === true ? (
          <a href="/login">Log in</a>
        ) : (
          onRetry && (
            <Button size="compact-sm" variant="default" onClick={onRetry}>
              Try again
            </Button>
          )
        )
      }
    >
      <p className={classes.detail}>{error instanceof Error ? error.message : String(error)}</p>
      {next !== undefined && <p className={classes.next}>{next}</p>}
    </Notice>
  );
}
