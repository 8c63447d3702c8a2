// What a page reads off a network's outputs. It knows shapes, and no block.

/** Turn logits into probabilities. */
export function probabilities(logits) {
  const most = Math.max(...logits);
  const powers = Array.from(logits, (logit) => Math.exp(logit - most));
  const all = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / all);
}

export const largest = (values) => values.indexOf(Math.max(...values));

/**
 * @typedef {object} SeenMap a map as the kit stores it, and its largest place
 * @property {[number, number]} shape
 * @property {string} hex a digit for each place: the nearest of sixteen even steps between its ends
 * @property {number} low
 * @property {number} high
 * @property {number | null} top the largest place; null if the map is the same everywhere
 */

const LAST_STEP = 15; // from one end of a map's colours to the other

/**
 * Read a map off a tensor.
 * @param {ArrayLike<number>} values
 * @param {number[]} shape its last two sides are the map's
 * @returns {SeenMap}
 */
export function mapOf(values, shape) {
  const [rows, columns] = shape.slice(-2);
  let best = 0;
  let [low, high] = [values[0], values[0]];
  for (let i = 0; i < values.length; i++) {
    if (values[i] > high) [best, high] = [i, values[i]];
    if (values[i] < low) low = values[i];
  }
  const isFlat = high === low;
  const step = (value) => (isFlat ? 0 : Math.round((LAST_STEP * (value - low)) / (high - low)));
  const hex = Array.from(values, (value) => step(value).toString(16)).join("");
  return { shape: [rows, columns], hex, low, high, top: isFlat ? null : best };
}

/**
 * Say where a map of an image of `side` pixels points: the pixel in the middle of what its largest place sees, as
 * attn_lib.inspection.pointing_hits has it; null for a map that is the same everywhere.
 * @param {SeenMap} map
 * @param {number} side
 * @returns {[number, number] | null} column and row
 */
export function peakOf({ shape: [rows, columns], top }, side) {
  if (top === null) return null;
  const [down, across] = [Math.ceil(side / rows), Math.ceil(side / columns)];
  return [across * (top % columns), down * Math.floor(top / columns)];
}

/** Tell whether a pixel lies in a square. */
export const isInside = ([x, y], [left, top], size) =>
  x >= left && y >= top && x < left + size && y < top + size;

/**
 * Give a number for every channel of a map: its mean over the places; null for a map that has no channels.
 * @param {ArrayLike<number>} values
 * @param {number[]} shape (1, channels, height, width)
 */
export function byChannel(values, [, channels, height, width]) {
  if (channels < 2) return null;
  const count = height * width;
  return Array.from({ length: channels }, (_, channel) => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += values[channel * count + i];
    return sum / count;
  });
}
