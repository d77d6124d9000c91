import { useRouteError } from "react-router";
import { Page } from "../ui/Page";
import { ProblemAlert } from "../ui/ProblemAlert";

/** In place of a page that failed while it was drawn. */
export function FailedPage() {
  const error = useRouteError();
  return (
    <Page title="Failed" crumbs={[{ label: "This page failed" }]}>
      <ProblemAlert error={error} onRetry={() => globalThis.location.reload()} />
    </Page>
  );
}
