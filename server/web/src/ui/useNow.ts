import { useSyncExternalStore } from "react";

const INTERVAL = 10_000;

let now = new Date();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = new Date();
    for (const notify of listeners) notify();
  }, INTERVAL);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The current time, the same for everything on the page, renewed every ten seconds. */
export function useNow(): Date {
  return useSyncExternalStore(subscribe, () => {
    if (Date.now() - now.getTime() > INTERVAL) now = new Date();
    return now;
  });
}
