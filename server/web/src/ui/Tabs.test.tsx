import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { useState } from "react";
import { afterEach, expect, test } from "vitest";
import { Tabs } from "./Tabs";

afterEach(cleanup);

const TABS = [
  { value: "graph", label: "Graph" },
  { value: "table", label: "Table" },
] as const;

function Sample() {
  const [value, setValue] = useState<"graph" | "table">("graph");
  return (
    <Tabs label="View" tabs={TABS} value={value} onChange={setValue}>
      shows the {value}
    </Tabs>
  );
}

test("a click chooses a tab", () => {
  render(<Sample />);
  fireEvent.click(screen.getByRole("tab", { name: "Table" }));
  expect(screen.getByRole("tabpanel").textContent).toBe("shows the table");
});

test("arrow keys go round, and take the focus with them", () => {
  render(<Sample />);
  fireEvent.keyDown(screen.getByRole("tablist"), { key: "ArrowLeft" });
  expect(screen.getByRole("tab", { selected: true }).textContent).toBe("Table");
  expect(document.activeElement?.textContent).toBe("Table");
});
