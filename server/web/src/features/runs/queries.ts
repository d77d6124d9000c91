import { queryOptions } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import { pagedQuery } from "../../api/paging";
import { Problem } from "../../api/problem";
import type { Run, RunDetails, Transaction } from "../../api/types";

/** How often what still runs is asked for, in milliseconds. */
export const LIVE = 4_000;
const RECENT = 200;

/** What the runs of a repository wrote in, newest first. */
export const transactionsQuery = (repository: string) =>
  pagedQuery<Transaction>(["repository", repository, "transactions"], (after, signal) =>
    answer(
      api.GET("/api/v1/repositories/{repository}/transactions", {
        params: { path: { repository }, query: { after } },
        signal,
      }),
    ),
  );

/** The newest runs of whole pipelines, of the whole lake. */
export const recentRunsQuery = () =>
  queryOptions({
    queryKey: ["runs", "recent"],
    queryFn: ({ signal }) =>
      answer(api.GET("/api/v1/runs", { params: { query: { limit: RECENT } }, signal })),
    select: (page) => page.items,
    refetchInterval: ({ state }) => (state.data?.items.some(isRunning) === true ? LIVE : false),
  });

export const stepsQuery = (parent: string) =>
  queryOptions({
    queryKey: ["runs", "steps", parent],
    queryFn: ({ signal }) =>
      answer(api.GET("/api/v1/runs", { params: { query: { parent, limit: RECENT } }, signal })),
    select: (page) => page.items,
  });

export const runQuery = (id: string) =>
  queryOptions({
    queryKey: ["runs", "one", id],
    queryFn: ({ signal }) =>
      answer(api.GET("/api/v1/runs/{run_id}", { params: { path: { run_id: id } }, signal })),
    refetchInterval: ({ state }: { state: { data: RunDetails | undefined } }) =>
      state.data && isRunning(state.data.run) ? LIVE : false,
  });

/** The transaction of a pipeline's run in a repository; null where it has none there. */
export const transactionQuery = (repository: string, runId: string) =>
  queryOptions({
    queryKey: ["repository", repository, "transactions", runId],
    queryFn: async ({ signal }): Promise<Transaction | null> => {
      try {
        return await answer(
          api.GET("/api/v1/repositories/{repository}/transactions/{run_id}", {
            params: { path: { repository, run_id: runId } },
            signal,
          }),
        );
      } catch (error) {
        if (error instanceof Problem && error.isNotFound) return null;
        throw error;
      }
    },
  });

function isRunning(run: Run): boolean {
  return run.state === "running";
}
