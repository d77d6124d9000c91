import type { Icon } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./Notice.module.css";
import type { Tone } from "./Status";

interface NoticeProps {
  tone: Tone;
  icon: Icon;
  title?: string;
  /** `alert` interrupts a screen reader, `status` waits for it to finish. */
  role?: "alert" | "status";
  /** Stands at the right. */
  action?: ReactNode;
  children: ReactNode;
}

/** Something that has to be said above the content. */
export function Notice({ tone, icon: Glyph, title, role = "status", action, children }: NoticeProps) {
  return (
    <div className={`toned ${classes.notice ?? ""}`} data-tone={tone} role={role}>
      <Glyph size={16} stroke={1.8} className={classes.icon} aria-hidden />
      <div className={`prose ${classes.text ?? ""}`}>
        {title !== undefined && <div className={classes.title}>{title}</div>}
        {children}
      </div>
      {action}
    </div>
  );
}
