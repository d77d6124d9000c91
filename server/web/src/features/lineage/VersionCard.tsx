import type { NodeProps } from "@xyflow/react";
import { IconBiohazard } from "@tabler/icons-react";
import { shortId } from "../../ui/format";
import classes from "./cards.module.css";
import { Ends } from "./Ends";
import type { VersionFlowNode } from "./flow";
import { KindIcon } from "./KindIcon";

/** A dataset with exact content, as a rectangle. */
export function VersionCard({ data: { node, tainted, isStart } }: NodeProps<VersionFlowNode>) {
  const { version } = node;
  if (!version) return null;
  return (
    <div
      className={classes.version}
      data-tainted={tainted}
      data-start={isStart}
      data-model={node.dataset_type === "MODEL"}
      title={`${version.namespace}/${version.name}`}
    >
      <Ends />
      <span className={classes.kind}>
        <KindIcon node={node} />
      </span>
      <span className={classes.text}>
        <span className={classes.name}>{version.name}</span>
        <span className={classes.sub}>
          {version.partition !== "" && <span className={classes.partition}>{version.partition}</span>}
          {version.version === null ? "version unknown" : <code>{shortId(version.version)}</code>}
          {tainted && (
            <span className={classes.taint}>
              <IconBiohazard size={12} aria-hidden /> tainted
            </span>
          )}
        </span>
      </span>
    </div>
  );
}
