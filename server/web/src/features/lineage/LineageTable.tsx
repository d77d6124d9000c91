import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { Link } from "react-router";
import { type Column, DataTable } from "../../ui/DataTable";
import { plural } from "../../ui/format";
import { Id } from "../../ui/Id";
import { Panel } from "../../ui/Panel";
import { formatSort, parseSort } from "../../ui/sort";
import { useUrlText } from "../../ui/urlState";
import { urls } from "../../urls";
import { RunStatus } from "../runs/RunStatus";
import type { Graph } from "./graph";
import classes from "./LineageTable.module.css";
import { Tainted } from "./Tainted";
import { downloadCsv, type LineageRow, lineageCsv, lineageRows } from "./rows";

interface LineageTableProps {
  graph: Graph;
  tainted: ReadonlySet<string>;
  /** The address of the graph around a node. */
  focusUrl: (id: string) => string;
}

/** The graph's twin: the same nodes as rows, for reading, sorting, screen readers and export. */
export function LineageTable({ graph, tainted, focusUrl }: LineageTableProps) {
  const [sort, setSort] = useUrlText("sort");
  const rows = lineageRows(graph, tainted);
  const columns: Column<LineageRow>[] = [
    {
      key: "name",
      header: "Name",
      grow: true,
      sortBy: ({ name }) => name,
      cell: ({ id, name }) => (
        <Link to={focusUrl(id)} title="Show the graph around this">
          {name}
        </Link>
      ),
    },
    {
      key: "kind",
      header: "Kind",
      sortBy: ({ kind }) => kind,
      cell: ({ kind }) => <span className="dim">{kind}</span>,
    },
    {
      key: "partition",
      header: "Partition",
      sortBy: ({ partition }) => partition,
      cell: ({ partition }) => partition,
    },
    {
      key: "version",
      header: "Version or run",
      cell: ({ kind, content }) =>
        content === "" ? (
          <span className="dim">{kind === "job" ? "no run" : "unknown"}</span>
        ) : kind === "run" ? (
          <Id value={content} of="run" to={urls.run(content)} />
        ) : (
          <Id value={content} of="snapshot" />
        ),
    },
    {
      key: "distance",
      header: "Distance",
      align: "right",
      sortBy: ({ distance }) => distance,
      cell: ({ distance }) => formatDistance(distance),
    },
    {
      key: "state",
      header: "State",
      sortBy: ({ state, tainted }) => `${tainted ? "tainted" : ""}${state ?? ""}`,
      cell: ({ state, tainted }) => (
        <span className={classes.states}>
          {state && <RunStatus state={state} />}
          {tainted && <Tainted />}
        </span>
      ),
    },
    { key: "from", header: "From", align: "right", sortBy: (row) => row.from, cell: (row) => row.from },
    { key: "into", header: "Into", align: "right", sortBy: (row) => row.into, cell: (row) => row.into },
    {
      key: "known",
      header: "Known by",
      sortBy: ({ known }) => known,
      cell: ({ known }) => <span className="dim">{known}</span>,
    },
  ];
  return (
    <Panel
      flush
      title={plural(rows.length, "node")}
      actions={
        <Button
          variant="default"
          size="compact-xs"
          leftSection={<IconDownload size={13} aria-hidden />}
          onClick={() => downloadCsv("lineage.csv", lineageCsv(rows))}
        >
          Export CSV
        </Button>
      }
    >
      <DataTable
        label="Lineage"
        columns={columns}
        rows={rows}
        rowKey={({ id }) => id}
        sort={parseSort(sort)}
        onSort={(next) => setSort(formatSort(next))}
      />
    </Panel>
  );
}

function formatDistance(distance: number): string {
  if (distance === 0) return "start";
  return `${Math.abs(distance)} ${distance < 0 ? "up" : "down"}`;
}
