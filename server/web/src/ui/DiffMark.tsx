import type { ReactNode } from "react";
import type { DiffKind } from "../api/types";
import classes from "./DiffMark.module.css";

const MARKS = {
  added: { glyph: "+", word: "Added" },
  removed: { glyph: "−", word: "Removed" },
  changed: { glyph: "~", word: "Changed" },
  moved: { glyph: "→", word: "Moved" },
} as const;

/** How something differs: a glyph, a word and a colour. */
export function DiffMark({ kind }: { kind: DiffKind }) {
  return (
    <span className={classes.mark} data-kind={kind}>
      <b className={classes.glyph} aria-hidden>
        {MARKS[kind].glyph}
      </b>
      {MARKS[kind].word}
    </span>
  );
}

/** Where something is; if it moved, from where: `from → to`. */
export function MovedPath({ from, to }: { from?: string | null | undefined; to: ReactNode }) {
  if (from == null) return to;
  return (
    <span>
      <span className={classes.from}>{from}</span> → {to}
    </span>
  );
}

/** How many things differ, by kind: `+12 −3 ~1`. Kinds that there are none of are left out. */
export function DiffCounts({ added, removed, changed }: Record<"added" | "removed" | "changed", number>) {
  const counts = [
    ["added", added],
    ["removed", removed],
    ["changed", changed],
  ] as const;
  return (
    <span className={classes.counts}>
      {counts.map(([kind, count]) =>
        count === 0 ? null : (
          <span key={kind} className={classes.mark} data-kind={kind} title={`${count} ${kind}`}>
            {MARKS[kind].glyph}
            {count}
          </span>
        ),
      )}
    </span>
  );
}
