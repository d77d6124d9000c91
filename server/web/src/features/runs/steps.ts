/** What the facts about steps say together. Pure. */
import type { Io, Run, Version } from "../../api/types";
import { versionNode } from "../lineage/node";

/** A step's own name: its job is named `<pipeline>.<step>`. */
export function stepName(run: Run): string {
  const dot = run.job.name.indexOf(".");
  return dot === -1 ? run.job.name : run.job.name.slice(dot + 1);
}

/** The partition that a step was for: the one that it wrote; else the one it was told. */
export function stepPartition(run: Run, writes: readonly Io[]): string {
  const written = new Set(
    writes.filter((io) => io.run_id === run.id).map(({ version }) => version.partition),
  );
  written.delete("");
  const [first] = written;
  if (first !== undefined) return written.size === 1 ? first : `${written.size} partitions`;
  return run.params.partition ?? "";
}

/** From the start of the first run to the end of the last, in milliseconds; open ends are now. */
export function span(runs: readonly Run[], now: Date): { start: number; length: number } {
  const starts = runs.flatMap((run) => (run.started_at == null ? [] : [new Date(run.started_at).getTime()]));
  const ends = runs.map((run) => (run.ended_at == null ? now : new Date(run.ended_at)).getTime());
  const start = Math.min(...starts, now.getTime());
  return { start, length: Math.max(1, Math.max(...ends, start) - start) };
}

/** One dataset that a run read or wrote, with the exact versions of it. */
export interface DatasetIo {
  key: string;
  namespace: string;
  name: string;
  type: string | null;
  versions: Version[];
  /** The run wrote these itself before it read them. */
  isOwn: boolean;
}

/** Reads or writes by dataset, by name. A version that several steps touched counts once. */
export function byDataset(ios: readonly Io[], written: readonly Io[] = []): DatasetIo[] {
  const own = new Set(written.map(({ version }) => versionNode(version)));
  const unique = new Map(ios.map((io) => [versionNode(io.version), io]));
  const groups = new Map<string, DatasetIo>();
  for (const [node, { version, dataset_type: type }] of unique) {
    const { namespace, name } = version;
    const isOwn = own.has(node);
    const key = `${namespace}/${name}${isOwn ? "/own" : ""}`;
    const group = groups.get(key) ?? { key, namespace, name, type, isOwn, versions: [] };
    group.versions.push(version);
    groups.set(key, group);
  }
  for (const { versions } of groups.values())
    versions.sort((left, right) => left.partition.localeCompare(right.partition));
  return [...groups.values()].sort(
    (left, right) => Number(left.isOwn) - Number(right.isOwn) || left.name.localeCompare(right.name),
  );
}
