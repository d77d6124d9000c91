import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import type { DiffEntry } from "../../api/types";
import type { Column } from "../../ui/DataTable";
import { DiffMark, MovedPath } from "../../ui/DiffMark";
import { Id } from "../../ui/Id";
import { PagedTable } from "../../ui/PagedTable";
import { SizeChange } from "../../ui/Size";
import { urls } from "../../urls";
import classes from "./ObjectDiff.module.css";
import { objectDiffQuery } from "./queries";

interface ObjectDiffProps {
  repository: string;
  left: string;
  right: string;
  /** The dataset. */
  path: string;
}

/** The objects of a dataset that differ, below its row. */
export function ObjectDiff({ repository, left, right, path }: ObjectDiffProps) {
  const diff = useInfiniteQuery(objectDiffQuery(repository, left, right, path));
  const columns: Column<DiffEntry>[] = [
    {
      key: "path",
      header: "Object",
      grow: true,
      cell: (entry) => (
        <MovedPath
          from={entry.kind === "moved" ? entry.left?.path : null}
          to={
            <Link to={urls.tree(repository, entry.kind === "removed" ? left : right, entry.path)}>
              {entry.path === path ? entry.path : entry.path.slice(path.length + 1)}
            </Link>
          }
        />
      ),
    },
    { key: "kind", header: "Change", cell: ({ kind }) => <DiffMark kind={kind} /> },
    {
      key: "size",
      header: "Size",
      align: "right",
      cell: (entry) => <SizeChange bytes={(entry.right?.size ?? 0) - (entry.left?.size ?? 0)} />,
    },
    {
      key: "before",
      header: "Before",
      cell: ({ left }) => left && <Id value={left.object_id} of="object" />,
    },
    {
      key: "after",
      header: "After",
      cell: ({ right }) => right && <Id value={right.object_id} of="object" />,
    },
  ];
  return (
    <div className={classes.objects}>
      <PagedTable
        label={`Changed objects of ${path}`}
        query={diff}
        columns={columns}
        rowKey={(entry) => entry.path}
      />
    </div>
  );
}
