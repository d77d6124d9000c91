/**
 * Places a graph in columns, left to right: Sugiyama's method (K. Sugiyama, S. Tagawa, M. Toda, "Methods for
 * Visual Understanding of Hierarchical System Structures", IEEE SMC-11, 1981).
 *
 * Cycles are opened, layers are longest paths, the order in a layer comes from barycentre sweeps, and heights
 * from least squares. Pure and deterministic: the same graph is drawn the same way. Meant for hundreds of boxes.
 */

export interface Box {
  id: string;
  width: number;
  height: number;
}

export interface Link {
  source: string;
  target: string;
}

export interface Point {
  x: number;
  y: number;
}

export interface Layout {
  /** Each box's top left corner. */
  corners: Map<string, Point>;
  /** By `linkKey`: the points that a link passes between its ends: where it enters and leaves each layer. */
  bends: Map<string, Point[]>;
}

/** A box, or the place where a link crosses a layer. */
interface Slot {
  id: string;
  width: number;
  height: number;
  /** Vertical centre. */
  y: number;
  /** Slots in the layer before and in the layer behind. */
  before: Slot[];
  behind: Slot[];
}

const LAYER_GAP = 54;
const BOX_GAP = 14;
const BEND_HEIGHT = 6;
const SWEEPS = 12;

export function linkKey({ source, target }: Link): string {
  return JSON.stringify([source, target]);
}

export function layoutGraph(boxes: readonly Box[], links: readonly Link[]): Layout {
  const forward = openCycles(boxes, links);
  const layerOf = assignLayers(boxes, forward);
  const { layers, chains } = makeSlots(boxes, forward, layerOf);
  const ordered = orderLayers(layers);
  placeVertically(ordered);
  return read(ordered, chains, new Set(boxes.map(({ id }) => id)));
}

/** Returns the links without doubles and loops, those that would close a cycle turned round. */
function openCycles(boxes: readonly Box[], links: readonly Link[]): Link[] {
  const targets = new Map<string, Set<string>>(boxes.map(({ id }) => [id, new Set()]));
  for (const { source, target } of links)
    if (source !== target && targets.has(target)) targets.get(source)?.add(target);

  const state = new Map<string, "open" | "done">();
  const forward = new Map<string, Link>();
  const add = (link: Link) => forward.set(linkKey(link), link);
  const visit = (root: string) => {
    const path = [{ id: root, rest: [...(targets.get(root) ?? [])] }];
    state.set(root, "open");
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const target = top.rest.shift();
      if (target === undefined) {
        state.set(top.id, "done");
        path.pop();
      } else if (state.get(target) === "open") add({ source: target, target: top.id });
      else {
        add({ source: top.id, target });
        if (state.get(target) === undefined) {
          state.set(target, "open");
          path.push({ id: target, rest: [...(targets.get(target) ?? [])] });
        }
      }
    }
  };
  for (const { id } of boxes) if (!state.has(id)) visit(id);
  return [...forward.values()];
}

/** The longest path from any start; boxes that nothing leads to stand right before what they lead to. */
function assignLayers(boxes: readonly Box[], links: readonly Link[]): Map<string, number> {
  const incoming = new Map(boxes.map(({ id }) => [id, 0]));
  const targets = new Map<string, string[]>(boxes.map(({ id }) => [id, []]));
  for (const { source, target } of links) {
    incoming.set(target, (incoming.get(target) ?? 0) + 1);
    targets.get(source)?.push(target);
  }
  const layers = new Map(boxes.map(({ id }) => [id, 0]));
  const starts = boxes.filter(({ id }) => incoming.get(id) === 0).map(({ id }) => id);
  const ready = [...starts];
  for (let id = ready.pop(); id !== undefined; id = ready.pop()) {
    const layer = layers.get(id) ?? 0;
    for (const target of targets.get(id) ?? []) {
      layers.set(target, Math.max(layers.get(target) ?? 0, layer + 1));
      const left = (incoming.get(target) ?? 0) - 1;
      incoming.set(target, left);
      if (left === 0) ready.push(target);
    }
  }
  for (const id of starts) {
    const behind = (targets.get(id) ?? []).map((target) => layers.get(target) ?? 0);
    if (behind.length > 0) layers.set(id, Math.min(...behind) - 1);
  }
  return layers;
}

/** Makes a slot for each box, and for each layer that a link crosses. */
function makeSlots(boxes: readonly Box[], links: readonly Link[], layerOf: ReadonlyMap<string, number>) {
  const layers: Slot[][] = [];
  const slots = new Map<string, Slot>();
  const add = (id: string, layer: number, width: number, height: number): Slot => {
    const slot: Slot = { id, width, height, y: 0, before: [], behind: [] };
    while (layers.length <= layer) layers.push([]);
    layers[layer]?.push(slot);
    return slot;
  };
  for (const { id, width, height } of boxes) slots.set(id, add(id, layerOf.get(id) ?? 0, width, height));

  const chains = new Map<string, Slot[]>();
  for (const link of links) {
    const [source, target] = [slots.get(link.source), slots.get(link.target)];
    if (source === undefined || target === undefined) continue;
    const key = linkKey(link);
    const chain = [source];
    for (let layer = (layerOf.get(link.source) ?? 0) + 1; layer < (layerOf.get(link.target) ?? 0); layer += 1)
      chain.push(add(`${key}${layer}`, layer, 0, BEND_HEIGHT));
    chain.push(target);
    for (const [index, slot] of chain.entries()) {
      const next = chain[index + 1];
      if (next === undefined) continue;
      slot.behind.push(next);
      next.before.push(slot);
    }
    chains.set(key, chain);
  }
  return { layers, chains };
}

