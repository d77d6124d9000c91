/** The one way to the server: typed by the API's own description, every failure a `Problem`. */
import createClient, { type Middleware } from "openapi-fetch";
import { problemOf, unreachable } from "./problem";
import type { paths } from "./schema";

const failAsProblems: Middleware = {
  async onResponse({ response }) {
    if (!response.ok) throw await problemOf(response);
  },
  onError({ error }) {
    return isAbort(error) ? undefined : unreachable();
  },
};

export const api = createClient<paths>({ baseUrl: globalThis.location.origin });
api.use(failAsProblems);

/** Returns what a call was answered. Failures were thrown before this is reached. */
export async function answer<Data>(call: Promise<{ data?: Data }>): Promise<Data> {
  const { data } = await call;
  if (data === undefined) throw unreachable();
  return data;
}

function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
