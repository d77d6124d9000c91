import { queryOptions } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import type { Page } from "../../api/paging";
import type { Direction, Impact } from "../../api/types";
import { type Graph, joinTraces, taintOf, type Way } from "./graph";

/** More boxes than anybody reads at once. */
const MAX_NODES = 300;
/** What one page of an impact holds at most. */
const MAX_PAGE = 1000;

/** What fed a node, what it fed, or both, `depth` runs away. */
export const graphQuery = (node: string, way: Way, depth: number) =>
  queryOptions({
    queryKey: ["lineage", "graph", node, way, depth],
    queryFn: async ({ signal }): Promise<Graph> => {
      const directions: Direction[] = way === "both" ? ["upstream", "downstream"] : [way];
      return joinTraces(
        await Promise.all(directions.map((direction) => fetchTrace(node, direction, depth, signal))),
      );
    },
  });

/** How all datasets of a repository at a ref were made from each other. */
export const mapQuery = (repository: string, ref: string) =>
  queryOptions({
    queryKey: ["lineage", "map", repository, ref],
    queryFn: async ({ signal }): Promise<Graph> => {
      const graph = await answer(
        api.GET("/api/v1/repositories/{repository}/commits/{ref}/lineage", {
          params: { path: { repository, ref }, query: { depth: 1, limit: MAX_NODES } },
          signal,
        }),
      );
      return { ...joinTraces([{ direction: "upstream", graph }]), start: new Set() };
    },
  });

/** What a bad node spoiled. */
export const taintQuery = (bad: string) =>
  queryOptions({
    queryKey: ["lineage", "taint", bad],
    queryFn: async ({ signal }) => taintOf(bad, await fetchImpact(bad, signal)),
  });

async function fetchImpact(node: string, signal: AbortSignal): Promise<Impact[]> {
  const found: Impact[] = [];
  let after: string | null = null;
  do {
    const query: { node: string; limit: number; after?: string } = { node, limit: MAX_PAGE };
    if (after !== null) query.after = after;
    const page: Page<Impact> = await answer(api.GET("/api/v1/lineage/impact", { params: { query }, signal }));
    found.push(...page.items);
    after = page.next;
  } while (after !== null);
  return found;
}

async function fetchTrace(node: string, direction: Direction, depth: number, signal: AbortSignal) {
  const query = { node, direction, depth, limit: MAX_NODES };
  return { direction, graph: await answer(api.GET("/api/v1/lineage/graph", { params: { query }, signal })) };
}
