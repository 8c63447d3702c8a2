// What lies on the canvas: handwritten digits, a drawing of the reader's, and fragments of other digits as clutter. As in
// the task that the networks were trained on, the brighter pixel wins where things overlap.

/**
 * @typedef {{side: number, digit: number, fragment: number, digits: string, fragments: string}} Supply
 *   sides in pixels; the pictures one after the other, a byte a pixel, base64-coded
 * @typedef {[number, number]} Place column and row of the upper left pixel
 */

/** Make a generator of numbers from 0 to below 1: mulberry32. */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @param {string} base64 */
const bytes = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

/**
 * Make an empty canvas of a side, and what puts things on it.
 * @param {Supply} supply
 */
export function makeScene({ side, digit, fragment, digits, fragments }) {
  const [glyphs, pieces] = [bytes(digits), bytes(fragments)];
  const many = pieces.length / fragment ** 2;
  const margin = side; // a drawing goes along with the digit's frame, and may reach this far beyond it
  const wide = side + 2 * margin;
  const ink = new Float32Array(wide * wide);
  const pixels = new Float32Array(side * side);

  function put(x, y, value) {
    if (x < 0 || y < 0 || x >= side || y >= side) return;
    const at = y * side + x;
    if (value > pixels[at]) pixels[at] = value;
  }
  function putPicture(source, from, size, [left, top]) {
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) put(left + j, top + i, source[from + i * size + j] / 255);
  }

  return {
    pixels,

    /**
     * Paint the canvas anew.
     * @param {{digits: {digit: number | null, place: Place}[], clutter: number, seed: number}} laid
     *   a digit that is null is the reader's drawing
     */
    paint({ digits: laid, clutter, seed }) {
      pixels.fill(0);
      for (const { digit: which, place } of laid) {
        if (which !== null) putPicture(glyphs, which * digit ** 2, digit, place);
        else
          for (let y = 0; y < side; y++)
            for (let x = 0; x < side; x++)
              put(x, y, ink[(y - place[1] + margin) * wide + x - place[0] + margin]);
      }
      const random = randomFrom(seed);
      const draw = (below) => Math.floor(random() * below);
      for (let i = 0; i < clutter; i++) {
        const piece = draw(many);
        const span = side - fragment + 1;
        putPicture(pieces, piece * fragment ** 2, fragment, [draw(span), draw(span)]);
      }
      return pixels;
    },

    /**
     * Draw a dot of the pen, or wipe one.
     * @param {number} x where on the canvas, in pixels
     * @param {number} y
     * @param {Place} place of the frame that the drawing goes along with
     * @param {boolean} wipe
     */
    dot(x, y, [left, top], wipe) {
      // About as wide as the strokes of the digits, which fade over a pixel.
      const reach = wipe ? 2.5 : 1.25;
      for (let i = Math.floor(y - reach - 1); i <= y + reach + 1; i++)
        for (let j = Math.floor(x - reach - 1); j <= x + reach + 1; j++) {
          if (i < 0 || j < 0 || i >= side || j >= side) continue;
          const at = (i - top + margin) * wide + j - left + margin;
          const shade = Math.min(1, Math.max(0, reach + 0.5 - Math.hypot(i + 0.5 - y, j + 0.5 - x)));
          ink[at] = wipe ? Math.min(ink[at], 1 - shade) : Math.max(ink[at], shade);
        }
    },

    clear: () => ink.fill(0),
    /** Tell whether nothing is drawn. */
    isBlank: () => ink.every((value) => value === 0),
  };
}
