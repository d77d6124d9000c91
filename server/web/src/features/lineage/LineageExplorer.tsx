import type { UseQueryResult } from "@tanstack/react-query";
import { useQuery } from "@tanstack/react-query";
import { IconArrowsMaximize, IconTopologyStarRing3 } from "@tabler/icons-react";
import { type ReactNode, useCallback, useMemo } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { EmptyState } from "../../ui/EmptyState";
import { Loaded } from "../../ui/Loaded";
import { Notice } from "../../ui/Notice";
import { Tabs } from "../../ui/Tabs";
import { toggled, useUrlState, useUrlText } from "../../ui/urlState";
import { urls } from "../../urls";
import type { Graph, Taint } from "./graph";
import { foldSiblings } from "./groups";
import { Legend } from "./Legend";
import { LineageCanvas } from "./LineageCanvas";
import classes from "./LineageExplorer.module.css";
import { LineageTable } from "./LineageTable";
import { NodePanel } from "./NodePanel";
import { taintQuery } from "./queries";

const VIEWS = ["graph", "table"] as const;
const NOTHING: ReadonlySet<string> = new Set();

interface LineageExplorerProps {
  query: UseQueryResult<Graph>;
  /** What is chosen beside the view: direction, depth. */
  controls?: ReactNode;
}

/** A graph and its table twin, the details of what is chosen in it, and what `?bad=` spoiled. */
export function LineageExplorer({ query, controls }: LineageExplorerProps) {
  const [view, setView] = useUrlState("view", VIEWS, "graph");
  const [search] = useSearchParams();
  const bad = search.get("bad");
  const focusUrl = useFocusUrl();
  const taint = useQuery({ ...taintQuery(bad ?? ""), enabled: bad !== null }).data;
  return (
    <div className={classes.explorer}>
      <Tabs
        label="View"
        value={view}
        onChange={setView}
        tabs={[
          { value: "graph", label: "Graph" },
          { value: "table", label: "Table" },
        ]}
        actions={controls}
      >
        <Loaded
          query={query}
          skeleton={<div className={classes.loading} aria-busy aria-label="Loading the graph" />}
        >
          {(graph) =>
            graph.nodes.length === 0 ? (
              <NoLineage />
            ) : view === "graph" ? (
              <GraphView graph={graph} taint={taint} />
            ) : (
              <div className={classes.table}>
                <Truncated graph={graph} />
                <LineageTable graph={graph} tainted={taint?.nodes ?? NOTHING} focusUrl={focusUrl} />
              </div>
            )
          }
        </Loaded>
      </Tabs>
    </div>
  );
}

function GraphView({ graph, taint }: { graph: Graph; taint: Taint | undefined }) {
  const navigate = useNavigate();
  const [selected, setSelected] = useUrlText("sel");
  const [search, setSearch] = useSearchParams();
  const openKey = search.getAll("open").join("\n");
  const tainted = taint?.nodes ?? NOTHING;
  const drawing = useMemo(
    () => foldSiblings(graph, new Set(openKey.split("\n")), tainted),
    [graph, openKey, tainted],
  );
  const marks = useMemo(() => ({ start: graph.start, tainted, selected }), [graph.start, tainted, selected]);
  const focusUrl = useFocusUrl();
  const toggleGroup = useCallback(
    (id: string) =>
      setSearch(
        (before) => {
          const after = toggled(before, "open", id);
          after.delete("sel");
          return after;
        },
        { replace: true },
      ),
    [setSearch],
  );
  const onOpen = useCallback(
    (id: string) => {
      if (drawing.groups.some((group) => group.id === id)) toggleGroup(id);
      else void navigate(focusUrl(id));
    },
    [drawing, focusUrl, navigate, toggleGroup],
  );
  const panel = selected !== null && (
    <NodePanel
      id={selected}
      graph={graph}
      drawing={drawing}
      taint={taint}
      focusUrl={focusUrl}
      onSelect={setSelected}
      onToggleGroup={toggleGroup}
      isOpen={(group) => search.has("open", group)}
    />
  );
  return (
    <div className={classes.graph} data-panel={selected !== null}>
      <div className={classes.canvas}>
        <Truncated graph={graph} />
        <LineageCanvas drawing={drawing} marks={marks} onSelect={setSelected} onOpen={onOpen} />
        <Legend edges={drawing.edges} />
      </div>
      {panel}
    </div>
  );
}

/** The address of the graph around a node, with what is marked bad staying so. */
function useFocusUrl() {
  const [search] = useSearchParams();
  const bad = search.get("bad") ?? undefined;
  const dir = search.get("dir") ?? undefined;
  const depth = search.get("depth") ?? undefined;
  return useCallback((node: string) => urls.lineage({ node, dir, depth, bad }), [bad, dir, depth]);
}

function Truncated({ graph }: { graph: Graph }) {
  if (!graph.truncated) return null;
  return (
    <Notice tone="warning" icon={IconArrowsMaximize}>
      This is the nearest part: more is reachable than is shown. Lessen the depth, choose one direction, or
      focus on a node nearer to what you look for.
    </Notice>
  );
}

function NoLineage() {
  return (
    <EmptyState icon={IconTopologyStarRing3} title="No lineage is known">
      No run that reported here read or wrote this version. Lineage comes from what pipelines report, never
      from guesses.
    </EmptyState>
  );
}
