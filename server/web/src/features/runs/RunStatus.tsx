import {
  IconBan,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleX,
  IconClockPause,
  IconGitMerge,
  IconLoader2,
  IconTrash,
} from "@tabler/icons-react";
import type { RunState, TransactionState } from "../../api/types";
import { Status } from "../../ui/Status";

const RUN_STATES = {
  running: { tone: "running", icon: IconLoader2, label: "Running" },
  completed: { tone: "ok", icon: IconCircleCheck, label: "Completed" },
  failed: { tone: "failed", icon: IconCircleX, label: "Failed" },
  aborted: { tone: "neutral", icon: IconBan, label: "Aborted" },
} as const;

const TRANSACTION_STATES = {
  open: { tone: "running", icon: IconCircleDashed, label: "Open", title: "Not visible outside the run yet" },
  published: {
    tone: "ok",
    icon: IconGitMerge,
    label: "Published",
    title: "Visible on the branch, in one commit",
  },
  discarded: {
    tone: "failed",
    icon: IconTrash,
    label: "Discarded",
    title: "Kept for looking at, never visible",
  },
  expired: {
    tone: "neutral",
    icon: IconClockPause,
    label: "Expired",
    title: "Discarded, and its branch removed",
  },
} as const;

export function RunStatus({ state }: { state: RunState }) {
  return <Status {...RUN_STATES[state]} />;
}

/** What became of what a run wrote. */
export function TransactionStatus({ state }: { state: TransactionState }) {
  return <Status {...TRANSACTION_STATES[state]} />;
}

/** A run's state without the word, for where the word stands elsewhere. */
export function RunStateIcon({ state, size }: { state: RunState; size: number }) {
  const { icon: Glyph, tone } = RUN_STATES[state];
  return <Glyph size={size} stroke={1.8} className="toned" data-tone={tone} aria-hidden />;
}
