import { Link } from "react-router";
import type { Io, Run } from "../../api/types";
import { type Column, DataTable } from "../../ui/DataTable";
import { Duration } from "../../ui/Time";
import { useNow } from "../../ui/useNow";
import { urls } from "../../urls";
import { RunStatus } from "./RunStatus";
import { span, stepName, stepPartition } from "./steps";
import classes from "./StepTable.module.css";

interface StepTableProps {
  steps: readonly Run[];
  /** What the steps wrote, where it is known: it says which partition a step was for. */
  writes?: readonly Io[];
}

/** The steps of a run in the order they started, on one scale of time. */
export function StepTable({ steps, writes = [] }: StepTableProps) {
  const now = useNow();
  const ordered = steps.toSorted((left, right) =>
    (left.started_at ?? "").localeCompare(right.started_at ?? ""),
  );
  const whole = span(ordered, now);
  const partitioned = ordered.some((run) => stepPartition(run, writes) !== "");
  const columns: Column<Run>[] = [
    { key: "step", header: "Step", cell: (run) => <Link to={urls.run(run.id)}>{stepName(run)}</Link> },
    ...(partitioned
      ? [{ key: "partition", header: "Partition", cell: (run: Run) => stepPartition(run, writes) }]
      : []),
    { key: "state", header: "State", cell: ({ state }) => <RunStatus state={state} /> },
    {
      key: "timeline",
      header: "Timeline",
      grow: true,
      cell: (run) => <Bar run={run} whole={whole} now={now} />,
    },
    {
      key: "duration",
      header: "Duration",
      align: "right",
      cell: (run) => run.started_at != null && <Duration start={run.started_at} end={run.ended_at} />,
    },
  ];
  return <DataTable label="Steps" columns={columns} rows={ordered} rowKey={({ id }) => id} />;
}

/** When a step ran within the whole run. */
function Bar({ run, whole, now }: { run: Run; whole: { start: number; length: number }; now: Date }) {
  if (run.started_at == null) return null;
  const start = new Date(run.started_at).getTime();
  const end = run.ended_at == null ? now.getTime() : new Date(run.ended_at).getTime();
  return (
    <div className={classes.track} aria-hidden>
      <div
        className={classes.bar}
        data-state={run.state}
        style={{
          left: `${(100 * (start - whole.start)) / whole.length}%`,
          width: `${Math.max(0.5, (100 * (end - start)) / whole.length)}%`,
        }}
      />
    </div>
  );
}
