import type { NodeProps } from "@xyflow/react";
import { IconBiohazard, IconPlayerPlay } from "@tabler/icons-react";
import { plural } from "../../ui/format";
import classes from "./cards.module.css";
import { Ends } from "./Ends";
import type { GroupFlowNode } from "./flow";
import { KindIcon } from "./KindIcon";

/** Many versions of one dataset, or many runs of one job, as a stack. */
export function GroupCard({ data: { group, hasStart } }: NodeProps<GroupFlowNode>) {
  const [first] = group.members;
  if (!first) return null;
  const isRun = group.kind === "run";
  return (
    <div
      className={isRun ? classes.run : classes.version}
      data-stack
      data-tainted={group.tainted}
      data-start={hasStart}
      data-model={first.dataset_type === "MODEL"}
      title={group.title}
    >
      <Ends />
      {isRun ? (
        <IconPlayerPlay size={15} stroke={1.8} className={classes.state} aria-hidden />
      ) : (
        <span className={classes.kind}>
          <KindIcon node={first} />
        </span>
      )}
      <span className={classes.text}>
        <span className={classes.name}>{isRun ? group.title.replace(/^[^.]*\./, "") : group.title}</span>
        {!isRun && (
          <span className={classes.sub}>
            {plural(group.members.length, "version")}
            {group.tainted && (
              <span className={classes.taint}>
                <IconBiohazard size={12} aria-hidden /> tainted
              </span>
            )}
          </span>
        )}
      </span>
      {isRun && <span className={classes.short}>× {group.members.length}</span>}
    </div>
  );
}
