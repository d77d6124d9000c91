import { IconPlayerPlay } from "@tabler/icons-react";
import { Link } from "react-router";
import { shortId } from "../../ui/format";
import { urls } from "../../urls";
import classes from "./RunChip.module.css";

/** A run, as a pill that leads to it. */
export function RunChip({ id }: { id: string }) {
  return (
    <Link to={urls.run(id)} className={classes.chip} title={id}>
      <IconPlayerPlay size={11} aria-hidden />
      run <code>{shortId(id)}</code>
    </Link>
  );
}
