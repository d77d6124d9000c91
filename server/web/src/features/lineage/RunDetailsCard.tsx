import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconExternalLink, IconFocusCentered } from "@tabler/icons-react";
import { Link } from "react-router";
import type { Run } from "../../api/types";
import { Facts } from "../../ui/Facts";
import { Id } from "../../ui/Id";
import { Loaded } from "../../ui/Loaded";
import { Duration, Time } from "../../ui/Time";
import { urls } from "../../urls";
import { runQuery } from "../runs/queries";
import { RunStatus } from "../runs/RunStatus";
import { byDataset } from "../runs/steps";
import { VersionGroups } from "../runs/VersionGroups";
import classes from "./details.module.css";
import { runNode } from "./node";
import { Tainted } from "./Tainted";

interface RunDetailsCardProps {
  run: Run;
  isTainted: boolean;
  focusUrl: (id: string) => string;
}

/** A run: its state, code, environment and parameters, and what it read and wrote. */
export function RunDetailsCard({ run, isTainted, focusUrl }: RunDetailsCardProps) {
  const details = useQuery(runQuery(run.id));
  return (
    <>
      <Facts
        facts={[
          ["Run", <Id key="id" value={run.id} of="run" to={urls.run(run.id)} />],
          ["State", <RunStatus key="state" state={run.state} />],
          ["Trust", isTainted ? <Tainted /> : null],
          ["Started", run.started_at === null ? null : <Time value={run.started_at} />],
          [
            "Duration",
            run.started_at === null ? null : <Duration start={run.started_at} end={run.ended_at} />,
          ],
          [
            "Step of",
            run.parent === null ? null : <Id value={run.parent} of="run" to={urls.run(run.parent)} />,
          ],
          ["Code", run.code === null ? null : <Id value={run.code.revision} of="code" />],
          ["Error", run.error],
          ...named("Parameter", run.params),
          ...named("Environment", run.environment),
        ]}
      />
      <div className={classes.actions}>
        <Button
          component={Link}
          to={focusUrl(runNode(run.id))}
          variant="default"
          size="compact-xs"
          leftSection={<IconFocusCentered size={13} aria-hidden />}
        >
          Focus
        </Button>
        <Button
          component={Link}
          to={urls.run(run.id)}
          variant="default"
          size="compact-xs"
          leftSection={<IconExternalLink size={13} aria-hidden />}
        >
          Open run
        </Button>
      </div>
      <Loaded query={details}>
        {({ reads, writes }) => (
          <>
            <h3 className={classes.heading}>Reads</h3>
            <VersionGroups label="Reads" groups={byDataset(reads)} none="This run read no data." />
            <h3 className={classes.heading}>Writes</h3>
            <VersionGroups label="Writes" groups={byDataset(writes)} none="This run wrote no data." />
          </>
        )}
      </Loaded>
    </>
  );
}

/** Names and values as one fact, a line each. */
function named(title: string, values: Record<string, string>) {
  const entries = Object.entries(values);
  if (entries.length === 0) return [];
  return [[title, entries.map(([name, value]) => <div key={name}>{`${name} = ${value}`}</div>)] as const];
}
