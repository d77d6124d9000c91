import { IconDatabaseOff } from "@tabler/icons-react";
import { commands } from "../../cli";
import { EmptyState } from "../../ui/EmptyState";

/** In place of the data of a commit that holds none. */
export function NoData({ repository }: { repository: string }) {
  return (
    <EmptyState icon={IconDatabaseOff} title="No data yet" command={commands.put(repository)}>
      This commit holds nothing. A pipeline that publishes puts datasets here, or put a file yourself:
    </EmptyState>
  );
}
