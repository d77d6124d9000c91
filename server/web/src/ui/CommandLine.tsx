import { Copy } from "./Copy";
import classes from "./CommandLine.module.css";

/** A command to run in a terminal, with a button that copies it. */
export function CommandLine({ command }: { command: string }) {
  return (
    <div className={classes.line}>
      <span className={classes.prompt} aria-hidden>
        $
      </span>
      <code className={classes.command}>{command}</code>
      <Copy value={command} label="Copy command" />
    </div>
  );
}
