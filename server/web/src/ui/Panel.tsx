import type { ReactNode } from "react";
import classes from "./Panel.module.css";

interface PanelProps {
  title?: ReactNode;
  /** Stands at the right of the title. */
  actions?: ReactNode;
  /** Tables reach the panel's edges. */
  flush?: boolean;
  children: ReactNode;
}

/** A titled box: what a page is made of. */
export function Panel({ title, actions, flush = false, children }: PanelProps) {
  return (
    <section className={classes.panel}>
      {title !== undefined && (
        <header className={classes.header}>
          <h2 className={classes.title}>{title}</h2>
          {actions}
        </header>
      )}
      <div className={flush ? classes.flush : classes.body}>{children}</div>
    </section>
  );
}
