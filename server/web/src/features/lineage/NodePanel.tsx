import { ActionIcon } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { type ReactNode, useEffect } from "react";
import { Facts } from "../../ui/Facts";
import { nodeTitle } from "./node";
import type { Graph, Taint } from "./graph";
import type { Drawing } from "./groups";
import { GroupDetails } from "./GroupDetails";
import classes from "./NodePanel.module.css";
import { RunDetailsCard } from "./RunDetailsCard";
import { VersionDetails } from "./VersionDetails";

interface NodePanelProps {
  id: string;
  graph: Graph;
  drawing: Drawing;
  taint: Taint | undefined;
  /** The address of the graph around a node. */
  focusUrl: (id: string) => string;
  onSelect: (id: string | null) => void;
  onToggleGroup: (id: string) => void;
  isOpen: (group: string) => boolean;
}

/** What is known of the chosen card. Escape closes it. */
export function NodePanel({
  id,
  graph,
  drawing,
  taint,
  focusUrl,
  onSelect,
  onToggleGroup,
  isOpen,
}: NodePanelProps) {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape") onSelect(null);
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [onSelect]);

  const node = graph.nodes.find((each) => each.id === id);
  const group = drawing.groups.find((each) => each.id === id) ?? drawing.groupOf.get(id);
  if (node?.version)
    return (
      <Frame title={nodeTitle(id)} onClose={() => onSelect(null)}>
        <VersionDetails
          node={{ ...node, version: node.version }}
          graph={graph}
          taint={taint}
          focusUrl={focusUrl}
          onSelect={onSelect}
        />
        {group && isOpen(group.id) && (
          <Fold onFold={() => onToggleGroup(group.id)} count={group.members.length} />
        )}
      </Frame>
    );
  if (node?.run)
    return (
      <Frame title={node.run.job.name} onClose={() => onSelect(null)}>
        <RunDetailsCard run={node.run} isTainted={taint?.nodes.has(id) === true} focusUrl={focusUrl} />
        {group && isOpen(group.id) && (
          <Fold onFold={() => onToggleGroup(group.id)} count={group.members.length} />
        )}
      </Frame>
    );
  if (node?.job)
    return (
      <Frame title={node.job.name} onClose={() => onSelect(null)}>
        <Facts
          facts={[
            ["Job", node.job.name],
            ["Namespace", node.job.namespace],
            ["Known", "It declares what it reads and writes. No run of it is known to have done so."],
          ]}
        />
      </Frame>
    );
  if (group)
    return (
      <Frame title={group.title} onClose={() => onSelect(null)}>
        <GroupDetails group={group} focusUrl={focusUrl} onUnfold={() => onToggleGroup(group.id)} />
      </Frame>
    );
  return null;
}

function Frame({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  return (
    <aside className={classes.panel} aria-label="Details">
      <header className={classes.header}>
        <h2 className={classes.title}>{title}</h2>
        <ActionIcon size={24} aria-label="Close details" onClick={onClose}>
          <IconX size={16} />
        </ActionIcon>
      </header>
      {children}
    </aside>
  );
}

function Fold({ count, onFold }: { count: number; onFold: () => void }) {
  return (
    <button type="button" className={classes.fold} onClick={onFold}>
      Draw these {count} as one again
    </button>
  );
}
