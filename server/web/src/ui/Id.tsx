import { Link } from "react-router";
import { Copy } from "./Copy";
import { shortId } from "./format";
import classes from "./Id.module.css";

interface IdProps {
  value: string;
  /** What the id is of: "commit", "snapshot". Names the copy button. */
  of: string;
  to?: string | undefined;
}

/** An id, short, in monospace, with a button that copies the whole of it. */
export function Id({ value, of, to }: IdProps) {
  return (
    <span className={classes.id}>
      {to === undefined ? <code title={value}>{shortId(value)}</code> : <IdLink value={value} to={to} />}
      <span className={classes.copy}>
        <Copy value={value} label={`Copy ${of} id ${shortId(value)}`} />
      </span>
    </span>
  );
}

/** An id within a sentence. */
export function IdLink({ value, to }: { value: string; to: string }) {
  return (
    <Link to={to} title={value}>
      <code>{shortId(value)}</code>
    </Link>
  );
}
