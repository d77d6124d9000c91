import { Skeleton } from "@mantine/core";
import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { Fragment, type ReactNode } from "react";
import classes from "./DataTable.module.css";
import { type Sort, sortRows } from "./sort";

export interface Column<Row> {
  key: string;
  header: string;
  cell: (row: Row) => ReactNode;
  /** Numbers stand at the right. */
  align?: "right";
  /** Takes the room that others leave. */
  grow?: boolean;
  /** What the column sorts by, if it can. */
  sortBy?: (row: Row) => string | number;
}

interface DataTableProps<Row> {
  /** The table's accessible name. */
  label: string;
  columns: readonly Column<Row>[];
  /** Undefined while loading. */
  rows: readonly Row[] | undefined;
  rowKey: (row: Row) => string;
  /** Shown in place of no rows. */
  empty?: ReactNode;
  sort?: Sort | undefined;
  onSort?: (sort: Sort) => void;
  /** What stands below a row that is unfolded. */
  detail?: (row: Row) => ReactNode;
}

/** A dense table: 32 px rows, numbers right-aligned, a skeleton of the same shape while loading. */
export function DataTable<Row>({
  label,
  columns,
  rows,
  rowKey,
  empty,
  sort,
  onSort,
  detail,
}: DataTableProps<Row>) {
  if (rows?.length === 0 && empty !== undefined) return empty;
  const sorted = rows && sortRows(rows, columns, sort);
  return (
    <table className={classes.table} aria-label={label} aria-busy={rows === undefined}>
      <thead>
        <tr>
          {columns.map((column) => (
            <Heading key={column.key} column={column} sort={sort} onSort={onSort} />
          ))}
        </tr>
      </thead>
      <tbody>
        {sorted?.map((row) => {
          const below = detail?.(row);
          return (
            <Fragment key={rowKey(row)}>
              <tr>
                {columns.map((column) => (
                  <td key={column.key} data-align={column.align} data-grow={column.grow}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
              {below != null && below !== false && (
                <tr className={classes.detail}>
                  <td colSpan={columns.length}>{below}</td>
                </tr>
              )}
            </Fragment>
          );
        }) ?? <SkeletonRows columns={columns.length} />}
      </tbody>
    </table>
  );
}

interface HeadingProps<Row> {
  column: Column<Row>;
  sort: Sort | undefined;
  onSort: ((sort: Sort) => void) | undefined;
}

function Heading<Row>({ column, sort, onSort }: HeadingProps<Row>) {
  const active = sort?.key === column.key ? sort : undefined;
  const layout = { "data-align": column.align, "data-grow": column.grow };
  if (column.sortBy === undefined || onSort === undefined)
    return (
      <th scope="col" {...layout}>
        {column.header}
      </th>
    );
  return (
    <th
      scope="col"
      {...layout}
      aria-sort={active ? (active.descending ? "descending" : "ascending") : "none"}
    >
      <button
        type="button"
        className={classes.sort}
        onClick={() => onSort({ key: column.key, descending: active !== undefined && !active.descending })}
      >
        {column.header}
        {active && (active.descending ? <IconArrowDown size={12} /> : <IconArrowUp size={12} />)}
      </button>
    </th>
  );
}

const SKELETON_WIDTHS = ["55%", "70%", "40%", "62%", "48%"];

function SkeletonRows({ columns }: { columns: number }) {
  return SKELETON_WIDTHS.map((width) => (
    <tr key={width}>
      {Array.from({ length: columns }, (_, column) => (
        <td key={column}>
          <Skeleton height={10} width={column === 0 ? width : 56} className="delayed" />
        </td>
      ))}
    </tr>
  ));
}
