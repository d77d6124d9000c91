import { cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import { useState } from "react";
import { afterEach, expect, test } from "vitest";
import { type Column, DataTable } from "./DataTable";
import type { Sort } from "./sort";

afterEach(cleanup);

interface Row {
  name: string;
  size: number;
}

const COLUMNS: Column<Row>[] = [
  { key: "name", header: "Name", cell: ({ name }) => name },
  { key: "size", header: "Size", align: "right", sortBy: ({ size }) => size, cell: ({ size }) => size },
];
const ROWS: Row[] = [
  { name: "b", size: 10 },
  { name: "a", size: 9 },
];

function Sample({ rows = ROWS }: { rows?: Row[] }) {
  const [sort, setSort] = useState<Sort>();
  return (
    <DataTable
      label="Files"
      columns={COLUMNS}
      rows={rows}
      rowKey={({ name }) => name}
      sort={sort}
      onSort={setSort}
      empty={<p>Nothing here</p>}
      detail={({ name }) => name === "a" && "more of a"}
    />
  );
}

const texts = () =>
  within(screen.getByRole("table", { name: "Files" }))
    .getAllByRole("cell")
    .map((cell) => cell.textContent);

test("rows come as they are, with what is unfolded below them", () => {
  render(<Sample />);
  expect(texts()).toEqual(["b", "10", "a", "9", "more of a"]);
});

test("a heading sorts up, then down, and says so", () => {
  render(<Sample />);
  const size = screen.getByRole("columnheader", { name: "Size" });
  fireEvent.click(within(size).getByRole("button"));
  expect([size.getAttribute("aria-sort"), texts()[0]]).toEqual(["ascending", "a"]);
  fireEvent.click(within(size).getByRole("button"));
  expect([size.getAttribute("aria-sort"), texts()[0]]).toEqual(["descending", "b"]);
});

test("a column that cannot sort has no button", () => {
  render(<Sample />);
  expect(within(screen.getByRole("columnheader", { name: "Name" })).queryByRole("button")).toBeNull();
});

test("no rows show what stands in their place", () => {
  render(<Sample rows={[]} />);
  expect([screen.queryByRole("table"), screen.getByText("Nothing here").tagName]).toEqual([null, "P"]);
});
