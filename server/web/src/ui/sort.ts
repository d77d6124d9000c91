/** Which column a table is sorted by. In an address: `name`, or `-name` for descending. */
export interface Sort {
  key: string;
  descending: boolean;
}

interface Sortable<Row> {
  key: string;
  sortBy?: (row: Row) => string | number;
}

/** Returns the rows in the order that `sort` asks for; as they are where it names no sortable column. */
export function sortRows<Row>(
  rows: readonly Row[],
  columns: readonly Sortable<Row>[],
  sort: Sort | undefined,
): readonly Row[] {
  const sortBy = columns.find((column) => column.key === sort?.key)?.sortBy;
  if (sortBy === undefined) return rows;
  const sign = sort?.descending === true ? -1 : 1;
  return rows.toSorted((left, right) => sign * compare(sortBy(left), sortBy(right)));
}

function compare(left: string | number, right: string | number): number {
  if (typeof left === "number" && typeof right === "number") return left - right;
  return String(left).localeCompare(String(right), "en", { numeric: true });
}

export function parseSort(text: string | null): Sort | undefined {
  if (text === null || text === "") return undefined;
  return text.startsWith("-") ? { key: text.slice(1), descending: true } : { key: text, descending: false };
}

export function formatSort(sort: Sort): string {
  return sort.descending ? `-${sort.key}` : sort.key;
}
