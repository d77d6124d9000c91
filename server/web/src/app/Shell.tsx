import { Outlet, ScrollRestoration } from "react-router";
import { NavigationRail } from "./NavigationRail";
import classes from "./Shell.module.css";

/** The frame of every page: the rail at the left, the page beside it. */
export function Shell() {
  return (
    <div className={classes.shell}>
      <a href="#content" className={classes.skip}>
        Skip to content
      </a>
      <NavigationRail />
      <main id="content" className={classes.content} tabIndex={-1}>
        <Outlet />
      </main>
      <ScrollRestoration />
    </div>
  );
}
