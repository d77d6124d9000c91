/** Names of nodes in the lineage graph, as the API spells them, and how they read on the page. */
import type { Version } from "../../api/types";
import { shortId } from "../../ui/format";

const OURS = "lf://";
const VERSION = /^version:(?:[^/]*:\/\/)?[^/]*\/([^[\]@]*)\[?([^[\]@]*)\]?@?(.*)$/s;

/** `version:<namespace>/<name>[partition]@<version>`: the id that a version has in a graph. */
export function versionNode({ namespace, name, partition, version }: Version): string {
  const scheme = /^(.*?):\/\/(.*)$/s.exec(namespace);
  const space = scheme
    ? `${escapeText(scheme[1] ?? "", "/")}://${escapeText(scheme[2] ?? "", "/")}`
    : escapeText(namespace, "/:");
  const part = partition === "" ? "" : `[${escapeText(partition)}]`;
  const content = version == null ? "" : `@${escapeText(version)}`;
  return `version:${space}/${escapeText(name)}${part}${content}`;
}

export function runNode(id: string): string {
  return `run:${id}`;
}

/** The repository that a version is in; undefined where it is none of ours. */
export function repositoryOf({ namespace }: Version): string | undefined {
  return namespace.startsWith(OURS) ? namespace.slice(OURS.length) : undefined;
}

/** A node as a heading: `daily/delays [2013-07] @3f2a91c0`, `run 9f3c1122`, or an address as it is. */
export function nodeTitle(node: string): string {
  if (node.startsWith("run:")) return `run ${shortId(node.slice("run:".length))}`;
  const match = VERSION.exec(node);
  if (match === null) return node;
  const [name = "", partition = "", content = ""] = match.slice(1).map(decodeURIComponent);
  return [name, partition && `[${partition}]`, content && `@${shortId(content)}`].filter(Boolean).join(" ");
}

function escapeText(text: string, more = ""): string {
  return text.replace(/[%@[\]/:]/g, (character) =>
    "%@[]".includes(character) || more.includes(character)
      ? `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`
      : character,
  );
}
