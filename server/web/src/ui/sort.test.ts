import { expect, test } from "vitest";
import { formatSort, parseSort, sortRows } from "./sort";

const columns = [
  { key: "name", sortBy: (row: { name: string; size: number }) => row.name },
  { key: "size", sortBy: (row: { name: string; size: number }) => row.size },
  { key: "plain" },
];
const rows = [
  { name: "part-10", size: 9 },
  { name: "part-2", size: 100 },
];
const names = (sort: string | null) => sortRows(rows, columns, parseSort(sort)).map((row) => row.name);

test("numbers inside names count as numbers", () => expect(names("name")).toEqual(["part-2", "part-10"]));
test("numbers sort by size", () => expect(names("-size")).toEqual(["part-2", "part-10"]));
test("no sort, an unknown column and one that cannot sort leave the order", () => {
  expect([null, "nothing", "plain"].map(names)).toEqual(Array(3).fill(["part-10", "part-2"]));
});
test("a sort survives the address", () => {
  expect(
    ["name", "-size"].map((text) => formatSort(parseSort(text) ?? { key: "", descending: false })),
  ).toEqual(["name", "-size"]);
});
