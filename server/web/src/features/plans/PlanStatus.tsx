import {
  IconAlertTriangle,
  IconArrowBackUp,
  IconArrowForward,
  IconCircleCheck,
  IconClock,
  IconEye,
  IconGitMerge,
  IconLock,
  IconTrash,
} from "@tabler/icons-react";
import type { PlanAction, RollbackPlan } from "../../api/types";
import { Status } from "../../ui/Status";

export const ACTIONS = {
  restore: {
    tone: "ok",
    icon: IconArrowBackUp,
    label: "Restore",
    title: "The last clean version is put back",
  },
  merge: {
    tone: "ok",
    icon: IconGitMerge,
    label: "Keep later work",
    title: "What the bad version brought goes, file by file; later work stays",
  },
  remove: { tone: "failed", icon: IconTrash, label: "Remove", title: "No clean version existed before" },
  keep: { tone: "neutral", icon: IconLock, label: "Keep", title: "Left as it is" },
  skip: {
    tone: "neutral",
    icon: IconArrowForward,
    label: "Skip",
    title: "Bad, and left as it is because that was decided",
  },
  cannot: {
    tone: "failed",
    icon: IconAlertTriangle,
    label: "Cannot",
    title: "Bad, and not ours to take back: tell its owner",
  },
} as const;

const STATES = {
  planned: { tone: "running", icon: IconEye, label: "Planned", title: "Nothing has changed yet" },
  applying: {
    tone: "running",
    icon: IconClock,
    label: "Applying",
    title: "Begun: apply it again to finish the rest",
  },
  applied: { tone: "ok", icon: IconCircleCheck, label: "Applied", title: "Carried out, as one commit" },
  undone: { tone: "neutral", icon: IconArrowBackUp, label: "Undone", title: "Taken back by another plan" },
  outdated: {
    tone: "neutral",
    icon: IconClock,
    label: "Outdated",
    title: "Something that it would change has changed",
  },
} as const;

export function ActionStatus({ action }: { action: PlanAction }) {
  return <Status {...ACTIONS[action]} />;
}

export function PlanStatus({ state }: { state: RollbackPlan["state"] }) {
  return <Status {...STATES[state]} />;
}
