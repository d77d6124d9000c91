import { answer, api } from "../../api/client";
import { freshness } from "../../api/freshness";
import { pagedQuery } from "../../api/paging";

/** The first parents of a ref, newest first. */
export const logQuery = (repository: string, ref: string) => ({
  ...pagedQuery(["repository", repository, "log", ref], (after, signal) =>
    answer(
      api.GET("/api/v1/repositories/{repository}/commits/{ref}/log", {
        params: { path: { repository, ref }, query: { after } },
        signal,
      }),
    ),
  ),
  staleTime: freshness(ref),
});

/** The datasets that differ between two commits. */
export const datasetDiffQuery = (repository: string, left: string, right: string) => ({
  ...pagedQuery(["repository", repository, "diff", "datasets", left, right], (after, signal) =>
    answer(
      api.GET("/api/v1/repositories/{repository}/diff/datasets", {
        params: { path: { repository }, query: { left, right, after } },
        signal,
      }),
    ),
  ),
  staleTime: Infinity,
});

/** The objects at or below `path` that differ between two commits. */
export const objectDiffQuery = (repository: string, left: string, right: string, path: string) => ({
  ...pagedQuery(["repository", repository, "diff", "objects", left, right, path], (after, signal) =>
    answer(
      api.GET("/api/v1/repositories/{repository}/diff", {
        params: { path: { repository }, query: { left, right, path, after } },
        signal,
      }),
    ),
  ),
  staleTime: Infinity,
});
