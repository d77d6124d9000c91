import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";
import type { RollbackPlan } from "../../api/types";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { useRequiredParam } from "../../ui/useRequiredParam";
import { shortId } from "../../ui/format";
import { urls } from "../../urls";
import { PlanView } from "./PlanView";
import { planQuery } from "./queries";
import { ReachChoice } from "./ReachChoice";
import { ScopeChoice } from "./ScopeChoice";

/** One plan, by its own address. */
export function PlanPage() {
  const id = useRequiredParam("id");
  const plan = useQuery(planQuery(id));
  const repository = plan.data?.repository;
  return (
    <Page
      title="Rollback"
      crumbs={[
        ...(repository === undefined
          ? []
          : [
              { label: repository, to: urls.repository(repository) },
              { label: "Rollbacks", to: urls.rollback(repository) },
            ]),
        { label: `Plan ${shortId(id)}` },
      ]}
      actions={plan.data !== undefined && canBeAskedAgain(plan.data) && <OtherPlan plan={plan.data} />}
    >
      <Loaded query={plan}>{(found) => <PlanView key={found.id} plan={found} />}</Loaded>
    </Page>
  );
}

/** An undoing plan follows from the one that it undoes; of several targets, the page has one line. */
function canBeAskedAgain({ state, undoes, target }: RollbackPlan): boolean {
  return state === "planned" && undoes == null && !target.includes(", ");
}

/** Another scope or reach is another plan. */
function OtherPlan({ plan }: { plan: RollbackPlan }) {
  const navigate = useNavigate();
  const { repository, target, branch } = plan;
  const [asked, setAsked] = useState({ scope: plan.scope, reach: plan.reach });
  const ask = (other: Partial<typeof asked>) => {
    const next = { ...asked, ...other };
    setAsked(next);
    void navigate(urls.rollback(repository, { target, branch, ...next }));
  };
  return (
    <>
      <ScopeChoice value={asked.scope} onChange={(scope) => ask({ scope })} />
      <ReachChoice value={asked.reach} onChange={(reach) => ask({ reach })} />
    </>
  );
}
