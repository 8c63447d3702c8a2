// What networks are asked for, and what of their answers a card shows. Everything about a network comes from its graph:
// which tensors are maps, where each block's spatial map is, and what a map holds when its gates are open.

import { byChannel, isInside, largest, mapOf, peakOf, probabilities } from "./seen.js";

/** @import { Block, Graph } from "./executor.js" */
/** @import { Borrowed } from "./runner.js" */
/** @import { SeenMap } from "./seen.js" */

/**
 * What a network says of an image.
 * @typedef {object} Said
 * @property {number[]} chances of the digits 0 to 9
 * @property {SeenMap | null} map of the block, if it tells places apart
 * @property {{name: string, values: number[]}[]} gates of its channels
 */

/** The gates of a block: their names, and their tensors. */
const gatesOf = (/** @type {Block | undefined} */ block) =>
  Object.keys(block?.neutral ?? {}).map((map) => [map, /** @type {Block} */ (block).maps[map]]);

/**
 * Plan a run of a network. What is asked for is fixed then, since the reader may move a control until it is answered.
 * @param {string} name
 * @param {Graph} graph
 * @param {object} asked
 * @param {number} asked.stage whose block is shown
 * @param {boolean} asked.open whether all gates are open
 * @param {{key: number, pixels: Float32Array} | null} asked.source the image whose gates it uses, if not its own
 */
export function planOf(name, graph, { stage, open, source }) {
  const { logits, blocks, tensors } = graph;
  const [, block] = Object.entries(blocks).find(([path]) => path.startsWith(`layer${stage}.`)) ?? [];
  const shown = gatesOf(block).filter(([, tensor]) => tensors[tensor][1] > 1);
  const wanted = [logits, ...shown.map(([, tensor]) => tensor)];
  if (block?.spatial_map) wanted.push(block.spatial_map);
  /** @type {Record<string, number>} */
  const held = {};
  if (open)
    for (const { maps, neutral } of Object.values(blocks))
      for (const [map, value] of Object.entries(neutral)) held[maps[map]] = value;
  /** @type {Borrowed | undefined} */
  const borrowed = source
    ? {
        key: source.key,
        x: source.pixels,
        tensors: Object.values(blocks).flatMap((one) => gatesOf(one).map(([, tensor]) => tensor)),
      }
    : undefined;

  return {
    job: { name, wanted, held, borrowed },
    /**
     * Read off the answer what the network says.
     * @param {Record<string, Float32Array>} result
     * @returns {Said}
     */
    read(result) {
      const spatial = block?.spatial_map;
      return {
        chances: probabilities(result[logits]),
        map: spatial ? mapOf(result[spatial], tensors[spatial]) : null,
        gates: shown.flatMap(([gate, tensor]) => {
          const values = byChannel(result[tensor], tensors[tensor]);
          return values ? [{ name: gate, values }] : [];
        }),
      };
    },
  };
}

/**
 * Judge what a network says.
 * @param {Said} said
 * @param {{side: number, digit: number, place: [number, number]}} where the digit is that is to be read
 */
export function judge({ chances, map, gates }, { side, digit, place }) {
  const peak = map && peakOf(map, side);
  const hit = peak !== null && isInside(peak, place, digit);
  return { chances, guess: largest(chances), map, peak, hit, gates };
}
