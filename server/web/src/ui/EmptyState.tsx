import type { Icon } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { CommandLine } from "./CommandLine";
import classes from "./EmptyState.module.css";

interface EmptyStateProps {
  icon: Icon;
  title: string;
  /** What this is, and how something gets here. */
  children: ReactNode;
  command?: string;
}

/** Where a list has nothing: what would be here, and the command that puts something here. */
export function EmptyState({ icon: Glyph, title, children, command }: EmptyStateProps) {
  return (
    <div className={classes.empty}>
      <Glyph size={28} stroke={1.4} className={classes.icon} aria-hidden />
      <p className={classes.title}>{title}</p>
      <div className={`prose ${classes.text ?? ""}`}>{children}</div>
      {command !== undefined && <CommandLine command={command} />}
    </div>
  );
}
