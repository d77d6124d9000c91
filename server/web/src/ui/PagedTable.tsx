import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { type Column, DataTable } from "./DataTable";
import { ProblemAlert } from "./ProblemAlert";
import classes from "./PagedTable.module.css";

/** What a table needs of a query made by `pagedQuery`. */
export interface PagedRows<Row> {
  data: Row[] | undefined;
  error: Error | null;
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
  refetch: () => unknown;
}

interface PagedTableProps<Row> {
  label: string;
  query: PagedRows<Row>;
  columns: readonly Column<Row>[];
  rowKey: (row: Row) => string;
  empty?: ReactNode;
  detail?: (row: Row) => ReactNode;
}

/** A table of a list that comes page by page. */
export function PagedTable<Row>({ query, ...table }: PagedTableProps<Row>) {
  if (query.error && query.data === undefined)
    return <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />;
  return (
    <>
      <DataTable {...table} rows={query.data} />
      <ShowMore query={query} />
    </>
  );
}

/** A button that brings the next page, where there is one. */
export function ShowMore<Row>({ query }: { query: PagedRows<Row> }) {
  if (!query.hasNextPage) return null;
  return (
    <div className={classes.more}>
      <Button
        variant="default"
        size="xs"
        loading={query.isFetchingNextPage}
        onClick={() => void query.fetchNextPage()}
      >
        Show more
      </Button>
    </div>
  );
}
