import { NativeSelect } from "@mantine/core";
import type { PlanDecision, PlanItem } from "../../api/types";
import classes from "./DecisionSelect.module.css";
import { choiceLabel, decisionOf } from "./decisions";
import { ACTIONS } from "./PlanStatus";

interface DecisionSelectProps {
  item: PlanItem;
  onDecide: (decision: PlanDecision) => void;
}

/** What becomes of one item, as one of the choices that it has. */
export function DecisionSelect({ item, onDecide }: DecisionSelectProps) {
  const name = item.partition === "" ? item.dataset : `${item.dataset}/${item.partition}`;
  const { icon: Glyph, tone } = ACTIONS[item.action];
  return (
    <NativeSelect
      size="xs"
      className={classes.select ?? ""}
      leftSection={<Glyph size={13} className="toned" data-tone={tone} aria-hidden />}
      aria-label={`What becomes of ${name} on ${item.branch} of ${item.repository}`}
      value={decisionOf(item)}
      onChange={(event) => {
        const chosen = item.choices.find((choice) => choice === event.currentTarget.value);
        if (chosen !== undefined) onDecide(chosen);
      }}
      data={item.choices.map((choice) => ({ value: choice, label: choiceLabel(item, choice) }))}
    />
  );
}
