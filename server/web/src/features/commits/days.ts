import type { Commit } from "../../api/types";
import { formatDay } from "../../ui/format";

export interface Day {
  /** `Today`, `Fri, 21 Nov 2026`. */
  label: string;
  commits: Commit[];
}

/** Commits by the local day that they were made on, in the order they come in. */
export function byDay(commits: readonly Commit[], now: Date): Day[] {
  const days: Day[] = [];
  for (const commit of commits) {
    const label = formatDay(new Date(commit.created_at), now);
    const last = days.at(-1);
    if (last?.label === label) last.commits.push(commit);
    else days.push({ label, commits: [commit] });
  }
  return days;
}
