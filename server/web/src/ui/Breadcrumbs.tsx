import { Fragment } from "react";
import { Link } from "react-router";
import classes from "./Breadcrumbs.module.css";

export interface Crumb {
  label: string;
  /** The last crumb, where one already is, has no link. */
  to?: string;
}

/** Where one is, from the outside in. */
export function Breadcrumbs({ crumbs, label = "Breadcrumbs" }: { crumbs: readonly Crumb[]; label?: string }) {
  return (
    <nav aria-label={label} className={classes.crumbs}>
      {crumbs.map((crumb, index) => (
        <Fragment key={`${index}/${crumb.label}`}>
          {index > 0 && (
            <span className={classes.separator} aria-hidden>
              /
            </span>
          )}
          {crumb.to === undefined ? (
            <span aria-current="page" className={classes.current}>
              {crumb.label}
            </span>
          ) : (
            <Link to={crumb.to}>{crumb.label}</Link>
          )}
        </Fragment>
      ))}
    </nav>
  );
}
