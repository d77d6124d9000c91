import { queryOptions } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import { pagedQuery } from "../../api/paging";
import type { RollbackReach, RollbackScope } from "../../api/types";
import type { Decisions } from "./decisions";

export const planKey = (id: string) => ["plans", id] as const;

export const planQuery = (id: string) =>
  queryOptions({
    queryKey: planKey(id),
    queryFn: ({ signal }) =>
      answer(api.GET("/api/v1/plans/{plan}", { params: { path: { plan: id } }, signal })),
  });

export const plansQuery = (repository: string) =>
  pagedQuery(["repository", repository, "plans"], (after, signal) =>
    answer(
      api.GET("/api/v1/repositories/{repository}/plans", {
        params: { path: { repository }, query: { after } },
        signal,
      }),
    ),
  );

export interface RollbackRequest {
  target: string;
  branch: string;
  scope: RollbackScope;
  reach: RollbackReach;
}

/** Makes a plan. Nothing changes by that, so it is asked for like anything that is read; but anew each time. */
export const rollbackQuery = (repository: string, request: RollbackRequest) =>
  queryOptions({
    queryKey: ["repository", repository, "rollback", request],
    queryFn: () =>
      answer(
        api.POST("/api/v1/repositories/{repository}/plans", {
          params: { path: { repository } },
          body: { ...request, outputs: [], decisions: {} },
        }),
      ),
    gcTime: 0,
    refetchOnWindowFocus: false,
  });

export function applyPlan(plan: string, author: string, decisions: Decisions) {
  return answer(
    api.POST("/api/v1/plans/{plan}/apply", { params: { path: { plan } }, body: { author, decisions } }),
  );
}

/** Makes the plan that takes an applied one back. Nothing changes before that is applied, too. */
export function planUndo(plan: string) {
  return answer(
    api.POST("/api/v1/plans/{plan}/undo", { params: { path: { plan } }, body: { decisions: {} } }),
  );
}
