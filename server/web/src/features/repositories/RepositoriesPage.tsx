import { Skeleton } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { IconDatabase } from "@tabler/icons-react";
import { Link } from "react-router";
import type { RepositoryInfo } from "../../api/types";
import { commands } from "../../cli";
import type { Column } from "../../ui/DataTable";
import { EmptyState } from "../../ui/EmptyState";
import { Page } from "../../ui/Page";
import { PagedTable } from "../../ui/PagedTable";
import { Panel } from "../../ui/Panel";
import { Time } from "../../ui/Time";
import { urls } from "../../urls";
import { headline } from "../commits/message";
import { commitQuery, repositoriesQuery } from "./queries";

const COLUMNS: Column<RepositoryInfo>[] = [
  {
    key: "name",
    header: "Name",
    cell: ({ name }) => (
      <Link to={urls.repository(name)}>
        <b>{name}</b>
      </Link>
    ),
  },
  { key: "last", header: "Last commit", grow: true, cell: (repository) => <LastCommit of={repository} /> },
  {
    key: "branch",
    header: "Default branch",
    cell: ({ name, default_branch }) => (
      <Link to={urls.commits(name, default_branch)} className="nowrap">
        {default_branch}
      </Link>
    ),
  },
  {
    key: "created",
    header: "Created",
    align: "right",
    cell: ({ created_at }) => <Time value={created_at} />,
  },
];

/** Every repository of the lake. */
export function RepositoriesPage() {
  const repositories = useInfiniteQuery(repositoriesQuery());
  return (
    <Page title="Repositories" crumbs={[{ label: "Repositories" }]}>
      <Panel flush>
        <PagedTable
          label="Repositories"
          query={repositories}
          columns={COLUMNS}
          rowKey={({ id }) => id}
          empty={
            <EmptyState icon={IconDatabase} title="No repository yet" command={commands.createRepository()}>
              A repository keeps the versions of your datasets. A pipeline makes one with its first write, or
              make it yourself:
            </EmptyState>
          }
        />
      </Panel>
    </Page>
  );
}

function LastCommit({ of: { name, default_branch } }: { of: RepositoryInfo }) {
  const { data: commit, isPending } = useQuery(commitQuery(name, default_branch));
  if (isPending) return <Skeleton height={10} width={220} className="delayed" />;
  if (commit === undefined) return <span className="dim">unknown</span>;
  return (
    <>
      <Link to={urls.commit(name, commit.id)}>{headline(commit.message)}</Link>{" "}
      <span className="dim">
        by {commit.author}, <Time value={commit.created_at} />
      </span>
    </>
  );
}
