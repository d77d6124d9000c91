import type { Version } from "../../api/types";
import { type Column, DataTable } from "../../ui/DataTable";
import { plural } from "../../ui/format";
import { Id } from "../../ui/Id";
import { Unfold } from "../../ui/Unfold";
import { useUrlSet } from "../../ui/urlState";
import { urls } from "../../urls";
import { versionNode } from "../lineage/node";
import type { DatasetIo } from "./steps";
import classes from "./VersionGroups.module.css";

interface VersionGroupsProps {
  label: string;
  groups: readonly DatasetIo[];
  /** What is said in place of no groups. */
  none: string;
}

/** Datasets that a run touched, each unfolding to its exact versions. */
export function VersionGroups({ label, groups, none }: VersionGroupsProps) {
  const [open, toggle] = useUrlSet(label.toLowerCase());
  const columns: Column<DatasetIo>[] = [
    {
      key: "dataset",
      header: "Dataset",
      grow: true,
      cell: (group) => {
        const name = (
          <span title={`${group.namespace}/${group.name}`}>
            {group.name} <Partition of={group} />{" "}
          </span>
        );
        if (group.versions.length === 1) return <span className={classes.single}>{name}</span>;
        return (
          <Unfold
            open={open.has(group.key)}
            onToggle={() => toggle(group.key)}
            label={`Versions of ${group.name}`}
          >
            {name}
          </Unfold>
        );
      },
    },
    {
      key: "version",
      header: "Version",
      align: "right",
      cell: ({ versions }) => {
        const [first] = versions;
        if (versions.length > 1 || first === undefined) return plural(versions.length, "partition");
        return <VersionId version={first} />;
      },
    },
  ];
  return (
    <DataTable
      label={label}
      columns={columns}
      rows={groups}
      rowKey={({ key }) => key}
      empty={<p className={classes.none}>{none}</p>}
      detail={(group) => open.has(group.key) && <Versions versions={group.versions} />}
    />
  );
}

/** The one partition that is meant, where it is one. */
function Partition({ of: { versions } }: { of: DatasetIo }) {
  const partition = versions.length === 1 ? versions[0]?.partition : "";
  return partition === undefined || partition === "" ? null : <span className="dim">[{partition}]</span>;
}

function Versions({ versions }: { versions: readonly Version[] }) {
  return (
    <ul className={classes.versions}>
      {versions.map((version) => (
        <li key={versionNode(version)}>
          <span>{version.partition === "" ? "whole dataset" : version.partition}</span>
          <VersionId version={version} />
        </li>
      ))}
    </ul>
  );
}

function VersionId({ version }: { version: Version }) {
  if (version.version == null) return <span className="dim">version unknown</span>;
  return <Id value={version.version} of="snapshot" to={urls.lineage({ node: versionNode(version) })} />;
}
