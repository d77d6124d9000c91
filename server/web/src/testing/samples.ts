/** Values of the API for tests: whole, dull, and changed where a test says so. */
import type { Commit, Io, LineageNode, PlanItem, Ref, Run, Transaction, Version } from "../api/types";

const INSTANT = "2026-11-21T09:00:00Z";

const digest = (start: string) => start.padEnd(64, "0");

export const sampleCommit = (values: Partial<Commit> = {}): Commit => ({
  id: digest("c0"),
  parents: [],
  root: digest("a0"),
  author: "ada",
  message: "Add planes",
  created_at: INSTANT,
  generation: 1,
  metadata: {},
  run_id: null,
  replaced: [],
  ...values,
});

export const sampleRef = (values: Partial<Ref> = {}): Ref => ({
  kind: "branch",
  name: "main",
  commit: digest("c0"),
  created_at: INSTANT,
  updated_at: INSTANT,
  ...values,
});

export const sampleRun = (values: Partial<Run> = {}): Run => ({
  id: "9f3c1122-0000-4000-8000-00000000000a",
  job: { namespace: "dagster", name: "flights.clean_flights" },
  state: "completed",
  parent: null,
  started_at: INSTANT,
  ended_at: null,
  code: null,
  environment: {},
  params: {},
  error: null,
  ...values,
});

export const sampleTransaction = (values: Partial<Transaction> = {}): Transaction => ({
  run_id: "9f3c1122-0000-4000-8000-00000000000a",
  repository: "flights",
  base: digest("b0"),
  into: "main",
  state: "published",
  created_at: INSTANT,
  expires_at: "2026-12-21T09:00:00Z",
  head: digest("d0"),
  published: null,
  ...values,
});

export const sampleVersion = (values: Partial<Version> = {}): Version => ({
  namespace: "lf://flights",
  name: "daily/delays",
  partition: "",
  version: digest("5a"),
  ...values,
});

export const sampleIo = (run_id: string, version: Partial<Version>): Io => ({
  run_id,
  version: sampleVersion(version),
  evidence: "explicit",
  dataset_type: "TABLE",
  at: null,
});

export const samplePlanItem = (values: Partial<PlanItem> = {}): PlanItem => ({
  dataset: "daily/delays",
  partition: "",
  action: "restore",
  reason: "output",
  degree: 0,
  produced_by: null,
  job: null,
  bad: digest("bad"),
  good: null,
  good_commit: null,
  repository: "flights",
  branch: "main",
  dataset_type: null,
  current: digest("bad"),
  later: [],
  merged: null,
  bad_commit: null,
  choices: ["restore", "skip"],
  owners: [],
  ...values,
});

export const sampleNode = (values: Partial<LineageNode> & Pick<LineageNode, "id" | "kind">): LineageNode => ({
  depth: 0,
  version: null,
  run: null,
  job: null,
  dataset_type: null,
  more_upstream: 0,
  more_downstream: 0,
  ...values,
});
