import type { NodeProps } from "@xyflow/react";
import { RunStateIcon } from "../runs/RunStatus";
import { stepName } from "../runs/steps";
import classes from "./cards.module.css";
import { Ends } from "./Ends";
import type { RunFlowNode } from "./flow";

/** A run, as a rounded pill with the icon of its state. */
export function RunPill({ data: { node, tainted, isStart } }: NodeProps<RunFlowNode>) {
  const { run } = node;
  if (!run) return null;
  return (
    <div
      className={classes.run}
      data-tainted={tainted}
      data-start={isStart}
      title={`${run.job.name}, ${run.state}, run ${run.id}`}
    >
      <Ends />
      <RunStateIcon state={run.state} size={16} />
      <span className={classes.name}>{stepName(run)}</span>
    </div>
  );
}
