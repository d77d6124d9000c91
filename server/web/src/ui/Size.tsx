import { formatByteChange, formatBytes, formatCount } from "./format";

/** A size for people, the exact one as tooltip. */
export function Size({ bytes }: { bytes: number }) {
  return (
    <span className="numeric nowrap" title={`${formatCount(bytes)} bytes`}>
      {formatBytes(bytes)}
    </span>
  );
}

/** By how much a size changed, with its sign. */
export function SizeChange({ bytes }: { bytes: number }) {
  return (
    <span className="numeric nowrap" title={`${formatCount(bytes)} bytes`}>
      {formatByteChange(bytes)}
    </span>
  );
}
