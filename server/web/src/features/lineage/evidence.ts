/** How edges are known, as lines and in words. Pure. */
import type { LineageEdge } from "../../api/types";

type Evidence = LineageEdge["evidence"];

/** A kind of line: what is known equally well is drawn alike. */
export interface Line {
  name: string;
  /** For the legend. */
  meaning: string;
  /** SVG's `stroke-dasharray`; undefined is a solid line. */
  dashes: string | undefined;
}

const SAID: Line = { name: "said", meaning: "said exactly", dashes: undefined };
const AS_OF: Line = { name: "as of", meaning: "the newest version when the run started", dashes: "8 4" };
const GUESSED: Line = { name: "guessed", meaning: "any of what the run read", dashes: "1.5 3.5" };
const UNSURE: Line = { name: "unsure", meaning: "only declared, or not known", dashes: "9 3 1.5 3" };
/** The surest first. */
const LINES = [SAID, AS_OF, GUESSED, UNSURE];

const KNOWN: Record<Evidence, { line: Line; words: string }> = {
  explicit: { line: SAID, words: "said exactly" },
  lineage: { line: SAID, words: "said by the lineage facet" },
  column: { line: SAID, words: "said by column lineage" },
  as_of: { line: AS_OF, words: "newest when the run started" },
  cartesian: { line: GUESSED, words: "any of what the run read" },
  declared: { line: UNSURE, words: "declared, without a run" },
  unknown: { line: UNSURE, words: "version not known" },
};

export function lineOf({ evidence }: Pick<LineageEdge, "evidence">): Line {
  return KNOWN[evidence].line;
}

/** How an edge is known, in a few words. */
export function wordsOf({ evidence }: Pick<LineageEdge, "evidence">): string {
  return KNOWN[evidence].words;
}

/** The kinds of lines among some edges, the surest first. */
export function linesOf(edges: readonly LineageEdge[]): Line[] {
  const used = new Set(edges.map(lineOf));
  return LINES.filter((line) => used.has(line));
}

/** Of two edges that are drawn as one, the one that is known better. */
export function surer(one: LineageEdge, other: LineageEdge): LineageEdge {
  return LINES.indexOf(lineOf(other)) < LINES.indexOf(lineOf(one)) ? other : one;
}
