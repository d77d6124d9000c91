/** What happens in the lake, as it happens: a stream while the page is looked at, else nothing. */
import { useEffect, useState } from "react";

/** One thing that happened, as far as lists need it. */
export interface LiveEntry {
  place: string;
  kind: string;
  id: string;
  ref: string | null;
  repositories: string[];
}

const ASKING = 10_000;
const FAILURES = 3;
const KEPT = 1_000;

/**
 * Returns what happened to `repository` while the page is looked at. A hidden page holds no
 * connection: browsers allow few to one server, for all tabs together. It hears later what it missed.
 */
export function useNews(repository: string, kind: string): readonly LiveEntry[] {
  const [heard, setHeard] = useState<readonly LiveEntry[]>([]);
  useEffect(() => {
    const take: Take = (entries) => {
      setHeard((before) => [...before, ...entries].slice(-KEPT));
    };
    return listenWhileVisible(new URLSearchParams({ kind, repository }), kind, take);
  }, [repository, kind]);
  return heard.filter((entry) => entry.repositories.includes(repository));
}

type Take = (entries: LiveEntry[]) => void;

function listenWhileVisible(wanted: URLSearchParams, kind: string, take: Take): () => void {
  let place: string | null = null;
  let stop: (() => void) | null = null;
  const remember: Take = (entries) => {
    place = entries.at(-1)?.place ?? place;
    take(entries);
  };
  const turn = () => {
    const visible = document.visibilityState === "visible";
    if (visible && stop === null) stop = listen(wanted, kind, () => place, remember);
    if (!visible) {
      stop?.();
      stop = null;
    }
  };
  turn();
  document.addEventListener("visibilitychange", turn);
  return () => {
    document.removeEventListener("visibilitychange", turn);
    stop?.();
  };
}

function listen(wanted: URLSearchParams, kind: string, place: () => string | null, take: Take): () => void {
  const address = new URLSearchParams(wanted);
  const after = place();
  if (after !== null) address.set("after", after);
  const stream = new EventSource(`/api/v1/stream?${address.toString()}`);
  let failures = 0;
  let stopAsking: (() => void) | null = null;
  stream.addEventListener("open", () => (failures = 0));
  stream.addEventListener(kind, (message: MessageEvent<string>) =>
    take([JSON.parse(message.data) as LiveEntry]),
  );
  stream.addEventListener("error", () => {
    failures += 1;
    if (failures < FAILURES && stream.readyState !== EventSource.CLOSED) return; // it comes again by itself
    stream.close();
    stopAsking ??= ask(wanted, kind, place(), take);
  });
  return () => {
    stream.close();
    stopAsking?.();
  };
}

/** Asks again and again, where no stream can be had: many listen already, or something between ends it. */
function ask(wanted: URLSearchParams, kind: string, after: string | null, take: Take): () => void {
  let place = after;
  const look = async () => {
    const query = new URLSearchParams({
      kinds: JSON.stringify([kind]),
      repository: wanted.get("repository") ?? "",
    });
    if (place !== null) query.set("after", place);
    try {
      const response = await fetch(`/api/v1/changes?${query.toString()}`);
      if (!response.ok) return;
      const found = (await response.json()) as { next: string; items: LiveEntry[] };
      place = found.next;
      take(found.items);
    } catch {
      // The server is away; the next look may find it.
    }
  };
  void look();
  const timer = setInterval(() => void look(), ASKING);
  return () => {
    clearInterval(timer);
  };
}
