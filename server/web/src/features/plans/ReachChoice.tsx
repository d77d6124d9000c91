import type { RollbackReach } from "../../api/types";
import { Choice } from "../../ui/Choice";

export const REACHES: readonly RollbackReach[] = ["branch", "all_branches"];

const OPTIONS = [
  { value: "branch", label: "On this branch" },
  { value: "all_branches", label: "On every branch that has it" },
] as const;

interface ReachChoiceProps {
  value: RollbackReach;
  onChange: (reach: RollbackReach) => void;
}

/** Which branches a rollback looks at. */
export function ReachChoice({ value, onChange }: ReachChoiceProps) {
  return (
    <Choice
      label="Which branches the rollback looks at"
      options={OPTIONS}
      value={value}
      onChange={onChange}
    />
  );
}
