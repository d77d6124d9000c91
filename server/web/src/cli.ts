/** The page's actions as commands for a terminal: the one place that spells the command line. */
import type { RollbackScope } from "./api/types";
import { address } from "./urls";

export const commands = {
  createRepository: () => "lineageflow repo create flights",
  put: (repository: string) =>
    `lineageflow put data.parquet ${quote(address(repository, "raw/data.parquet"))}`,
  get: (repository: string, ref: string, path: string) =>
    `lineageflow get ${quote(address(repository, path, ref))}`,
  show: (repository: string, commit: string) => `lineageflow show ${quote(commit)} -R ${repository}`,
  /** `upstream` and `downstream` are runs away from the node; 0 leaves that way out. */
  lineage: (node: string, { upstream, downstream }: { upstream: number; downstream: number }) =>
    [
      "lineageflow lineage",
      quote(node),
      upstream > 0 && `-u ${upstream}`,
      downstream > 0 && `-d ${downstream}`,
    ]
      .filter(Boolean)
      .join(" "),
  impact: (node: string) => `lineageflow impact ${quote(node)}`,
  runs: () => "lineageflow runs list",
  planRollback: (repository: string, target: string, scope: RollbackScope) =>
    `lineageflow rollback ${quote(target)} -R ${repository} ${SCOPES[scope]} --dry-run`,
  applyPlan: (repository: string, plan: string) => `lineageflow rollback plan:${plan} -R ${repository}`,
};

const SCOPES: Record<RollbackScope, string> = { descendants: "--descendants", outputs: "--outputs-only" };

/** A shell word (POSIX.1-2017, section 2.2.2): quoted only where it must be. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
