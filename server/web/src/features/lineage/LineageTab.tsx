import { useQuery } from "@tanstack/react-query";
import { useRequiredParam } from "../../ui/useRequiredParam";
import { LineageExplorer } from "./LineageExplorer";
import { mapQuery } from "./queries";

/** How the datasets of a repository, as they are at a ref, were made from each other. */
export function LineageTab() {
  const repository = useRequiredParam("repository");
  const ref = useRequiredParam("ref");
  return <LineageExplorer query={useQuery(mapQuery(repository, ref))} />;
}
