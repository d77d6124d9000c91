import { IconDatabase, IconTopologyStar3 } from "@tabler/icons-react";
import { Link, NavLink } from "react-router";
import { urls } from "../urls";
import { ColorSchemeSwitch } from "./ColorSchemeSwitch";
import { GoTo } from "./GoTo";
import classes from "./NavigationRail.module.css";

/** The way between the parts of the page. */
export function NavigationRail() {
  return (
    <nav className={classes.rail} aria-label="Main">
      <Link to={urls.repositories()} className={classes.logo} aria-label="LineageFlow: home">
        <img src="/icon.svg" alt="" width={28} height={28} />
      </Link>
      <GoTo />
      <NavLink to={urls.repositories()} end className={classes.item ?? ""}>
        <IconDatabase size={20} stroke={1.6} aria-hidden />
        Repos
      </NavLink>
      <NavLink to={urls.lineage()} className={classes.item ?? ""}>
        <IconTopologyStar3 size={20} stroke={1.6} aria-hidden />
        Lineage
      </NavLink>
      <div className={classes.bottom}>
        <ColorSchemeSwitch />
      </div>
    </nav>
  );
}
