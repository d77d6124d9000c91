import { type KeyboardEvent, type ReactNode, useId } from "react";
import classes from "./Tabs.module.css";

interface TabsProps<Value extends string> {
  label: string;
  tabs: readonly { value: Value; label: string }[];
  value: Value;
  onChange: (value: Value) => void;
  /** Stands at the right of the tabs. */
  actions?: ReactNode;
  /** The panel of the chosen tab. */
  children: ReactNode;
}

/** Views of one thing, one at a time (WAI-ARIA tabs pattern: arrow keys move between tabs). */
export function Tabs<Value extends string>({
  label,
  tabs,
  value,
  onChange,
  actions,
  children,
}: TabsProps<Value>) {
  const id = useId();
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const index = tabs.findIndex((tab) => tab.value === value);
    const next = tabs[(index + step + tabs.length) % tabs.length];
    if (next === undefined) return;
    onChange(next.value);
    document.getElementById(`${id}-${next.value}`)?.focus();
  };
  return (
    <section className={classes.box}>
      <div className={classes.bar} hidden={tabs.length === 1 && actions === undefined}>
        <div role="tablist" aria-label={label} className={classes.tabs} onKeyDown={onKeyDown}>
          {tabs.map((tab) => (
            <button
              key={tab.value}
              id={`${id}-${tab.value}`}
              type="button"
              role="tab"
              className={classes.tab}
              aria-selected={tab.value === value}
              aria-controls={`${id}-panel`}
              tabIndex={tab.value === value ? 0 : -1}
              onClick={() => onChange(tab.value)}
            >
              {tab.label}
            </button>
          ))}
        </div>
        {actions !== undefined && <div className={classes.actions}>{actions}</div>}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${value}`} className={classes.panel}>
        {children}
      </div>
    </section>
  );
}
