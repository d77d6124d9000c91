/** How values read on the page. Pure; the exact value always stands in a tooltip beside the short one. */

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"] as const;
const COUNT = new Intl.NumberFormat("en-US");
const DAY = new Intl.DateTimeFormat("en-GB", {
  weekday: "short",
  day: "numeric",
  month: "short",
  year: "numeric",
});

/** The first 8 characters of an id: enough to tell and to type. */
export function shortId(id: string): string {
  return id.slice(0, 8);
}

/** A ref as people read it: commit ids and runs' branches are shortened, names are not. */
export function shortRef(ref: string): string {
  if (/^[0-9a-f]{64}/.test(ref)) return shortId(ref) + ref.slice(64);
  if (ref.startsWith("run:")) return `run:${shortId(ref.slice(4))}`;
  return ref;
}

/** `1234567` as `1.2 MB`; sizes are decimal, as disks and buckets count. */
export function formatBytes(bytes: number): string {
  const magnitude = Math.abs(bytes);
  let power = 0;
  while (power < UNITS.length - 1 && Math.round(magnitude / 1000 ** power) >= 1000) power += 1;
  const value = bytes / 1000 ** power;
  const digits = power === 0 || Math.abs(value) >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[power] ?? "B"}`;
}

/** A difference in bytes, with its sign: `+1.2 MB`, `−3 B`, `±0 B`. */
export function formatByteChange(bytes: number): string {
  const sign = bytes > 0 ? "+" : bytes < 0 ? "−" : "±";
  return `${sign}${formatBytes(Math.abs(bytes))}`;
}

export function formatCount(count: number): string {
  return COUNT.format(count);
}

/** `1 object`, `12 objects`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** A stretch of time in at most two units: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return pair(whole, 60, "min", 1, "s");
  if (whole < 86_400) return pair(whole, 3600, "h", 60, "min");
  return pair(whole, 86_400, "d", 3600, "h");
}

function pair(seconds: number, large: number, largeWord: string, small: number, smallWord: string): string {
  const rest = Math.floor((seconds % large) / small);
  const head = `${Math.floor(seconds / large)} ${largeWord}`;
  return rest === 0 ? head : `${head} ${rest} ${smallWord}`;
}

/** How long ago, or until when: `just now`, `5 min ago`, `3 h ago`, `2 d ago`, `in 4 d`; months on as a date. */
export function formatRelative(instant: Date, now: Date): string {
  const seconds = (now.getTime() - instant.getTime()) / 1000;
  const distance = Math.abs(seconds);
  if (distance < 10) return "just now";
  if (distance > 45 * 86_400) return instant.toISOString().slice(0, 10);
  const text =
    distance < 60
      ? `${Math.floor(distance)} s`
      : distance < 3600
        ? `${Math.floor(distance / 60)} min`
        : distance < 86_400
          ? `${Math.floor(distance / 3600)} h`
          : `${Math.floor(distance / 86_400)} d`;
  return seconds >= 0 ? `${text} ago` : `in ${text}`;
}

/** `Today`, `Yesterday`, else `Fri, 21 Nov 2026`: the heading of a day in a timeline, in local time. */
export function formatDay(instant: Date, now: Date): string {
  const days = Math.round((startOfDay(now) - startOfDay(instant)) / 86_400_000);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  return DAY.format(instant);
}

function startOfDay(instant: Date): number {
  return Date.UTC(instant.getFullYear(), instant.getMonth(), instant.getDate());
}
