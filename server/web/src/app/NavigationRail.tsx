import { IconDatabase, IconTopologyStar3 } from "@tabler/icons-react";
import { Link, useLocation } from "react-router";
import { urls } from "../urls";
import { ColorSchemeSwitch } from "./ColorSchemeSwitch";
import { GoTo } from "./GoTo";
import classes from "./NavigationRail.module.css";

/** The way between the parts of the page. */
export function NavigationRail() {
  const inLineage = useLocation().pathname.startsWith("/lineage");
  return (
    <nav className={classes.rail} aria-label="Main">
      <Link to={urls.repositories()} className={classes.logo} aria-label="LineageFlow: home">
        <img src="/icon.svg" alt="" width={28} height={28} />
      </Link>
      <GoTo />
      <Link to={urls.repositories()} className={classes.item} aria-current={inLineage ? undefined : "page"}>
        <IconDatabase size={20} stroke={1.6} aria-hidden />
        Repos
      </Link>
      <Link to={urls.lineage()} className={classes.item} aria-current={inLineage ? "page" : undefined}>
        <IconTopologyStar3 size={20} stroke={1.6} aria-hidden />
        Lineage
      </Link>
      <div className={classes.bottom}>
        <ColorSchemeSwitch />
      </div>
    </nav>
  );
}
