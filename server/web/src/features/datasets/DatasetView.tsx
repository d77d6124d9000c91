import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Problem } from "../../api/problem";
import { commands } from "../../cli";
import { CommandLine } from "../../ui/CommandLine";
import { Panel } from "../../ui/Panel";
import { Tabs } from "../../ui/Tabs";
import { useUrlState } from "../../ui/urlState";
import { BlameCard } from "./BlameCard";
import { FolderTable } from "./FolderTable";
import { PartitionTable } from "./PartitionTable";
import { PlaceFacts } from "./PlaceFacts";
import { PreviewPanel } from "./PreviewPanel";
import { DownloadButton } from "./DownloadButton";
import { KeptBack, Quarantined } from "./Quarantined";
import { datasetQuery, type Place, previewQuery } from "./queries";
import { SchemaTable } from "./SchemaTable";
import classes from "./DatasetView.module.css";

interface DatasetViewProps {
  repository: string;
  refName: string;
  path: string;
  place: Extract<Place, { dataset: string }>;
}

const VIEWS = ["preview", "schema", "partitions", "files"] as const;

/** A dataset, or a partition, folder or object in it: what is in it, what it is, and who made it. */
export function DatasetView({ repository, refName, path, place }: DatasetViewProps) {
  const dataset = useQuery(datasetQuery(repository, refName, place.dataset));
  const [allowQuarantined, setAllowQuarantined] = useState(false);
  const preview = useQuery(previewQuery(repository, refName, path, allowQuarantined));
  const keptBack =
    preview.error instanceof Problem && preview.error.kind === "quarantined" ? preview.error : undefined;
  const [view, setView] = useUrlState("view", VIEWS, "preview");

  const columns = preview.data?.table?.columns;
  const isPartitioned = place.kind === "dataset" && (dataset.data?.partition_depth ?? 0) > 0;
  const tabs = [
    { value: "preview" as const, label: "Preview" },
    ...(columns ? [{ value: "schema" as const, label: `Schema (${columns.length})` }] : []),
    ...(isPartitioned ? [{ value: "partitions" as const, label: "Partitions" }] : []),
    ...(place.object?.path === path ? [] : [{ value: "files" as const, label: "Files" }]),
  ];
  const shown = tabs.some(({ value }) => value === view) ? view : "preview";

  return (
    <div className={classes.columns}>
      <div className={classes.main}>
        {keptBack ? (
          <KeptBack problem={keptBack} onShow={() => setAllowQuarantined(true)} />
        ) : (
          <Quarantined notices={preview.data?.notices ?? []} />
        )}
        <Tabs label="Views" tabs={tabs} value={shown} onChange={setView}>
          {shown === "preview" && keptBack === undefined && <PreviewPanel query={preview} />}
          {shown === "schema" && columns && (
            <SchemaTable columns={columns} rows={preview.data?.table?.row_count} />
          )}
          {shown === "partitions" && (
            <PartitionTable repository={repository} refName={refName} dataset={path} />
          )}
          {shown === "files" && <FolderTable repository={repository} refName={refName} path={path} />}
        </Tabs>
      </div>
      <aside className={classes.side} aria-label="About">
        <PlaceFacts repository={repository} refName={refName} path={path} place={place} />
        <BlameCard repository={repository} refName={refName} path={path} />
        <Panel title="Get it">
          <div className={classes.get}>
            <CommandLine command={commands.get(repository, refName, path)} />
            {place.object !== null && keptBack === undefined && (
              <DownloadButton repository={repository} object={place.object} />
            )}
          </div>
        </Panel>
      </aside>
    </div>
  );
}
