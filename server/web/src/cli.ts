/** The page's actions as commands for a terminal: the one place that spells the command line. */
import type { RollbackScope } from "./api/types";
import { address } from "./urls";

export const commands = {
  createRepository: () => "lineageflow repo create flights",
  put: (repository: string) => `lineageflow put data.parquet lf://${repository}/raw/data.parquet`,
  get: (repository: string, ref: string, path: string) =>
    `lineageflow get ${quote(address(repository, path, ref))}`,
  diff: (repository: string, left: string, right: string) =>
    `lineageflow diff ${quote(left)} ${quote(right)} -R ${repository}`,
  lineage: (node: string) => `lineageflow lineage ${quote(node)}`,
  impact: (node: string) => `lineageflow impact ${quote(node)}`,
  runs: () => "lineageflow runs list",
  planRollback: (repository: string, target: string, branch: string, scope: RollbackScope) =>
    `lineageflow rollback ${quote(target)} -R ${repository} --branch ${quote(branch)}${
      scope === "descendants" ? " --descendants" : ""
    } --dry-run`,
  applyPlan: (plan: string) => `lineageflow plan apply ${quote(plan)}`,
};

/** A shell word (POSIX.1-2017, section 2.2.2): quoted only where it must be. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
