import { queryOptions } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import type { Direction } from "../../api/types";
import { type Graph, joinTraces, taintOf, type Way } from "./graph";

/** More boxes than anybody reads at once. */
const MAX_NODES = 300;
/** A whole repository is drawn from so many of its datasets. */
const MAX_DATASETS = 24;

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
      const datasets = await answer(
        api.GET("/api/v1/repositories/{repository}/commits/{ref}/datasets", {
          params: { path: { repository, ref }, query: { limit: MAX_DATASETS } },
          signal,
        }),
      );
      const nodes = datasets.items.map(({ path }) => `lf://${repository}/@${ref}/${path}`);
      const graph = joinTraces(
        await Promise.all(nodes.map((node) => fetchTrace(node, "upstream", 1, signal))),
      );
      return { ...graph, start: new Set(), truncated: graph.truncated || datasets.next !== null };
    },
  });

/** What a bad node spoiled. */
export const taintQuery = (bad: string) =>
  queryOptions({
    queryKey: ["lineage", "taint", bad],
    queryFn: async ({ signal }) =>
      taintOf(
        bad,
        await answer(api.GET("/api/v1/lineage/impact", { params: { query: { node: bad } }, signal })),
      ),
  });

async function fetchTrace(node: string, direction: Direction, depth: number, signal: AbortSignal) {
  const query = { node, direction, depth, limit: MAX_NODES };
  return { direction, graph: await answer(api.GET("/api/v1/lineage/graph", { params: { query }, signal })) };
}
