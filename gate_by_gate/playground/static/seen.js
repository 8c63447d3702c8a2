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
 * Say where a map of an image of `side` pixels points: the pixel in the middle of what its largest place sees, as
 * attn_lib.inspection.pointing_hits has it; null for a map that is the same everywhere.
 * @param {ArrayLike<number>} values
 * @param {number[]} shape its last two sides are the map's
 * @param {number} side
 * @returns {[number, number] | null} column and row
 */
export function peakOf(values, shape, side) {
  const [rows, columns] = shape.slice(-2);
  let best = 0;
  let least = values[0];
  for (let i = 0; i < values.length; i++) {
    if (values[i] > values[best]) best = i;
    if (values[i] < least) least = values[i];
  }
  if (values[best] === least) return null;
  const [down, across] = [Math.ceil(side / rows), Math.ceil(side / columns)];
  return [across * (best % columns), down * Math.floor(best / columns)];
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
