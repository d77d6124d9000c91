import { useQuery } from "@tanstack/react-query";
import { IconFileUnknown } from "@tabler/icons-react";
import { useParams } from "react-router";
import { Breadcrumbs, type Crumb } from "../../ui/Breadcrumbs";
import { Copy } from "../../ui/Copy";
import { EmptyState } from "../../ui/EmptyState";
import { shortRef } from "../../ui/format";
import { Loaded } from "../../ui/Loaded";
import { useRequiredParam } from "../../ui/useRequiredParam";
import { address, urls } from "../../urls";
import { DatasetView } from "./DatasetView";
import { FolderTable } from "./FolderTable";
import { RootView } from "./RootView";
import { placeQuery } from "./queries";
import classes from "./DataTab.module.css";

/** What a repository holds at a ref: folders above datasets, and datasets with what is in them. */
export function DataTab() {
  const repository = useRequiredParam("repository");
  const ref = useRequiredParam("ref");
  const path = useParams()["*"] ?? "";
  const place = useQuery(placeQuery(repository, ref, path));

  return (
    <>
      <div className={classes.path}>
        <Breadcrumbs label="Path" crumbs={pathCrumbs(repository, ref, path)} />
        <Copy value={address(repository, path, ref)} label="Copy address" />
      </div>
      <Loaded query={place}>
        {(found) =>
          found.kind === "nothing" ? (
            <EmptyState icon={IconFileUnknown} title="Nothing is here">
              There is nothing at <code>{path}</code> at {shortRef(ref)}. It may exist at another ref: choose
              one above, or go up a folder.
            </EmptyState>
          ) : path === "" ? (
            <RootView repository={repository} refName={ref} />
          ) : found.kind === "folder" ? (
            <FolderTable repository={repository} refName={ref} path={path} />
          ) : (
            <DatasetView key={path} repository={repository} refName={ref} path={path} place={found} />
          )
        }
      </Loaded>
    </>
  );
}

/** The repository, then each folder on the way to `path`. */
function pathCrumbs(repository: string, ref: string, path: string): Crumb[] {
  const segments = path === "" ? [] : path.split("/");
  const folders = segments.map((segment, depth) => ({
    label: segment,
    to: urls.tree(repository, ref, segments.slice(0, depth + 1).join("/")),
  }));
  const crumbs: Crumb[] = [{ label: repository, to: urls.tree(repository, ref) }, ...folders];
  return crumbs.map((crumb, index) => (index === crumbs.length - 1 ? { label: crumb.label } : crumb));
}
