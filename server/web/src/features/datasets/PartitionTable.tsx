import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import type { Snapshot } from "../../api/types";
import type { Column } from "../../ui/DataTable";
import { formatCount } from "../../ui/format";
import { Id } from "../../ui/Id";
import { PagedTable } from "../../ui/PagedTable";
import { Panel } from "../../ui/Panel";
import { Size } from "../../ui/Size";
import { urls } from "../../urls";
import { versionNode } from "../lineage/node";
import { partitionsQuery } from "./queries";

interface PartitionTableProps {
  repository: string;
  refName: string;
  dataset: string;
}

/** A dataset's partitions, each with its exact content. */
export function PartitionTable({ repository, refName, dataset }: PartitionTableProps) {
  const partitions = useInfiniteQuery(partitionsQuery(repository, refName, dataset));
  const columns: Column<Snapshot>[] = [
    {
      key: "partition",
      header: "Partition",
      grow: true,
      cell: ({ partition }) => (
        <Link to={urls.tree(repository, refName, `${dataset}/${partition}`)}>{partition}</Link>
      ),
    },
    { key: "objects", header: "Objects", align: "right", cell: ({ objects }) => formatCount(objects) },
    { key: "size", header: "Size", align: "right", cell: ({ size }) => <Size bytes={size} /> },
    { key: "snapshot", header: "Snapshot", cell: ({ snapshot }) => <Id value={snapshot} of="snapshot" /> },
    {
      key: "lineage",
      header: "Lineage",
      cell: ({ partition, snapshot }) => (
        <Link
          to={urls.lineage({
            node: versionNode({
              namespace: `lf://${repository}`,
              name: dataset,
              partition,
              version: snapshot,
            }),
          })}
          aria-label={`Lineage of ${partition}`}
        >
          Lineage
        </Link>
      ),
    },
  ];
  return (
    <Panel flush>
      <PagedTable
        label={`Partitions of ${dataset}`}
        query={partitions}
        columns={columns}
        rowKey={({ partition }) => partition}
      />
    </Panel>
  );
}
