import { useNow } from "./useNow";
import { formatDuration, formatRelative } from "./format";

/** An instant as `5 min ago`, with the exact UTC time as tooltip. Keeps itself current. */
export function Time({ value }: { value: string }) {
  const now = useNow();
  return (
    <time dateTime={value} title={new Date(value).toISOString()} className="nowrap">
      {formatRelative(new Date(value), now)}
    </time>
  );
}

/** How long something took; runs on while it has no end. */
export function Duration({ start, end }: { start: string; end: string | null | undefined }) {
  const now = useNow();
  const until = end == null ? now : new Date(end);
  const milliseconds = until.getTime() - new Date(start).getTime();
  return <span className="numeric nowrap">{formatDuration(milliseconds)}</span>;
}
