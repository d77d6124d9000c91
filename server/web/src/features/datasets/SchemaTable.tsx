import type { TablePreview } from "../../api/types";
import { type Column, DataTable } from "../../ui/DataTable";
import { formatCount } from "../../ui/format";
import { Panel } from "../../ui/Panel";

type SchemaColumn = TablePreview["columns"][number];

interface SchemaTableProps {
  columns: readonly SchemaColumn[];
  /** How many rows the whole has, where that is known. */
  rows: number | null | undefined;
}

/** A table's columns: what they are called, what they hold, and how much of it is missing. */
export function SchemaTable({ columns, rows }: SchemaTableProps) {
  const layout: Column<SchemaColumn>[] = [
    { key: "name", header: "Column", grow: true, cell: ({ name }) => <b>{name}</b> },
    { key: "type", header: "Type", cell: ({ type }) => <code className="nowrap">{type}</code> },
    {
      key: "nulls",
      header: "Missing",
      align: "right",
      cell: ({ nulls }) =>
        nulls == null ? <span className="dim">unknown</span> : formatMissing(nulls, rows),
    },
  ];
  return (
    <Panel flush>
      <DataTable label="Schema" columns={layout} rows={columns} rowKey={({ name }) => name} />
    </Panel>
  );
}

function formatMissing(nulls: number, rows: number | null | undefined): string {
  if (nulls === 0) return "0";
  if (rows == null || rows === 0) return formatCount(nulls);
  return `${formatCount(nulls)} (${((100 * nulls) / rows).toFixed(1)} %)`;
}
