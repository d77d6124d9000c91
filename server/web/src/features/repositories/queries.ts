import { queryOptions } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import { freshness } from "../../api/freshness";
import { pagedQuery } from "../../api/paging";
import type { RefKind } from "../../api/types";

const ALL = 1000;

export const repositoriesQuery = () =>
  pagedQuery(["repositories"], (after, signal) =>
    answer(api.GET("/api/v1/repositories", { params: { query: { after } }, signal })),
  );

export const repositoryQuery = (repository: string) =>
  queryOptions({
    queryKey: ["repository", repository],
    queryFn: ({ signal }) =>
      answer(api.GET("/api/v1/repositories/{repository}", { params: { path: { repository } }, signal })),
  });

/** The commit that a ref names now. */
export const commitQuery = (repository: string, ref: string) =>
  queryOptions({
    queryKey: ["repository", repository, "commit", ref],
    queryFn: ({ signal }) =>
      answer(
        api.GET("/api/v1/repositories/{repository}/commits/{ref}", {
          params: { path: { repository, ref } },
          signal,
        }),
      ),
    staleTime: freshness(ref),
  });

/** Branches, or tags. Runs' branches are asked for as transactions, which know their state. */
export const refsQuery = (repository: string, kind: Exclude<RefKind, "run">) =>
  queryOptions({
    queryKey: ["repository", repository, "refs", kind],
    queryFn: ({ signal }) =>
      answer(
        api.GET("/api/v1/repositories/{repository}/refs", {
          params: { path: { repository }, query: { kind, limit: ALL } },
          signal,
        }),
      ),
    select: (page) => page.items,
  });
