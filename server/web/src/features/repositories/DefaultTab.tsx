import { useQuery } from "@tanstack/react-query";
import { Navigate, useSearchParams } from "react-router";
import { Loaded } from "../../ui/Loaded";
import { useRequiredParam } from "../../ui/useRequiredParam";
import { urls } from "../../urls";
import { repositoryQuery } from "./queries";

/** A repository without a ref in its address is shown at its default branch. */
export function DefaultTab() {
  const repository = useRequiredParam("repository");
  const [search] = useSearchParams();
  return (
    <Loaded query={useQuery(repositoryQuery(repository))}>
      {({ default_branch }) => (
        <Navigate replace to={urls.tree(repository, default_branch, search.get("path") ?? "")} />
      )}
    </Loaded>
  );
}
