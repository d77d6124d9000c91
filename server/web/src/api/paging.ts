import { type InfiniteData, infiniteQueryOptions, type QueryKey } from "@tanstack/react-query";

/** One page of a list, as the API gives it. */
export interface Page<Row> {
  items: Row[];
  next: string | null;
}

/** A list that is fetched page by page and read as one array. */
export function pagedQuery<Row>(
  queryKey: QueryKey,
  fetchPage: (after: string | null, signal: AbortSignal) => Promise<Page<Row>>,
) {
  return infiniteQueryOptions({
    queryKey,
    queryFn: ({ pageParam, signal }) => fetchPage(pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page: Page<Row>) => page.next,
    select: (data: InfiniteData<Page<Row>, string | null>) => data.pages.flatMap((page) => page.items),
  });
}
