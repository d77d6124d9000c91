import { useQuery } from "@tanstack/react-query";
import { NavLink, Outlet, useLocation, useNavigate, useParams, useSearchParams } from "react-router";
import { Page } from "../../ui/Page";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { useRequiredParam } from "../../ui/useRequiredParam";
import { urls } from "../../urls";
import { repositoryQuery } from "./queries";
import { RefNotice } from "./RefNotice";
import { RefPicker } from "./RefPicker";
import classes from "./RepositoryLayout.module.css";

type Tab = "tree" | "commits" | "lineage" | "runs" | "rollback";

const TABS: readonly (readonly [Tab, string])[] = [
  ["tree", "Data"],
  ["commits", "Commits"],
  ["lineage", "Lineage"],
  ["runs", "Runs"],
  ["rollback", "Rollbacks"],
];

function tabUrl(tab: Tab, repository: string, ref: string, path = ""): string {
  switch (tab) {
    case "tree":
      return urls.tree(repository, ref, path);
    case "commits":
      return urls.commits(repository, ref);
    case "lineage":
      return urls.repositoryLineage(repository, ref);
    case "runs":
      return urls.runs(repository, { ref });
    case "rollback":
      return urls.rollback(repository, { ref });
  }
}

/** What all of a repository's tabs share: its name, the ref that is looked at, and the tabs. */
export function RepositoryLayout() {
  const repository = useRequiredParam("repository");
  const { ref: refInPath, "*": path } = useParams();
  const [search] = useSearchParams();
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const info = useQuery(repositoryQuery(repository));

  const ref = refInPath ?? search.get("ref") ?? info.data?.default_branch;
  const current = TABS.find(([tab]) => pathname.split("/")[3] === tab)?.[0] ?? "tree";

  return (
    <Page
      title={repository}
      crumbs={[{ label: "Repositories", to: urls.repositories() }, { label: repository }]}
      fill={current === "lineage"}
    >
      {info.error && info.data === undefined ? (
        <ProblemAlert error={info.error} onRetry={() => void info.refetch()} />
      ) : (
        <>
          <div className={classes.bar}>
            <RefPicker
              repository={repository}
              value={ref}
              onChange={(picked) => void navigate(tabUrl(current, repository, picked, path))}
            />
            <nav className={classes.tabs} aria-label="Repository">
              {TABS.map(([tab, label]) => (
                <NavLink
                  key={tab}
                  to={ref === undefined ? "#" : tabUrl(tab, repository, ref)}
                  className={classes.tab ?? ""}
                  aria-current={tab === current ? "page" : undefined}
                  data-active={tab === current}
                >
                  {label}
                </NavLink>
              ))}
            </nav>
          </div>
          {ref !== undefined && info.data && (
            <RefNotice repository={repository} value={ref} defaultBranch={info.data.default_branch} />
          )}
          <Outlet />
        </>
      )}
    </Page>
  );
}
