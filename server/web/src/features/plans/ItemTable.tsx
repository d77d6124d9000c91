import { IconArrowRight } from "@tabler/icons-react";
import { Link } from "react-router";
import type { PlanItem, RollbackPlan } from "../../api/types";
import { type Column, DataTable } from "../../ui/DataTable";
import { shortId } from "../../ui/format";
import { Id } from "../../ui/Id";
import { parseSort, formatSort } from "../../ui/sort";
import { useUrlText } from "../../ui/urlState";
import { urls } from "../../urls";
import { versionNode } from "../lineage/node";
import classes from "./ItemTable.module.css";
import { ActionStatus } from "./PlanStatus";
import { formatDegree, REASONS } from "./summary";

/** What becomes of each dataset and partition. */
export function ItemTable({ plan, items }: { plan: RollbackPlan; items: readonly PlanItem[] }) {
  const [sort, setSort] = useUrlText("sort");
  const columns: Column<PlanItem>[] = [
    {
      key: "dataset",
      header: "Dataset",
      sortBy: (item) => `${item.dataset}/${item.partition}`,
      cell: ({ dataset }) => <Link to={urls.tree(plan.repository, plan.head, dataset)}>{dataset}</Link>,
    },
    {
      key: "partition",
      header: "Partition",
      sortBy: ({ partition }) => partition,
      cell: ({ partition }) => partition,
    },
    {
      key: "action",
      header: "Action",
      sortBy: ({ action }) => action,
      cell: ({ action }) => <ActionStatus action={action} />,
    },
    {
      key: "reason",
      header: "Why",
      grow: true,
      sortBy: ({ reason }) => reason,
      cell: ({ reason }) => REASONS[reason],
    },
    {
      key: "degree",
      header: "Distance",
      sortBy: ({ degree }) => degree,
      cell: ({ degree }) => <span className="nowrap">{formatDegree(degree)}</span>,
    },
    {
      key: "versions",
      header: "Bad → good",
      cell: (item) => <Versions repository={plan.repository} item={item} />,
    },
    {
      key: "by",
      header: "Produced by",
      sortBy: ({ job }) => job ?? "",
      cell: ({ job, produced_by }) =>
        produced_by == null ? (
          <span className="dim">unknown</span>
        ) : (
          <Link to={urls.run(produced_by)} className="nowrap" title={produced_by}>
            {job ?? shortId(produced_by)}
          </Link>
        ),
    },
  ];
  return (
    <DataTable
      label="What changes"
      columns={columns}
      rows={items}
      rowKey={({ dataset, partition, bad }) => `${dataset}/${partition}@${bad ?? ""}`}
      sort={parseSort(sort)}
      onSort={(next) => setSort(formatSort(next))}
      empty={<p className={classes.none}>Nothing has this action.</p>}
    />
  );
}

function Versions({ repository, item }: { repository: string; item: PlanItem }) {
  const node = (snapshot: string) =>
    urls.lineage({
      node: versionNode({
        namespace: `lf://${repository}`,
        name: item.dataset,
        partition: item.partition,
        version: snapshot,
      }),
    });
  return (
    <span className={classes.versions}>
      {item.bad == null ? (
        <span className="dim">none</span>
      ) : (
        <Id value={item.bad} of="bad snapshot" to={node(item.bad)} />
      )}
      {item.action !== "keep" && (
        <>
          <IconArrowRight size={12} className={classes.arrow} aria-label="becomes" />
          {item.good == null ? (
            <span className="dim">nothing</span>
          ) : (
            <Id value={item.good} of="good snapshot" to={node(item.good)} />
          )}
        </>
      )}
    </span>
  );
}
