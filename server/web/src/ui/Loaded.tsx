import { Skeleton, Stack } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ProblemAlert } from "./ProblemAlert";

interface LoadedProps<Data> {
  query: Pick<UseQueryResult<Data>, "data" | "error" | "refetch">;
  /** The shape of what is coming; some lines of text where not given. */
  skeleton?: ReactNode;
  children: (data: Data) => ReactNode;
}

/** What a query has to show: data as soon as there is any, else its problem, else a skeleton. */
export function Loaded<Data>({ query, skeleton, children }: LoadedProps<Data>) {
  if (query.data !== undefined) return children(query.data);
  if (query.error) return <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />;
  return skeleton ?? <SkeletonLines />;
}

function SkeletonLines() {
  return (
    <Stack gap={10} py={6} aria-busy className="delayed">
      <Skeleton height={10} width="62%" />
      <Skeleton height={10} width="48%" />
      <Skeleton height={10} width="55%" />
    </Stack>
  );
}
