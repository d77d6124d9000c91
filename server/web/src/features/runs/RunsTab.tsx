import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { IconPlayerPlay } from "@tabler/icons-react";
import { Link } from "react-router";
import type { Run, Transaction } from "../../api/types";
import { commands } from "../../cli";
import type { Column } from "../../ui/DataTable";
import { EmptyState } from "../../ui/EmptyState";
import { Id } from "../../ui/Id";
import { PagedTable } from "../../ui/PagedTable";
import { Panel } from "../../ui/Panel";
import { Duration, Time } from "../../ui/Time";
import { Unfold } from "../../ui/Unfold";
import { useRequiredParam } from "../../ui/useRequiredParam";
import { useUrlSet } from "../../ui/urlState";
import { urls } from "../../urls";
import { LIVE, recentRunsQuery, runQuery, transactionsQuery } from "./queries";
import { RunStatus, TransactionStatus } from "./RunStatus";
import { StepList } from "./StepList";

/** The pipeline runs that wrote to a repository, newest first. */
export function RunsTab() {
  const repository = useRequiredParam("repository");
  const transactions = useInfiniteQuery({
    ...transactionsQuery(repository),
    refetchInterval: ({ state }) =>
      state.data?.pages.some(({ items }) => items.some((item) => item.state === "open")) === true
        ? LIVE
        : false,
  });
  const [open, toggle] = useUrlSet("open");
  const columns: Column<Transaction>[] = [
    {
      key: "job",
      header: "Run",
      grow: true,
      cell: ({ run_id }) => (
        <Unfold
          open={open.has(run_id)}
          onToggle={() => toggle(run_id)}
          label={`Steps of run ${run_id.slice(0, 8)}`}
        >
          <WithRun id={run_id}>
            {(run) => <Link to={urls.run(run_id)}>{run?.job.name ?? "Unknown job"}</Link>}
          </WithRun>
        </Unfold>
      ),
    },
    { key: "id", header: "Id", cell: ({ run_id }) => <Id value={run_id} of="run" to={urls.run(run_id)} /> },
    {
      key: "state",
      header: "State",
      cell: ({ run_id }) => <WithRun id={run_id}>{(run) => run && <RunStatus state={run.state} />}</WithRun>,
    },
    { key: "data", header: "Data", cell: ({ state }) => <TransactionStatus state={state} /> },
    {
      key: "commit",
      header: "Commit",
      cell: ({ published }) =>
        published == null ? null : (
          <Id value={published} of="commit" to={urls.commit(repository, published)} />
        ),
    },
    { key: "started", header: "Started", align: "right", cell: (row) => <Time value={row.created_at} /> },
    {
      key: "duration",
      header: "Duration",
      align: "right",
      cell: ({ run_id }) => (
        <WithRun id={run_id}>
          {(run) => run?.started_at != null && <Duration start={run.started_at} end={run.ended_at} />}
        </WithRun>
      ),
    },
  ];
  return (
    <Panel flush>
      <PagedTable
        label="Runs"
        query={transactions}
        columns={columns}
        rowKey={({ run_id }) => run_id}
        detail={({ run_id }) => open.has(run_id) && <StepList run={run_id} />}
        empty={
          <EmptyState icon={IconPlayerPlay} title="No run wrote here yet" command={commands.runs()}>
            A pipeline that writes through LineageFlow shows here with its first write. All runs that reported
            to this lake:
          </EmptyState>
        }
      />
    </Panel>
  );
}

/** Hands down the run of this id: from the list of recent ones where it is there, else asked for by itself. */
function WithRun({ id, children }: { id: string; children: (run: Run | undefined) => React.ReactNode }) {
  const recent = useQuery(recentRunsQuery());
  const listed = recent.data?.find((run) => run.id === id);
  const alone = useQuery({ ...runQuery(id), enabled: recent.isSuccess && listed === undefined });
  return children(listed ?? alone.data?.run);
}
