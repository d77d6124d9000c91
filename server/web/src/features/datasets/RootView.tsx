import { Tabs } from "../../ui/Tabs";
import { useUrlState } from "../../ui/urlState";
import { DatasetTable } from "./DatasetTable";
import { FolderTable } from "./FolderTable";

const VIEWS = ["folders", "datasets"] as const;

/** A whole repository: folder by folder, or all datasets at once. */
export function RootView({ repository, refName }: { repository: string; refName: string }) {
  const [view, setView] = useUrlState("view", VIEWS, "folders");
  return (
    <Tabs
      label="Views"
      value={view}
      onChange={setView}
      tabs={[
        { value: "folders", label: "Folders" },
        { value: "datasets", label: "All datasets" },
      ]}
    >
      {view === "folders" ? (
        <FolderTable repository={repository} refName={refName} path="" />
      ) : (
        <DatasetTable repository={repository} refName={refName} />
      )}
    </Tabs>
  );
}
