import { IconArrowRight } from "@tabler/icons-react";
import { Link } from "react-router";
import type { PlanDecision, PlanItem, RollbackPlan } from "../../api/types";
import { type Column, DataTable } from "../../ui/DataTable";
import { shortId } from "../../ui/format";
import { Id } from "../../ui/Id";
import { parseSort, formatSort } from "../../ui/sort";
import { useUrlText } from "../../ui/urlState";
import { urls } from "../../urls";
import { versionNode } from "../lineage/node";
import { DecisionSelect } from "./DecisionSelect";
import classes from "./ItemTable.module.css";
import { ActionStatus } from "./PlanStatus";
import { changes, formatDegree, REASONS } from "./summary";

interface ItemTableProps {
  plan: RollbackPlan;
  items: readonly PlanItem[];
  /** Undefined once nothing can be decided any more. */
  onDecide: ((item: PlanItem, decision: PlanDecision) => void) | undefined;
}

/** What becomes of each dataset and partition, and, as long as the plan is open, the choice. */
export function ItemTable({ plan, items, onDecide }: ItemTableProps) {
  const [sort, setSort] = useUrlText("sort");
  const columns: Column<PlanItem>[] = [
    {
      key: "dataset",
      header: "Dataset",
      sortBy: (item) => `${item.dataset}/${item.partition}`,
      cell: (item) => <Name plan={plan} item={item} />,
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
      cell: (item) =>
        onDecide !== undefined && item.choices.length > 1 ? (
          <DecisionSelect item={item} onDecide={(decision) => onDecide(item, decision)} />
        ) : (
          <ActionStatus action={item.action} />
        ),
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
      header: plan.undoes == null ? "Bad → good" : "Now → then",
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

/** The dataset's name, what it is where it is no table, and where it is if not where the plan is. */
function Name({ plan, item }: { plan: RollbackPlan; item: PlanItem }) {
  const { dataset, dataset_type: type } = item;
  const home = item.repository || plan.repository;
  const branch = item.branch || plan.branch;
  const isOutside = item.action === "cannot";
  const isHere = home === plan.repository && branch === plan.branch;
  const facts = [
    type === "MODEL" || isOutside ? type?.toLowerCase() : undefined,
    isOutside || home === plan.repository ? undefined : home,
    isOutside || isHere ? undefined : `on ${branch}`,
  ].filter((fact) => fact != null);
  return (
    <>
      {isOutside ? (
        dataset
      ) : (
        <Link to={urls.tree(home, isHere ? plan.head : branch, dataset)}>{dataset}</Link>
      )}
      {facts.length > 0 && <span className="dim"> · {facts.join(" · ")}</span>}
    </>
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
