import { createBrowserRouter, type RouteObject } from "react-router";
import { CommitPage } from "../features/commits/CommitPage";
import { CommitsTab } from "../features/commits/CommitsTab";
import { DataTab } from "../features/datasets/DataTab";
import { PlanPage } from "../features/plans/PlanPage";
import { RollbacksTab } from "../features/plans/RollbacksTab";
import { DefaultTab } from "../features/repositories/DefaultTab";
import { RepositoriesPage } from "../features/repositories/RepositoriesPage";
import { RepositoryLayout } from "../features/repositories/RepositoryLayout";
import { RunPage } from "../features/runs/RunPage";
import { RunsTab } from "../features/runs/RunsTab";
import { FailedPage } from "./FailedPage";
import { NotFoundPage } from "./NotFoundPage";
import { Shell } from "./Shell";

/** Every address of the page. `urls.ts` spells them. */
const routes: RouteObject[] = [
  {
    Component: Shell,
    children: [
      {
        ErrorBoundary: FailedPage,
        HydrateFallback: () => null,
        children: [
          { index: true, Component: RepositoriesPage },
          {
            path: "r/:repository",
            Component: RepositoryLayout,
            children: [
              { index: true, Component: DefaultTab },
              { path: "tree/:ref/*", Component: DataTab },
              { path: "commits/:ref", Component: CommitsTab },
              {
                path: "lineage/:ref",
                lazy: async () => ({
                  Component: (await import("../features/lineage/LineageTab")).LineageTab,
                }),
              },
              { path: "runs", Component: RunsTab },
              { path: "rollback", Component: RollbacksTab },
            ],
          },
          { path: "r/:repository/commit/:id", Component: CommitPage },
          {
            path: "lineage",
            lazy: async () => ({
              Component: (await import("../features/lineage/LineagePage")).LineagePage,
            }),
          },
          { path: "runs/:id", Component: RunPage },
          { path: "plans/:id", Component: PlanPage },
          { path: "*", Component: NotFoundPage },
        ],
      },
    ],
  },
];

export const router = createBrowserRouter(routes);
