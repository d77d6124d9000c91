/** The words of the API, by the names that the page uses them under. All generated from `openapi.json`. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Blame = Schemas["Blame"];
export type CodeVersion = Schemas["CodeVersion"];
export type Commit = Schemas["Commit"];
export type Dataset = Schemas["Dataset"];
export type DatasetDiff = Schemas["DatasetDiff"];
export type DiffEntry = Schemas["DiffEntry"];
export type DiffKind = Schemas["DiffKind"];
export type Direction = Schemas["Direction"];
export type Impact = Schemas["Impact"];
export type Io = Schemas["Io"];
export type Item = Schemas["Item"];
export type LineageEdge = Schemas["LineageEdge"];
export type LineageGraph = Schemas["LineageGraph"];
export type LineageNode = Schemas["LineageNode"];
export type ObjectEntry = Schemas["ObjectEntry"];
export type PlanAction = Schemas["PlanAction"];
export type PlanItem = Schemas["PlanItem"];
export type PlanReason = Schemas["PlanReason"];
export type Preview = Schemas["Preview"];
export type ProblemBody = Schemas["Problem"];
export type Ref = Schemas["Ref"];
export type RefKind = Schemas["RefKind"];
export type RepositoryInfo = Schemas["RepositoryInfo"];
export type RollbackPlan = Schemas["RollbackPlan"];
export type RollbackScope = Schemas["RollbackScope"];
export type Run = Schemas["Run"];
export type RunDetails = Schemas["RunDetails"];
export type RunState = Schemas["RunState"];
export type Snapshot = Schemas["Snapshot"];
export type TablePreview = Schemas["TablePreview"];
export type Transaction = Schemas["Transaction"];
export type TransactionState = Schemas["TransactionState"];
export type Version = Schemas["Version"];
