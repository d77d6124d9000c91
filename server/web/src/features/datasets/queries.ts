import { queryOptions } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import { freshness, MOVING } from "../../api/freshness";
import { pagedQuery } from "../../api/paging";
import type { ObjectEntry } from "../../api/types";

const PREVIEW_ROWS = 100;

/** What stands at a path. `object` is the object at the path, or the only one below it. */
export type Place =
  | { kind: "nothing" }
  /** A folder above datasets. */
  | { kind: "folder" }
  | { kind: "dataset" | "inside" | "object"; dataset: string; object: ObjectEntry | null };

export const folderQuery = (repository: string, ref: string, path: string) => ({
  ...pagedQuery(["repository", repository, "folder", ref, path], (after, signal) =>
    answer(
      api.GET("/api/v1/repositories/{repository}/commits/{ref}/folder", {
        params: { path: { repository, ref }, query: { path, after } },
        signal,
      }),
    ),
  ),
  staleTime: freshness(ref),
});

/** Asks for lists of one, because a list of nothing is an answer and not an error. */
export const placeQuery = (repository: string, ref: string, path: string) =>
  queryOptions({
    queryKey: ["repository", repository, "place", ref, path],
    queryFn: async ({ signal }): Promise<Place> => {
      if (path === "") return { kind: "folder" };
      const params = { path: { repository, ref }, query: { path, limit: 1 } };
      const [objects, folder] = await Promise.all([
        answer(api.GET("/api/v1/repositories/{repository}/commits/{ref}/objects", { params, signal })),
        answer(api.GET("/api/v1/repositories/{repository}/commits/{ref}/folder", { params, signal })),
      ]);
      const first = objects.items[0];
      if (first === undefined) return { kind: "nothing" };
      const object = objects.next === null ? first : null;
      if (first.path === path) {
        const { path: dataset } = await fetchDataset(repository, ref, path, signal);
        return { kind: dataset === path ? "dataset" : "object", dataset, object: first };
      }
      const dataset = folder.items[0]?.dataset;
      if (dataset == null || (path !== dataset && !path.startsWith(`${dataset}/`))) return { kind: "folder" };
      return { kind: dataset === path ? "dataset" : "inside", dataset, object };
    },
    staleTime: freshness(ref),
  });

/** The dataset that `path` is or lies in. */
export const datasetQuery = (repository: string, ref: string, path: string) =>
  queryOptions({
    queryKey: ["repository", repository, "dataset", ref, path],
    queryFn: ({ signal }) => fetchDataset(repository, ref, path, signal),
    staleTime: freshness(ref),
  });

function fetchDataset(repository: string, ref: string, path: string, signal: AbortSignal) {
  return answer(
    api.GET("/api/v1/repositories/{repository}/commits/{ref}/dataset", {
      params: { path: { repository, ref }, query: { path } },
      signal,
    }),
  );
}

/** All datasets of a repository, wherever they are. */
export const datasetsQuery = (repository: string, ref: string) => ({
  ...pagedQuery(["repository", repository, "datasets", ref], (after, signal) =>
    answer(
      api.GET("/api/v1/repositories/{repository}/commits/{ref}/datasets", {
        params: { path: { repository, ref }, query: { after } },
        signal,
      }),
    ),
  ),
  staleTime: freshness(ref),
});

/** The exact content of the dataset or partition that `path` is or lies in. */
export const snapshotQuery = (repository: string, ref: string, path: string) =>
  queryOptions({
    queryKey: ["repository", repository, "snapshot", ref, path],
    queryFn: ({ signal }) =>
      answer(
        api.GET("/api/v1/repositories/{repository}/commits/{ref}/snapshot", {
          params: { path: { repository, ref }, query: { path } },
          signal,
        }),
      ),
    staleTime: freshness(ref),
  });

/** A dataset's partitions. */
export const partitionsQuery = (repository: string, ref: string, dataset: string) => ({
  ...pagedQuery(["repository", repository, "partitions", ref, dataset], (after, signal) =>
    answer(
      api.GET("/api/v1/repositories/{repository}/commits/{ref}/snapshots", {
        params: { path: { repository, ref }, query: { dataset, after } },
        signal,
      }),
    ),
  ),
  staleTime: freshness(ref),
});

/** `allowQuarantined` also shows what readers are kept from. */
export const previewQuery = (repository: string, ref: string, path: string, allowQuarantined: boolean) =>
  queryOptions({
    queryKey: ["repository", repository, "preview", ref, path, allowQuarantined],
    queryFn: ({ signal }) =>
      answer(
        api.GET("/api/v1/repositories/{repository}/preview", {
          params: {
            path: { repository },
            query: { ref, path, limit: PREVIEW_ROWS, allow_quarantined: allowQuarantined },
          },
          signal,
        }),
      ),
    // Whether a version is quarantined can change, though its content cannot.
    staleTime: MOVING,
  });

export const blameQuery = (repository: string, ref: string, path: string) =>
  queryOptions({
    queryKey: ["repository", repository, "blame", ref, path],
    queryFn: ({ signal }) =>
      answer(
        api.GET("/api/v1/repositories/{repository}/commits/{ref}/blame", {
          params: { path: { repository, ref }, query: { path } },
          signal,
        }),
      ),
    staleTime: freshness(ref),
  });
