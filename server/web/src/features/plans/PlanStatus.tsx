import { IconArrowBackUp, IconCircleCheck, IconEye, IconLock, IconTrash } from "@tabler/icons-react";
import type { PlanAction, RollbackPlan } from "../../api/types";
import { Status } from "../../ui/Status";

const ACTIONS = {
  restore: {
    tone: "ok",
    icon: IconArrowBackUp,
    label: "Restore",
    title: "The last clean version is put back",
  },
  remove: { tone: "failed", icon: IconTrash, label: "Remove", title: "No clean version existed before" },
  keep: { tone: "neutral", icon: IconLock, label: "Keep", title: "Left as it is" },
} as const;

const STATES = {
  planned: { tone: "running", icon: IconEye, label: "Planned", title: "Nothing has changed yet" },
  applied: { tone: "ok", icon: IconCircleCheck, label: "Applied", title: "Carried out, as one commit" },
} as const;

export function ActionStatus({ action }: { action: PlanAction }) {
  return <Status {...ACTIONS[action]} />;
}

export function PlanStatus({ state }: { state: RollbackPlan["state"] }) {
  return <Status {...STATES[state]} />;
}
