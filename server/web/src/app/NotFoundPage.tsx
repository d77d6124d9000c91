import { IconMapOff } from "@tabler/icons-react";
import { Link, useLocation } from "react-router";
import { EmptyState } from "../ui/EmptyState";
import { Page } from "../ui/Page";
import { urls } from "../urls";

export function NotFoundPage() {
  const { pathname } = useLocation();
  return (
    <Page title="Not found" crumbs={[{ label: "Not found" }]}>
      <EmptyState icon={IconMapOff} title="There is no page here">
        <code>{pathname}</code> is no address of this page. Start again from the{" "}
        <Link to={urls.repositories()}>repositories</Link>.
      </EmptyState>
    </Page>
  );
}
