import { useQuery } from "@tanstack/react-query";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { useRequiredParam } from "../../ui/useRequiredParam";
import { shortId } from "../../ui/format";
import { urls } from "../../urls";
import { PlanView } from "./PlanView";
import { planQuery } from "./queries";

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
    >
      <Loaded query={plan}>{(found) => <PlanView plan={found} />}</Loaded>
    </Page>
  );
}