/** Sorts each layer by where its neighbours stand, forth and back, and keeps the best order that was seen. */
function orderLayers(layers: readonly Slot[][]): Slot[][] {
  let current = layers.map((layer) => [...layer]);
  let best = current;
  let fewest = countCrossings(current);
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep += 1) {
    current = sweepOnce(current, sweep % 2 === 0);
    const crossings = countCrossings(current);
    if (crossings >= fewest) continue;
    fewest = crossings;
    best = current;
  }
  return best;
}

function sweepOnce(layers: readonly Slot[][], forth: boolean): Slot[][] {
  const result = layers.map((layer) => [...layer]);
  const indexes = layers.map((_, index) => (forth ? index : layers.length - 1 - index));
  const place = new Map<Slot, number>();
  for (const index of indexes) {
    const layer = result[index] ?? [];
    const weight = new Map(
      layers[index]?.map((slot, own) => {
        const places = (forth ? slot.before : slot.behind).map((neighbour) => place.get(neighbour) ?? 0);
        return [slot, places.length === 0 ? own : mean(places)];
      }),
    );
    layer.sort((left, right) => (weight.get(left) ?? 0) - (weight.get(right) ?? 0));
    for (const [position, slot] of layer.entries()) place.set(slot, position);
  }
  return result;
}

/** How many pairs of links between neighbouring layers cross. */
export function countCrossings(layers: readonly (readonly { behind: readonly object[] }[])[]): number {
  let crossings = 0;
  for (const [index, layer] of layers.entries()) {
    const places = new Map((layers[index + 1] ?? []).map((slot, place) => [slot as object, place]));
    const ends = layer.flatMap((slot) =>
      slot.behind.map((neighbour) => places.get(neighbour) ?? 0).sort((left, right) => left - right),
    );
    crossings += countInversions(ends);
  }
  return crossings;
}

/** Pairs that stand in the wrong order, counted while inserting each number into a sorted list. */
function countInversions(numbers: readonly number[]): number {
  const sorted: number[] = [];
  let inversions = 0;
  for (const number of numbers) {
    let low = 0;
    for (let high = sorted.length; low < high;) {
      const middle = (low + high) >> 1;
      if ((sorted[middle] ?? 0) <= number) low = middle + 1;
      else high = middle;
    }
    inversions += sorted.length - low;
    sorted.splice(low, 0, number);
  }
  return inversions;
}

/** Moves every slot as near to its neighbours' height as its layer allows. */
function placeVertically(layers: readonly Slot[][]): void {
  for (const layer of layers) settle(layer, () => 0);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const forth = sweep % 2 === 0;
    for (const layer of forth ? layers : layers.toReversed())
      settle(layer, (slot) => {
        const sides = forth ? [slot.before, slot.behind] : [slot.behind, slot.before];
        const neighbours = sides.find((side) => side.length > 0) ?? [];
        return neighbours.length === 0 ? slot.y : mean(neighbours.map(({ y }) => y));
      });
  }
}

/**
 * Gives the slots of a layer, in their order, the heights that are least far (in squares) from those wanted and
 * do not overlap: isotonic regression by pooling adjacent violators (Best and Chakravarti, 1990).
 */
function settle(layer: readonly Slot[], wanted: (slot: Slot) => number): void {
  const offsets: number[] = [];
  let offset = 0;
  for (const [index, slot] of layer.entries()) {
    const above = layer[index - 1];
    if (above !== undefined) offset += above.height / 2 + BOX_GAP + slot.height / 2;
    offsets.push(offset);
  }
  const pools: { sum: number; count: number }[] = [];
  for (const [index, slot] of layer.entries()) {
    let pool = { sum: wanted(slot) - (offsets[index] ?? 0), count: 1 };
    for (let last = pools.at(-1); last !== undefined && mid(last) >= mid(pool); last = pools.at(-1)) {
      pool = { sum: last.sum + pool.sum, count: last.count + pool.count };
      pools.pop();
    }
    pools.push(pool);
  }
  const heights = pools.flatMap((pool) => Array<number>(pool.count).fill(mid(pool)));
  for (const [index, slot] of layer.entries()) slot.y = (heights[index] ?? 0) + (offsets[index] ?? 0);
}

function read(
  layers: readonly Slot[][],
  chains: ReadonlyMap<string, Slot[]>,
  boxes: ReadonlySet<string>,
): Layout {
  const top = Math.min(0, ...layers.flat().map(({ y, height }) => y - height / 2));
  const corners = new Map<string, Point>();
  const bends = new Map<string, Point[]>();
  let left = 0;
  for (const layer of layers) {
    const width = Math.max(0, ...layer.map((slot) => slot.width));
    for (const { id, y, height } of layer)
      if (boxes.has(id)) corners.set(id, { x: left, y: y - top - height / 2 });
      else
        bends.set(id, [
          { x: left, y: y - top },
          { x: left + width, y: y - top },
        ]);
    left += width + LAYER_GAP;
  }
  return {
    corners,
    bends: new Map(
      [...chains].map(([key, chain]) => [key, chain.flatMap(({ id }) => bends.get(id) ?? [])] as const),
    ),
  };
}

function mid({ sum, count }: { sum: number; count: number }): number {
  return sum / count;
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}
