import { useInfiniteQuery } from "@tanstack/react-query";
import { IconFile, IconFolder, IconTable } from "@tabler/icons-react";
import { Link } from "react-router";
import type { Item } from "../../api/types";
import type { Column } from "../../ui/DataTable";
import { formatCount } from "../../ui/format";
import { Id } from "../../ui/Id";
import { PagedTable } from "../../ui/PagedTable";
import { Panel } from "../../ui/Panel";
import { Size } from "../../ui/Size";
import { urls } from "../../urls";
import classes from "./FolderTable.module.css";
import { NoData } from "./NoData";
import { folderQuery } from "./queries";

const ICONS = { folder: IconFolder, dataset: IconTable, object: IconFile };

interface FolderTableProps {
  repository: string;
  refName: string;
  path: string;
}

/** What lies directly in a folder. */
export function FolderTable({ repository, refName, path }: FolderTableProps) {
  const items = useInfiniteQuery(folderQuery(repository, refName, path));
  const columns: Column<Item>[] = [
    {
      key: "name",
      header: "Name",
      grow: true,
      cell: (item) => {
        const Icon = ICONS[item.kind];
        return (
          <Link to={urls.tree(repository, refName, item.path)} className={classes.name} data-kind={item.kind}>
            <Icon size={16} stroke={1.6} aria-hidden />
            {path === "" ? item.path : item.path.slice(path.length + 1)}
          </Link>
        );
      },
    },
    { key: "kind", header: "Kind", cell: ({ kind }) => <span className="dim">{kind}</span> },
    { key: "objects", header: "Objects", align: "right", cell: ({ objects }) => formatCount(objects) },
    { key: "size", header: "Size", align: "right", cell: ({ size }) => <Size bytes={size} /> },
    {
      key: "snapshot",
      header: "Snapshot",
      cell: ({ snapshot }) => (snapshot == null ? null : <Id value={snapshot} of="snapshot" />),
    },
  ];
  return (
    <Panel flush>
      <PagedTable
        label={path === "" ? `Data of ${repository}` : `Folder ${path}`}
        query={items}
        columns={columns}
        rowKey={(item) => item.path}
        empty={<NoData repository={repository} />}
      />
    </Panel>
  );
}
