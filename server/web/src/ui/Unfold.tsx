import { ActionIcon } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./Unfold.module.css";

interface UnfoldProps {
  open: boolean;
  onToggle: () => void;
  /** What is shown or hidden. */
  label: string;
  children: ReactNode;
}

/** The first cell of a row that has more below it. */
export function Unfold({ open, onToggle, label, children }: UnfoldProps) {
  return (
    <span className={classes.unfold}>
      <ActionIcon size={20} onClick={onToggle} aria-expanded={open} aria-label={label}>
        {open ? <IconChevronDown size={14} /> : <IconChevronRight size={14} />}
      </ActionIcon>
      {children}
    </span>
  );
}
