import { useQuery } from "@tanstack/react-query";
import { IconClockHour3 } from "@tabler/icons-react";
import { Link } from "react-router";
import { shortId, shortRef } from "../../ui/format";
import { IdLink } from "../../ui/Id";
import { Notice } from "../../ui/Notice";
import { Time } from "../../ui/Time";
import { urls } from "../../urls";
import { commitQuery, refsQuery } from "./queries";

interface RefNoticeProps {
  repository: string;
  value: string;
  defaultBranch: string;
}

/** Says so when what is looked at is not a branch as it is now: an older state, a tag, or a run's branch. */
export function RefNotice({ repository, value, defaultBranch }: RefNoticeProps) {
  const branches = useQuery(refsQuery(repository, "branch")).data;
  const commit = useQuery(commitQuery(repository, value)).data;
  if (branches === undefined || commit === undefined || branches.some(({ name }) => name === value))
    return null;

  const run = /^run:([0-9a-f-]{36})$/.exec(value)?.[1];
  return (
    <Notice
      tone="warning"
      icon={IconClockHour3}
      action={<Link to={urls.tree(repository, defaultBranch)}>Back to {defaultBranch}</Link>}
    >
      {run === undefined ? (
        <>
          You are viewing <b>{shortRef(value)}</b>: commit{" "}
          <IdLink value={commit.id} to={urls.commit(repository, commit.id)} />, made{" "}
          <Time value={commit.created_at} />.
        </>
      ) : (
        <>
          You are viewing the branch of <Link to={urls.run(run)}>run {shortId(run)}</Link>. What stands here
          is not on {defaultBranch} unless the run was published.
        </>
      )}
    </Notice>
  );
}
