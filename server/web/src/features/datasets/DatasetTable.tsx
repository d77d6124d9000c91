import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import type { Dataset } from "../../api/types";
import type { Column } from "../../ui/DataTable";
import { formatCount } from "../../ui/format";
import { Id } from "../../ui/Id";
import { PagedTable } from "../../ui/PagedTable";
import { Panel } from "../../ui/Panel";
import { Size } from "../../ui/Size";
import { address, urls } from "../../urls";
import { NoData } from "./NoData";
import { datasetsQuery } from "./queries";

/** Every dataset of a repository, by path. */
export function DatasetTable({ repository, refName }: { repository: string; refName: string }) {
  const datasets = useInfiniteQuery(datasetsQuery(repository, refName));
  const columns: Column<Dataset>[] = [
    {
      key: "path",
      header: "Dataset",
      grow: true,
      cell: ({ path }) => <Link to={urls.tree(repository, refName, path)}>{path}</Link>,
    },
    { key: "objects", header: "Objects", align: "right", cell: ({ objects }) => formatCount(objects) },
    { key: "size", header: "Size", align: "right", cell: ({ size }) => <Size bytes={size} /> },
    { key: "snapshot", header: "Snapshot", cell: ({ snapshot }) => <Id value={snapshot} of="snapshot" /> },
    {
      key: "lineage",
      header: "Lineage",
      cell: ({ path }) => (
        <Link
          to={urls.lineage({ node: address(repository, path, refName) })}
          aria-label={`Lineage of ${path}`}
        >
          Lineage
        </Link>
      ),
    },
  ];
  return (
    <Panel flush>
      <PagedTable
        label={`Datasets of ${repository}`}
        query={datasets}
        columns={columns}
        rowKey={({ path }) => path}
        empty={<NoData repository={repository} />}
      />
    </Panel>
  );
}
