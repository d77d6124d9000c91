import type { UseQueryResult } from "@tanstack/react-query";
import { IconFileDigit, IconFileAlert } from "@tabler/icons-react";
import type { Preview, TablePreview } from "../../api/types";
import { EmptyState } from "../../ui/EmptyState";
import { formatBytes, formatCount, plural } from "../../ui/format";
import { Loaded } from "../../ui/Loaded";
import { Panel } from "../../ui/Panel";
import classes from "./PreviewPanel.module.css";

/** The first rows of a table or the start of a text, always as text: what files hold is not trusted. */
export function PreviewPanel({ query }: { query: UseQueryResult<Preview> }) {
  return (
    <Panel flush>
      <Loaded query={query} skeleton={<div className={classes.loading} aria-busy />}>
        {(preview) => <PreviewContent preview={preview} />}
      </Loaded>
    </Panel>
  );
}

function PreviewContent({ preview }: { preview: Preview }) {
  if (preview.table) return <Rows table={preview.table} />;
  if (preview.text)
    return (
      <>
        <pre className={classes.text}>{preview.text.text}</pre>
        {preview.text.truncated && <p className={classes.note}>The start of a longer text.</p>}
      </>
    );
  if (preview.kind === "unavailable")
    return (
      <EmptyState icon={IconFileAlert} title="This cannot be shown">
        {preview.problem ?? "The server gave no reason."}
      </EmptyState>
    );
  return (
    <EmptyState icon={IconFileDigit} title="No preview of binary content">
      {plural(preview.objects, "object")}, {formatBytes(preview.size)}
      {preview.media_type == null ? "" : `, ${preview.media_type}`}. Get it to look inside.
    </EmptyState>
  );
}

function Rows({ table }: { table: TablePreview }) {
  return (
    <>
      <div className={classes.scroll} tabIndex={0} role="region" aria-label="Preview rows">
        <table className={classes.table} aria-label="Preview">
          <thead>
            <tr>
              <th scope="col" className={classes.number}>
                #
              </th>
              {table.columns.map((column) => (
                <th key={column.name} scope="col" data-numeric={isNumeric(column.type)}>
                  <span className={classes.name}>{column.name}</span>
                  <span className={classes.type}>{column.type}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {table.rows.map((row, index) => (
              <tr key={index}>
                <td className={classes.number}>{index + 1}</td>
                {table.columns.map((column, cell) => (
                  <Cell key={column.name} value={row[cell]} numeric={isNumeric(column.type)} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className={classes.note}>{extent(table)}</p>
    </>
  );
}

function Cell({ value, numeric }: { value: unknown; numeric: boolean }) {
  if (value == null)
    return (
      <td className={classes.null} data-numeric={numeric}>
        null
      </td>
    );
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return (
    <td data-numeric={numeric} title={text.length > 40 ? text : undefined}>
      {text}
    </td>
  );
}

/** How much of the whole is shown. */
function extent(table: TablePreview): string {
  const shown = `${plural(table.rows.length, "row")} and ${plural(table.columns.length, "column")}`;
  if (!table.truncated) return `${shown}: all there is.`;
  if (table.row_count == null) return `The first ${shown}; there is more.`;
  return `The first ${shown} of ${formatCount(table.row_count)} rows.`;
}

function isNumeric(type: string): boolean {
  return /^(u?int|float|double|decimal|half|u?bigint|u?smallint|u?tinyint|hugeint|real)/i.test(type);
}
