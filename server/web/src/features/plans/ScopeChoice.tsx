import type { RollbackScope } from "../../api/types";
import { Choice } from "../../ui/Choice";

export const SCOPES: readonly RollbackScope[] = ["descendants", "outputs"];

const OPTIONS = [
  { value: "descendants", label: "With everything derived" },
  { value: "outputs", label: "Only its own outputs" },
] as const;

interface ScopeChoiceProps {
  value: RollbackScope;
  onChange: (scope: RollbackScope) => void;
}

/** How far a rollback reaches. */
export function ScopeChoice({ value, onChange }: ScopeChoiceProps) {
  return <Choice label="How far the rollback reaches" options={OPTIONS} value={value} onChange={onChange} />;
}
