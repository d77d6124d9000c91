import { useInfiniteQuery } from "@tanstack/react-query";
import { IconEqual } from "@tabler/icons-react";
import { Link } from "react-router";
import type { DatasetDiff } from "../../api/types";
import { urls } from "../../urls";
import { Choice } from "../../ui/Choice";
import type { Column } from "../../ui/DataTable";
import { DiffCounts, DiffMark, MovedPath } from "../../ui/DiffMark";
import { EmptyState } from "../../ui/EmptyState";
import { formatCount, shortId } from "../../ui/format";
import { Id } from "../../ui/Id";
import { PagedTable } from "../../ui/PagedTable";
import { Panel } from "../../ui/Panel";
import { SizeChange } from "../../ui/Size";
import { Unfold } from "../../ui/Unfold";
import { useUrlSet } from "../../ui/urlState";
import { ObjectDiff } from "./ObjectDiff";
import { datasetDiffQuery } from "./queries";

type Side = "1" | "2";

interface CommitDiffProps {
  repository: string;
  /** The parent compared with; undefined for a first commit, which changes nothing. */
  left: string | undefined;
  right: string;
  /** All parents; a merge lets one choose. */
  sides: readonly string[];
  side: Side;
  onSide: (side: Side) => void;
}

/** What a commit changed against a parent, by dataset, each unfolding to its objects. */
export function CommitDiff({ repository, left, right, sides, side, onSide }: CommitDiffProps) {
  return (
    <Panel
      flush
      title="Changes"
      actions={
        sides.length > 1 && (
          <Choice
            label="Compare with"
            value={side}
            onChange={onSide}
            options={[
              { value: "1", label: `Against the branch ${shortId(sides[0] ?? "")}` },
              { value: "2", label: `Against the merged ${shortId(sides[1] ?? "")}` },
            ]}
          />
        )
      }
    >
      {left === undefined ? (
        <NothingChanged />
      ) : (
        <DatasetDiffs repository={repository} left={left} right={right} />
      )}
    </Panel>
  );
}

function DatasetDiffs({ repository, left, right }: { repository: string; left: string; right: string }) {
  const diff = useInfiniteQuery(datasetDiffQuery(repository, left, right));
  const [open, toggle] = useUrlSet("open");
  const columns: Column<DatasetDiff>[] = [
    {
      key: "dataset",
      header: "Dataset",
      grow: true,
      cell: ({ path, kind, moved_from }) => (
        <Unfold open={open.has(path)} onToggle={() => toggle(path)} label={`Objects of ${path}`}>
          <MovedPath
            from={moved_from}
            to={<Link to={urls.tree(repository, kind === "removed" ? left : right, path)}>{path}</Link>}
          />
        </Unfold>
      ),
    },
    { key: "kind", header: "Change", cell: ({ kind }) => <DiffMark kind={kind} /> },
    { key: "objects", header: "Objects", cell: (row) => <DiffCounts {...row} /> },
    {
      key: "partitions",
      header: "Partitions",
      align: "right",
      cell: ({ partitions }) => (
        <span title={partitions.join(", ")}>
          {partitions.length === 0
            ? ""
            : partitions.length === 1
              ? partitions[0]
              : formatCount(partitions.length)}
        </span>
      ),
    },
    { key: "size", header: "Size", align: "right", cell: (row) => <SizeChange bytes={row.size_change} /> },
    {
      key: "before",
      header: "Before",
      cell: (row) => row.left != null && <Id value={row.left} of="snapshot" />,
    },
    {
      key: "after",
      header: "After",
      cell: (row) => row.right != null && <Id value={row.right} of="snapshot" />,
    },
  ];
  return (
    <PagedTable
      label="Changed datasets"
      query={diff}
      columns={columns}
      rowKey={({ path }) => path}
      detail={({ path }) =>
        open.has(path) && <ObjectDiff repository={repository} left={left} right={right} path={path} />
      }
      empty={<NothingChanged />}
    />
  );
}

function NothingChanged() {
  return (
    <EmptyState icon={IconEqual} title="No data changed">
      The content is the same as in the parent.
    </EmptyState>
  );
}
