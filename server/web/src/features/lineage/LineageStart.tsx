import { Button, TextInput } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { IconTopologyStar3 } from "@tabler/icons-react";
import { type SubmitEvent, useState } from "react";
import { Link, useNavigate } from "react-router";
import type { Run } from "../../api/types";
import { commands } from "../../cli";
import { type Column, DataTable } from "../../ui/DataTable";
import { EmptyState } from "../../ui/EmptyState";
import { Id } from "../../ui/Id";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { Panel } from "../../ui/Panel";
import { Time } from "../../ui/Time";
import { urls } from "../../urls";
import { repositoriesQuery } from "../repositories/queries";
import { recentRunsQuery } from "../runs/queries";
import { RunStatus } from "../runs/RunStatus";
import classes from "./LineageStart.module.css";
import { runNode } from "./node";

const SHOWN = 10;

const RUN_COLUMNS: Column<Run>[] = [
  {
    key: "job",
    header: "Recent run",
    grow: true,
    cell: ({ id, job }) => <Link to={urls.lineage({ node: runNode(id) })}>{job.name}</Link>,
  },
  { key: "id", header: "Id", cell: ({ id }) => <Id value={id} of="run" to={urls.run(id)} /> },
  { key: "state", header: "State", cell: ({ state }) => <RunStatus state={state} /> },
  {
    key: "started",
    header: "Started",
    align: "right",
    cell: ({ started_at }) => started_at !== null && <Time value={started_at} />,
  },
];

/** Where to begin: a name, a whole repository, or a recent run. */
export function LineageStart() {
  const repositories = useInfiniteQuery(repositoriesQuery());
  const runs = useQuery(recentRunsQuery());
  return (
    <Page title="Lineage" crumbs={[{ label: "Lineage" }]}>
      <NodeForm />
      <Panel title="Whole repositories">
        <Loaded query={repositories}>
          {(found) =>
            found.length === 0 ? (
              <span className="dim">There is no repository yet.</span>
            ) : (
              <div className={classes.repositories}>
                {found.map(({ id, name, default_branch }) => (
                  <Button
                    key={id}
                    component={Link}
                    to={urls.repositoryLineage(name, default_branch)}
                    variant="default"
                    leftSection={<IconTopologyStar3 size={14} aria-hidden />}
                  >
                    {name}
                  </Button>
                ))}
              </div>
            )
          }
        </Loaded>
      </Panel>
      <Panel flush>
        <Loaded query={runs}>
          {(found) => (
            <DataTable
              label="Recent runs"
              columns={RUN_COLUMNS}
              rows={found.slice(0, SHOWN)}
              rowKey={({ id }) => id}
              empty={
                <EmptyState
                  icon={IconTopologyStar3}
                  title="No run has reported yet"
                  command={commands.runs()}
                >
                  Lineage comes from what pipelines report while they run.
                </EmptyState>
              }
            />
          )}
        </Loaded>
      </Panel>
    </Page>
  );
}

function NodeForm() {
  const [text, setText] = useState("");
  const navigate = useNavigate();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void navigate(urls.lineage({ node: text.trim() }));
  };
  return (
    <form className={classes.form} onSubmit={submit}>
      <TextInput
        label="Start from"
        className={classes.node ?? ""}
        placeholder="run:… or lf://repository/@ref/dataset/partition"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Button type="submit" disabled={text.trim() === ""}>
        Show lineage
      </Button>
    </form>
  );
}
