import { useQuery } from "@tanstack/react-query";
import { useSearchParams } from "react-router";
import { commands } from "../../cli";
import { Choice } from "../../ui/Choice";
import { CopyCommand } from "../../ui/CopyCommand";
import { Page } from "../../ui/Page";
import { useUrlState } from "../../ui/urlState";
import { urls } from "../../urls";
import type { Way } from "./graph";
import { ImpactSummary } from "./ImpactSummary";
import { LineageExplorer } from "./LineageExplorer";
import { LineageStart } from "./LineageStart";
import { nodeTitle } from "./node";
import { graphQuery } from "./queries";

const WAYS = ["upstream", "both", "downstream"] as const;
const WAY_OPTIONS = [
  { value: "upstream", label: "Upstream" },
  { value: "both", label: "Both" },
  { value: "downstream", label: "Downstream" },
] as const;
/** Runs away from the start. */
const DEPTHS = ["1", "2", "3", "5", "10"] as const;
const DEPTH_OPTIONS = DEPTHS.map((depth) => ({ value: depth, label: depth }));

/** What one version or run was made from, and what was made from it. */
export function LineagePage() {
  const [search] = useSearchParams();
  const node = search.get("node");
  if (node === null || node === "") return <LineageStart />;
  return <LineageOf node={node} />;
}

function LineageOf({ node }: { node: string }) {
  const [search] = useSearchParams();
  const bad = search.get("bad");
  const [way, setWay] = useUrlState<Way>("dir", WAYS, "both");
  const [depth, setDepth] = useUrlState("depth", DEPTHS, "3");
  const reach = {
    upstream: way === "downstream" ? 0 : Number(depth),
    downstream: way === "upstream" ? 0 : Number(depth),
  };
  const graph = useQuery(graphQuery(node, way, Number(depth)));
  return (
    <Page
      fill
      title={`Lineage of ${nodeTitle(node)}`}
      crumbs={[{ label: "Lineage", to: urls.lineage() }, { label: nodeTitle(node) }]}
      actions={<CopyCommand command={bad === null ? commands.lineage(node, reach) : commands.impact(bad)} />}
    >
      {bad !== null && <ImpactSummary bad={bad} />}
      <LineageExplorer
        query={graph}
        controls={
          <>
            <Choice label="Direction" options={WAY_OPTIONS} value={way} onChange={setWay} />
            <Choice label="Depth" showLabel options={DEPTH_OPTIONS} value={depth} onChange={setDepth} />
          </>
        }
      />
    </Page>
  );
}
