import type { Icon } from "@tabler/icons-react";
import classes from "./Status.module.css";

export type Tone = "running" | "ok" | "failed" | "warning" | "tainted" | "neutral";

interface StatusProps {
  tone: Tone;
  icon: Icon;
  label: string;
  title?: string | undefined;
}

/** A status is an icon, a word and a colour: never a colour alone. */
export function Status({ tone, icon: Glyph, label, title }: StatusProps) {
  return (
    <span className={`toned ${classes.status ?? ""}`} data-tone={tone} title={title}>
      <Glyph size={13} stroke={2} aria-hidden />
      {label}
    </span>
  );
}
