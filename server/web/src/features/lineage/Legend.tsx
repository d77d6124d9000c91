import type { LineageEdge } from "../../api/types";
import { linesOf } from "./evidence";
import classes from "./Legend.module.css";

/** What the lines of a drawing mean; nothing where there is only one kind. */
export function Legend({ edges }: { edges: readonly LineageEdge[] }) {
  const lines = linesOf(edges);
  if (lines.every(({ dashes }) => dashes === undefined)) return null;
  return (
    <ul className={classes.legend} aria-label="How edges are known">
      {lines.map(({ name, meaning, dashes }) => (
        <li key={name}>
          <svg width="34" height="8" aria-hidden>
            <line
              x1="0"
              y1="4"
              x2="34"
              y2="4"
              {...(dashes === undefined ? {} : { strokeDasharray: dashes })}
            />
          </svg>
          {meaning}
        </li>
      ))}
    </ul>
  );
}
