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
import { changes, formatDegree, REASONS } from "./summary";

/** What becomes of each dataset and partition. */
export function ItemTable({ plan, items }: { plan: RollbackPlan; items: readonly PlanItem[] }) {
  const [sort, setSort] = useUrlText("sort");
  const columns: Column<PlanItem>[] = [
    {
      key: "dataset",
      header: "Dataset",
      sortBy: (item) => `${item.dataset}/${item.partition}`,
      cell: ({ dataset, repository, branch, action }) => {
        const home = repository || plan.repository;
        if (action === "cannot") return dataset;
        const at = home === plan.repository && (branch || plan.branch) === plan.branch ? plan.head : branch;
        return (
          <>
            <Link to={urls.tree(home, at || plan.head, dataset)}>{dataset}</Link>
            {at !== plan.head && <span className="dim"> {`${home} ${branch}`}</span>}
          </>
        );
      },
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
      cell: ({ reason, later, owners }) => (
        <>
          {REASONS[reason]}
          {later.length > 0 && (
            <span className="dim">
              {" "}
              · changed since by {[...new Set(later.map(({ author }) => author))].join(", ")}
            </span>
          )}
          {owners.length > 0 && <span className="dim"> · tell {owners.join(", ")}</span>}
        </>
      ),
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
      cell: (item) => <Versions repository={item.repository || plan.repository} item={item} />,
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
      rowKey={({ repository, branch, dataset, partition, bad }) =>
        `${repository}@${branch}/${dataset}/${partition}@${bad ?? ""}`
      }
      sort={parseSort(sort)}
      onSort={(next) => setSort(formatSort(next))}
      empty={<p className={classes.none}>Nothing has this action.</p>}
    />
  );
}

function Versions({ repository, item }: { repository: string; item: PlanItem }) {
  const good = item.action === "merge" ? item.merged : item.good;
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
      {changes(item) && (
        <>
          <IconArrowRight size={12} className={classes.arrow} aria-label="becomes" />
          {good == null ? (
            <span className="dim">nothing</span>
          ) : (
            <Id value={good} of="good snapshot" to={node(good)} />
          )}
        </>
      )}
    </span>
  );
}
