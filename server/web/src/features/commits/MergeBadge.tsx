import { IconGitMerge } from "@tabler/icons-react";
import { Status } from "../../ui/Status";

/** Marks a commit with two parents. */
export function MergeBadge() {
  return <Status tone="neutral" icon={IconGitMerge} label="Merge" />;
}
