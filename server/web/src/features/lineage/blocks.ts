/**
 * Places a drawing: runs stand right above what they wrote, as one block, and the blocks stand in columns. That
 * takes half the columns of runs and versions side by side, so that a whole pipeline can be read at once. Runs that
 * wrote the same content share a block. Pure.
 */
import type { Drawing } from "./groups";
import { type Box, layoutGraph, linkKey, type Link, type Point } from "./layout";

export interface Placement {
  /** Each card's top left corner. */
  corners: Map<string, Point>;
  /** From the top left corner of all to the bottom right. */
  size: { width: number; height: number };
  /** By `linkKey`: the points that an edge passes between its ends. */
  bends: Map<string, readonly Point[]>;
  /** By card: the block that it stands in. */
  blockOf: ReadonlyMap<string, string>;
}

export const CARD_SIZES = {
  version: { width: 226, height: 46 },
  run: { width: 190, height: 30 },
  job: { width: 190, height: 30 },
} as const;

/** Outputs stand so far right of their run: room for the edges that lead down to them. */
export const INDENT = 18;
const INNER_GAP = 8;

interface Block {
  /** That of one of its cards. */
  id: string;
  /** In the order they stand below each other: runs first. */
  cards: readonly Card[];
}

interface Card {
  id: string;
  /** How far right of the block's edge it stands. */
  indent: number;
  width: number;
  height: number;
}

export function placeDrawing(drawing: Drawing): Placement {
  const { blocks, blockOf } = makeBlocks(drawing);
  const inBlocks = ({ source, target }: Link): Link => ({
    source: blockOf.get(source) ?? source,
    target: blockOf.get(target) ?? target,
  });
  const layout = layoutGraph(blocks.map(boxOf), drawing.edges.map(inBlocks));

  const corners = new Map<string, Point>();
  const size = { width: 0, height: 0 };
  for (const { id, cards } of blocks) {
    const corner = layout.corners.get(id) ?? { x: 0, y: 0 };
    let y = corner.y;
    for (const card of cards) {
      const x = corner.x + card.indent;
      corners.set(card.id, { x, y });
      size.width = Math.max(size.width, x + card.width);
      size.height = Math.max(size.height, y + card.height);
      y += card.height + INNER_GAP;
    }
  }
  const bends = drawing.edges.map(
    (edge) => [linkKey(edge), layout.bends.get(linkKey(inBlocks(edge))) ?? []] as const,
  );
  return { corners, size, bends: new Map(bends), blockOf };
}

function makeBlocks({ singles, groups, edges }: Drawing): { blocks: Block[]; blockOf: Map<string, string> } {
  const drawn = [...singles, ...groups];
  const runs = new Set(drawn.filter(({ kind }) => kind !== "version").map(({ id }) => id));
  const written = edges.filter(({ source }) => runs.has(source));
  const blockOf = unite(
    drawn.map(({ id }) => id),
    written,
  );
  const made = new Set(written.map(({ target }) => target));
  const blocks = new Map<string, Card[]>();
  for (const { id, kind } of drawn.toSorted(
    (left, right) => Number(left.kind === "version") - Number(right.kind === "version"),
  )) {
    const block = blockOf.get(id) ?? id;
    const card = { id, indent: made.has(id) ? INDENT : 0, ...CARD_SIZES[kind] };
    blocks.set(block, [...(blocks.get(block) ?? []), card]);
  }
  return { blocks: [...blocks].map(([id, cards]) => ({ id, cards })), blockOf };
}

/** Returns, by id, one of the ids that the links join it with; the same one for all that are joined. */
function unite(ids: readonly string[], links: readonly Link[]): Map<string, string> {
  const parents = new Map(ids.map((id) => [id, id]));
  const rootOf = (id: string): string => {
    let root = id;
    for (let next = parents.get(root); next !== undefined && next !== root; next = parents.get(root))
      root = next;
    return root;
  };
  for (const { source, target } of links) parents.set(rootOf(target), rootOf(source));
  return new Map(ids.map((id) => [id, rootOf(id)]));
}

function boxOf({ id, cards }: Block): Box {
  return {
    id,
    width: Math.max(...cards.map(({ indent, width }) => indent + width)),
    height: cards.reduce((sum, { height }) => sum + height + INNER_GAP, -INNER_GAP),
  };
}
