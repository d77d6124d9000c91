import type { NodeProps } from "@xyflow/react";
import { IconCircleDashed } from "@tabler/icons-react";
import classes from "./cards.module.css";
import { Ends } from "./Ends";
import type { JobFlowNode } from "./flow";

/** A job that only declares what it reads and writes: a pill with a dashed border. */
export function JobPill({ data: { node, isStart } }: NodeProps<JobFlowNode>) {
  const { job } = node;
  if (!job) return null;
  return (
    <div
      className={classes.run}
      data-declared
      data-start={isStart}
      title={`${job.name}, declared in ${job.namespace}: no run of it is known`}
    >
      <Ends />
      <IconCircleDashed size={16} stroke={1.6} aria-hidden />
      <span className={classes.name}>{job.name}</span>
    </div>
  );
}
