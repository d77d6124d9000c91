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
      actions={plan.data?.state === "planned" && <OtherScope plan={plan.data} />}
    >
      <Loaded query={plan}>{(found) => <PlanView plan={found} />}</Loaded>
    </Page>
  );
}

/** Another scope is another plan. */
function OtherScope({ plan }: { plan: RollbackPlan }) {
  const navigate = useNavigate();
  const { repository, target, branch } = plan;
  const [scope, setScope] = useState(plan.scope);
  return (
    <ScopeChoice
      value={scope}
      onChange={(other) => {
        setScope(other);
        void navigate(urls.rollback(repository, { target, branch, scope: other }));
      }}
    />
  );
}
