import { Button, TextInput } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { IconArrowBackUp, IconHistory } from "@tabler/icons-react";
import { type SubmitEvent, useState } from "react";
import { Link, Navigate, useSearchParams } from "react-router";
import type { RollbackPlan, RollbackReach, RollbackScope } from "../../api/types";
import { commands } from "../../cli";
import type { Column } from "../../ui/DataTable";
import { EmptyState } from "../../ui/EmptyState";
import { formatCount, shortId } from "../../ui/format";
import { Id } from "../../ui/Id";
import { Loaded } from "../../ui/Loaded";
import { PagedTable } from "../../ui/PagedTable";
import { Panel } from "../../ui/Panel";
import { Time } from "../../ui/Time";
import { useRequiredParam } from "../../ui/useRequiredParam";
import { useUrlState } from "../../ui/urlState";
import { urls } from "../../urls";
import { repositoryQuery } from "../repositories/queries";
import { PlanStatus } from "./PlanStatus";
import { plansQuery, rollbackQuery } from "./queries";
import { ReachChoice, REACHES } from "./ReachChoice";
import classes from "./RollbacksTab.module.css";
import { ScopeChoice, SCOPES } from "./ScopeChoice";
import { changes, changesAnything } from "./summary";
import { TargetLink } from "./TargetLink";

/** Plans to undo what `?target=` names; without one, asks for it and lists the plans there are. */
export function RollbacksTab() {
  const repository = useRequiredParam("repository");
  const [search] = useSearchParams();
  const target = search.get("target");
  const info = useQuery(repositoryQuery(repository));
  const branch = search.get("branch") ?? info.data?.default_branch;
  return (
    <>
      <TargetForm key={target} repository={repository} target={target ?? ""} />
      {target === null ? (
        <Plans repository={repository} />
      ) : (
        branch !== undefined && <MakePlan repository={repository} target={target} branch={branch} />
      )}
    </>
  );
}

function TargetForm({ repository, target }: { repository: string; target: string }) {
  const [text, setText] = useState(target);
  const [scope, setScope] = useUrlState<RollbackScope>("scope", SCOPES, "descendants");
  const [reach, setReach] = useUrlState<RollbackReach>("reach", REACHES, "branch");
  const [, setSearch] = useSearchParams();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setSearch((before) => {
      const after = new URLSearchParams(before);
      if (text.trim() === "") after.delete("target");
      else after.set("target", text.trim());
      return after;
    });
  };
  return (
    <form className={classes.form} onSubmit={submit}>
      <TextInput
        label="What was bad"
        className={classes.target ?? ""}
        placeholder={`run:… or lf://${repository}/daily/delays/2013-07`}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <ScopeChoice value={scope} onChange={setScope} />
      <ReachChoice value={reach} onChange={setReach} />
      <Button
        type="submit"
        leftSection={<IconArrowBackUp size={14} aria-hidden />}
        disabled={text.trim() === ""}
      >
        Preview rollback
      </Button>
    </form>
  );
}

/** Makes the plan, and goes to its own address: reloading there makes no second one. */
function MakePlan({ repository, target, branch }: { repository: string; target: string; branch: string }) {
  const [scope] = useUrlState<RollbackScope>("scope", SCOPES, "descendants");
  const [reach] = useUrlState<RollbackReach>("reach", REACHES, "branch");
  const plan = useQuery(rollbackQuery(repository, { target, branch, scope, reach }));
  return <Loaded query={plan}>{({ id }) => <Navigate replace to={urls.plan(id)} />}</Loaded>;
}

function Plans({ repository }: { repository: string }) {
  const plans = useInfiniteQuery(plansQuery(repository));
  const columns: Column<RollbackPlan>[] = [
    { key: "id", header: "Plan", cell: ({ id }) => <Link to={urls.plan(id)}>{shortId(id)}</Link> },
    { key: "target", header: "Target", grow: true, cell: ({ target }) => <TargetLink target={target} /> },
    { key: "branch", header: "Branch", cell: ({ branch }) => branch },
    { key: "state", header: "State", cell: ({ state }) => <PlanStatus state={state} /> },
    {
      key: "changes",
      header: "Changes",
      align: "right",
      cell: ({ items }) => (changesAnything(items) ? formatCount(items.filter(changes).length) : "none"),
    },
    {
      key: "commit",
      header: "Commit",
      cell: ({ commit }) =>
        commit != null && <Id value={commit} of="commit" to={urls.commit(repository, commit)} />,
    },
    { key: "made", header: "Made", align: "right", cell: ({ created_at }) => <Time value={created_at} /> },
  ];
  return (
    <Panel flush title="Plans">
      <PagedTable
        label="Plans"
        query={plans}
        columns={columns}
        rowKey={({ id }) => id}
        empty={
          <EmptyState
            icon={IconHistory}
            title="Nothing was rolled back yet"
            command={commands.planRollback(repository, "run:RUN_ID", "descendants")}
          >
            A rollback puts what a bad run wrote, and all that was made from it, back to the last clean
            versions. Find the run under Runs, or plan it in a terminal; nothing changes before a plan is
            applied.
          </EmptyState>
        }
      />
    </Panel>
  );
}
