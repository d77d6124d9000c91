import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconArrowBackUp, IconFolderOpen } from "@tabler/icons-react";
import { Link } from "react-router";
import type { Commit } from "../../api/types";
import { commands } from "../../cli";
import { CopyCommand } from "../../ui/CopyCommand";
import { Facts } from "../../ui/Facts";
import { shortId } from "../../ui/format";
import { Id } from "../../ui/Id";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { Panel } from "../../ui/Panel";
import { Time } from "../../ui/Time";
import { useRequiredParam } from "../../ui/useRequiredParam";
import { useUrlState } from "../../ui/urlState";
import { urls } from "../../urls";
import { runNode } from "../lineage/node";
import { TargetLink } from "../plans/TargetLink";
import { commitQuery } from "../repositories/queries";
import { RunChip } from "../runs/RunChip";
import { CommitDiff } from "./CommitDiff";
import classes from "./CommitPage.module.css";
import { MergeBadge } from "./MergeBadge";
import { headline, messageBody } from "./message";

/** One commit: who made it and why, and what it changed. */
export function CommitPage() {
  const repository = useRequiredParam("repository");
  const id = useRequiredParam("id");
  const commit = useQuery(commitQuery(repository, id));
  return (
    <Page
      title={commit.data ? headline(commit.data.message) : "Commit"}
      crumbs={[
        { label: "Repositories", to: urls.repositories() },
        { label: repository, to: urls.repository(repository) },
        { label: "Commits", to: urls.commits(repository, id) },
        { label: shortId(id) },
      ]}
      actions={commit.data && <Actions repository={repository} commit={commit.data} />}
    >
      <Loaded query={commit}>{(found) => <Details repository={repository} commit={found} />}</Loaded>
    </Page>
  );
}

function Actions({ repository, commit }: { repository: string; commit: Commit }) {
  return (
    <>
      <CopyCommand command={commands.show(repository, commit.id)} />
      <Button
        component={Link}
        to={urls.tree(repository, commit.id)}
        variant="default"
        leftSection={<IconFolderOpen size={14} aria-hidden />}
      >
        Browse data
      </Button>
      {commit.run_id != null && (
        <Button
          component={Link}
          to={urls.rollback(repository, { target: runNode(commit.run_id) })}
          leftSection={<IconArrowBackUp size={14} aria-hidden />}
        >
          Roll back this run…
        </Button>
      )}
    </>
  );
}

function Details({ repository, commit }: { repository: string; commit: Commit }) {
  const [side, setSide] = useUrlState("parent", ["1", "2"], "1");
  const body = messageBody(commit.message);
  const against = commit.parents[side === "2" ? 1 : 0] ?? commit.parents[0];
  return (
    <>
      <div>
        <div className={classes.heading}>
          <span className={classes.message}>{headline(commit.message)}</span>
          {commit.parents.length > 1 && <MergeBadge />}
        </div>
        {body !== "" && <p className={classes.body}>{body}</p>}
      </div>
      <Panel>
        <div className={classes.facts}>
          <Facts
            facts={[
              ["Commit", <Id key="id" value={commit.id} of="commit" />],
              ["Author", commit.author],
              ["Made", <Time key="time" value={commit.created_at} />],
            ]}
          />
          <Facts
            facts={[
              [
                "Parents",
                commit.parents.length === 0 ? (
                  "none: the first commit"
                ) : (
                  <Parents repository={repository} commit={commit} />
                ),
              ],
              ["Run", commit.run_id == null ? null : <RunChip id={commit.run_id} />],
              ["Content", <Id key="root" value={commit.root} of="root" />],
              ...Object.entries(commit.metadata).map(
                ([name, value]) => [name, <MetadataValue key={name} name={name} value={value} />] as const,
              ),
            ]}
          />
        </div>
      </Panel>
      <CommitDiff
        repository={repository}
        right={commit.id}
        left={against}
        sides={commit.parents}
        side={side}
        onSide={setSide}
      />
    </>
  );
}

/** What a rollback writes into its commit leads to the plan and to what was bad; the rest is text. */
function MetadataValue({ name, value }: { name: string; value: string }) {
  if (name === "plan") return <Link to={urls.plan(value)}>{value}</Link>;
  if (name === "rollback") return <TargetLink target={value} />;
  return value;
}

function Parents({ repository, commit }: { repository: string; commit: Commit }) {
  return (
    <span className={classes.parents}>
      {commit.parents.map((parent) => (
        <Id key={parent} value={parent} of="parent commit" to={urls.commit(repository, parent)} />
      ))}
    </span>
  );
}
