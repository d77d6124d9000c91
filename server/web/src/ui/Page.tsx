import type { ReactNode } from "react";
import { Breadcrumbs, type Crumb } from "./Breadcrumbs";
import classes from "./Page.module.css";

interface PageProps {
  /** The document's title. */
  title: string;
  crumbs: readonly Crumb[];
  /** Buttons at the right of the header. */
  actions?: ReactNode;
  /** The content fills the window's height and scrolls by itself: for a graph. */
  fill?: boolean;
  children: ReactNode;
}

/** One page: a header that says where one is, and the content. */
export function Page({ title, crumbs, actions, fill = false, children }: PageProps) {
  return (
    <div className={fill ? classes.fill : classes.page}>
      <title>{`${title} · LineageFlow`}</title>
      <header className={classes.header}>
        <h1 className={classes.heading}>
          <Breadcrumbs crumbs={crumbs} />
        </h1>
        <div className={classes.actions}>{actions}</div>
      </header>
      {children}
    </div>
  );
}
