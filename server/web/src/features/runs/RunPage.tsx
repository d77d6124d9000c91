import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconAlertTriangle, IconArrowBackUp, IconTopologyStar3, IconUrgent } from "@tabler/icons-react";
import { Link } from "react-router";
import type { RunDetails } from "../../api/types";
import { Id } from "../../ui/Id";
import { Loaded } from "../../ui/Loaded";
import { Notice } from "../../ui/Notice";
import { Page } from "../../ui/Page";
import { Panel } from "../../ui/Panel";
import { useRequiredParam } from "../../ui/useRequiredParam";
import { plural, shortId } from "../../ui/format";
import { urls } from "../../urls";
import { repositoryOf, runNode } from "../lineage/node";
import { runQuery } from "./queries";
import { RunFacts } from "./RunFacts";
import { RunStatus } from "./RunStatus";
import { StepTable } from "./StepTable";
import { byDataset } from "./steps";
import { VersionGroups } from "./VersionGroups";
import classes from "./RunPage.module.css";

/** One run: what it read and wrote at exact versions, with what code, on what, and what came of it. */
export function RunPage() {
  const id = useRequiredParam("id");
  const details = useQuery(runQuery(id));
  const repository = details.data && repositoryOfRun(details.data);
  return (
    <Page
      title={details.data?.run.job.name ?? "Run"}
      crumbs={[
        ...(repository === undefined
          ? [{ label: "Runs" }]
          : [
              { label: repository, to: urls.repository(repository) },
              { label: "Runs", to: urls.runs(repository) },
            ]),
        ...(details.data?.run.parent == null
          ? []
          : [{ label: shortId(details.data.run.parent), to: urls.run(details.data.run.parent) }]),
        { label: shortId(id) },
      ]}
      actions={<Actions id={id} repository={repository} />}
    >
      <Loaded query={details}>{(found) => <Details details={found} repository={repository} />}</Loaded>
    </Page>
  );
}

function Actions({ id, repository }: { id: string; repository: string | undefined }) {
  const node = runNode(id);
  return (
    <>
      <Button
        component={Link}
        to={urls.lineage({ node })}
        variant="default"
        leftSection={<IconTopologyStar3 size={14} aria-hidden />}
      >
        Lineage
      </Button>
      <Button
        component={Link}
        to={urls.lineage({ node, dir: "downstream", depth: "10", bad: node })}
        variant="default"
        leftSection={<IconUrgent size={14} aria-hidden />}
      >
        Impact
      </Button>
      {repository !== undefined && (
        <Button
          component={Link}
          to={urls.rollback(repository, { target: node })}
          leftSection={<IconArrowBackUp size={14} aria-hidden />}
        >
          Plan rollback
        </Button>
      )}
    </>
  );
}

function Details({ details, repository }: { details: RunDetails; repository: string | undefined }) {
  const { run, steps, reads, writes } = details;
  const inputs = byDataset(reads, writes);
  const own = inputs.filter(({ isOwn }) => isOwn).length;
  return (
    <>
      <div className={classes.heading}>
        <span className={classes.job}>{run.job.name}</span>
        <RunStatus state={run.state} />
        <Id value={run.id} of="run" />
      </div>
      {run.error != null && (
        <Notice tone="failed" icon={IconAlertTriangle} role="alert" title="The run failed">
          <span className={classes.error}>{run.error}</span>
        </Notice>
      )}
      <div className={classes.columns}>
        <div className={classes.main}>
          <div className={classes.io}>
            <Panel
              title="Reads"
              flush
              actions={
                own > 0 && <span className={classes.own}>and {plural(own, "dataset")} of its own</span>
              }
            >
              <VersionGroups
                label="Reads"
                groups={inputs.filter(({ isOwn }) => !isOwn)}
                none={own > 0 ? "This run read only what it made itself." : "This run read no data."}
              />
            </Panel>
            <Panel title="Writes" flush>
              <VersionGroups label="Writes" groups={byDataset(writes)} none="This run wrote no data." />
            </Panel>
          </div>
          {steps.length > 0 && (
            <Panel title={`Steps (${steps.length})`} flush>
              <StepTable steps={steps} writes={writes} />
            </Panel>
          )}
        </div>
        <RunFacts run={run} repository={repository} />
      </div>
    </>
  );
}

/** The repository that a run worked in: that of its first write, else of its first read. */
function repositoryOfRun({ reads, writes }: RunDetails): string | undefined {
  return [...writes, ...reads].map(({ version }) => repositoryOf(version)).find((name) => name !== undefined);
}
