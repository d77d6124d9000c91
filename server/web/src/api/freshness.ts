export const MOVING = 5_000;

/** How long an answer about `ref` holds: for ever at a commit id, which never changes; else for seconds. */
export function freshness(ref: string): number {
  return /^[0-9a-f]{64}(~\d*)*$/.test(ref) ? Infinity : MOVING;
}
