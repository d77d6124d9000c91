import { useId } from "react";
import classes from "./Choice.module.css";

interface ChoiceProps<Value extends string> {
  label: string;
  /** Shows the label in front; else it is for screen readers only. */
  showLabel?: boolean;
  options: readonly { value: Value; label: string }[];
  value: Value;
  onChange: (value: Value) => void;
}

/** One of a few, all of them visible: radio buttons that look like a switch. */
export function Choice<Value extends string>({
  label,
  showLabel = false,
  options,
  value,
  onChange,
}: ChoiceProps<Value>) {
  const name = useId();
  return (
    <fieldset className={classes.choice} aria-label={label}>
      {showLabel && (
        <span className={classes.label} aria-hidden>
          {label}
        </span>
      )}
      <span className={classes.options}>
        {options.map((option) => (
          <label key={option.value} className={classes.option}>
            <input
              type="radio"
              name={name}
              className={classes.radio}
              checked={option.value === value}
              onChange={() => onChange(option.value)}
            />
            <span className={classes.text}>{option.label}</span>
          </label>
        ))}
      </span>
    </fieldset>
  );
}
