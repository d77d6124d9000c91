import { QueryClient } from "@tanstack/react-query";
import { Problem } from "../api/problem";

const RETRIES = 2;

/** What was fetched stays visible while it is fetched anew; only what may pass by itself is tried again. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (failures, error) => failures < RETRIES && error instanceof Problem && error.isTransient,
    },
  },
});
