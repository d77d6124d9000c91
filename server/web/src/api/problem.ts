import type { ProblemBody } from "./types";

/** What the server, or the way to it, has against a call. Its message is written for people (RFC 9457). */
export class Problem extends Error {
  readonly kind: string;
  readonly status: number;
  readonly title: string;
  readonly details: Record<string, unknown>;

  constructor(body: Omit<ProblemBody, "type" | "details"> & Partial<Pick<ProblemBody, "details">>) {
    super(body.detail);
    this.name = "Problem";
    this.kind = body.kind;
    this.status = body.status;
    this.title = body.title;
    this.details = body.details ?? {};
  }

  /** What was asked for does not exist. */
  get isNotFound(): boolean {
    return this.status === 404;
  }

  /** Whoever asked is not logged in, or not with a token that may do this. */
  get wantsLogin(): boolean {
    return this.status === 401 || this.kind === "scope_missing";
  }

  /** Asking again may help: the server did not answer, or failed by itself. */
  get isTransient(): boolean {
    return this.status === 0 || this.status >= 500;
  }
}

/** The problem that an answer carries, or one that says what came in its place. */
export async function problemOf(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => null);
  if (isProblemBody(body)) return new Problem(body);
  return new Problem({
    kind: "error",
    status: response.status,
    title: `The server answered ${response.status}`,
    detail: response.statusText === "" ? "It gave no reason." : `${response.statusText}.`,
  });
}

/** The problem of a call that got no answer at all. */
export function unreachable(): Problem {
  return new Problem({
    kind: "server_unreachable",
    status: 0,
    title: "The server does not answer",
    detail: "The page could not reach the server that it came from.",
  });
}

function isProblemBody(body: unknown): body is ProblemBody {
  return (
    typeof body === "object" &&
    body !== null &&
    "detail" in body &&
    typeof body.detail === "string" &&
    "kind" in body &&
    typeof body.kind === "string" &&
    "title" in body &&
    typeof body.title === "string" &&
    "status" in body &&
    typeof body.status === "number"
  );
}
