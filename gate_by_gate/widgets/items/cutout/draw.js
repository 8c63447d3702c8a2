// A picture of which a part is marked: {index, shape: [h, w], before, now, alt}
//   before, now   what was marked, and what is, as the lengths of runs, row by row: not marked, marked, not marked, ...
//                 in base 26, "a" to "z", with the last digit in upper case

import { clamp, make, setAttributes } from "../../static/dom.js";
import { kinds } from "../../static/kinds.js";
import { makePlate } from "../../static/plate.js";
import { phrase } from "../../static/texts.js";

/** @import { Host, Item, View } from "../../static/kinds.js" */

const FINE = 6; // pixels that are drawn across a cell, so that the edge of a mask runs smoothly

const EDGE = 1.5; // pixels over which it fades

const HATCH = 8; // pixels from one line to the next

const [LOWER, UPPER] = ["a", "A"].map((letter) => letter.charCodeAt(0));

// Not marked, newly, no longer, as before: red, green, blue and opacity over the picture, which tests tell apart by their
// opacity; and the colour of lines on it, by which a reader tells apart what has come and what has gone without colours.
const VEILS = [
  { veil: [8, 12, 20], opacity: 190 },
  { veil: [86, 220, 255], opacity: 120, line: [0, 60, 110], slope: -1 },
  { veil: [235, 60, 190], opacity: 160, line: [90, 0, 80], slope: 1 },
  { veil: [0, 0, 0], opacity: 0 },
];

/**
 * Give a mask as 0 and 1.
 * @param {string} runs @param {number} count
 */
function cellsOf(runs, count) {
  const cells = new Uint8Array(count);
  let [at, length, marked] = [0, 0, 0];
  for (let i = 0; i < runs.length; i++) {
    const code = runs.charCodeAt(i);
    const last = code < LOWER;
    length = 26 * length + code - (last ? UPPER : LOWER);
    if (!last) continue;
    cells.fill(marked, at, at + length);
    [at, length, marked] = [at + length, 0, 1 - marked];
  }
  return cells;
}

/**
 * Say for every square between the middles of four cells which of them a mask marks, as the bits of a number. Around the
 * outermost cells lies a margin, in which each goes on.
 * @param {Uint8Array} mask @param {number} height @param {number} width
 */
function cornersOf(mask, height, width) {
  const corners = new Uint8Array((height + 1) * (width + 1));
  for (let row = 0, at = 0; row <= height; row++) {
    const above = Math.max(row - 1, 0) * width;
    const below = Math.min(row, height - 1) * width;
    for (let column = 0; column <= width; column++, at++) {
      const left = Math.max(column - 1, 0);
      const right = Math.min(column, width - 1);
      corners[at] =
        8 * mask[above + left] + 4 * mask[above + right] + 2 * mask[below + left] + mask[below + right];
    }
  }
  return corners;
}

/** How much of each pixel of a square a mask covers, by its corners: all or nothing, but on its edge. */
const COVERS = Array.from({ length: 16 }, (_, corners) => {
  const [one, two, three, four] = [8, 4, 2, 1].map((bit) => (corners & bit ? 1 : 0));
  return Float64Array.from({ length: FINE * FINE }, (_, i) => {
    const [y, x] = [Math.floor(i / FINE), i % FINE].map((at) => (at + 0.5) / FINE);
    const share = (one * (1 - x) + two * x) * (1 - y) + (three * (1 - x) + four * x) * y;
    return clamp(((share - 0.5) * FINE) / EDGE + 0.5, 0, 1);
  });
});

/** @type {Map<number, Uint32Array>} */
const squares = new Map();

/**
 * Give the pixels of a square: the veil over what is not marked, and over what has changed.
 * @param {number} was its corners that were marked @param {number} is those that are
 * @param {number} top where it lies in the hatching, which begins anew after so many pixels @param {number} left
 */
function squareOf(was, is, top, left) {
  const key = ((16 * was + is) * HATCH + top) * HATCH + left;
  const known = squares.get(key);
  if (known) return known;
  const pixels = new Uint8ClampedArray(4 * FINE * FINE);
  for (let i = 0; i < FINE * FINE; i++) {
    const [before, now] = [COVERS[was][i], COVERS[is][i]];
    const [x, y] = [left + (i % FINE), top + Math.floor(i / FINE)];
    const mixed = [0, 0, 0, 0];
    /** @param {number} share @param {{veil: number[], opacity: number, line?: number[], slope?: number}} state */
    const add = (share, { veil, opacity, line, slope = 0 }) => {
      const shade = line && (x + slope * y + 2 * HATCH) % HATCH < 2 ? line : veil;
      for (let channel = 0; channel < 3; channel++) mixed[channel] += share * opacity * shade[channel];
      mixed[3] += share * opacity;
    };
    add((1 - before) * (1 - now), VEILS[0]);
    add((1 - before) * now, VEILS[1]);
    add(before * (1 - now), VEILS[2]);
    const opacity = mixed[3];
    for (let channel = 0; channel < 3; channel++) pixels[4 * i + channel] = mixed[channel] / opacity;
    pixels[4 * i + 3] = opacity;
  }
  const square = new Uint32Array(pixels.buffer); // a pixel in one piece
  squares.set(key, square);
  return square;
}

/**
 * Make what paints the veil. There are thousands of squares, of few looks: each look is mixed once and copied from then on,
 * and a square that looks as before is left alone.
 * @param {HTMLCanvasElement} canvas
 */
function makeVeil(canvas) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  let image = context.createImageData(1, 1);
  let painted = new Int16Array(); // the look of every square
  /** @param {number[]} shape @param {Uint8Array} was @param {Uint8Array} is */
  return ([height, width], was, is) => {
    const [tall, wide] = [FINE * height, FINE * width];
    if (image.height !== tall || image.width !== wide) {
      setAttributes(canvas, { width: wide, height: tall });
      image = context.createImageData(wide, tall);
      painted = new Int16Array((height + 1) * (width + 1)).fill(-1);
    }
    const pixels = new Uint32Array(image.data.buffer);
    const [before, now] = [was, is].map((mask) => cornersOf(mask, height, width));
    let [first, last] = [tall, 0]; // the rows of pixels that change
    for (let at = 0; at < painted.length; at++) {
      const look = 16 * before[at] + now[at];
      if (look === painted[at]) continue;
      painted[at] = look;
      // A square lies between middles, so that of the outermost half is seen.
      const top = FINE * Math.floor(at / (width + 1)) - FINE / 2;
      const left = FINE * (at % (width + 1)) - FINE / 2;
      const square = squareOf(before[at], now[at], (top + HATCH) % HATCH, (left + HATCH) % HATCH);
      const [from, until] = [Math.max(0, -left), Math.min(FINE, wide - left)];
      const bottom = Math.min(FINE, tall - top);
      for (let y = Math.max(0, -top); y < bottom; y++) {
        const line = (top + y) * wide + left;
        for (let x = from; x < until; x++) pixels[line + x] = square[FINE * y + x];
      }
      first = Math.min(first, Math.max(0, top));
      last = Math.max(last, top + FINE);
    }
    if (first < last) context.putImageData(image, 0, 0, 0, first, wide, last - first);
  };
}

/** @param {Item} item @param {Host} host @returns {View} */
function makeCutout(item, { pictures }) {
  const plate = makePlate({ class: "attn-picture attn-cutout" });
  const texts = ["", phrase("newly"), phrase("no_longer"), phrase("marked")];
  const keys = [3, 2, 1].map((state) => {
    const { veil, line, slope } = VEILS[state];
    const key = make("i", { class: "attn-key" });
    if (line) {
      key.classList.add("attn-hatched");
      key.style.setProperty("--attn-veil", `rgb(${veil})`);
      key.style.setProperty("--attn-hatch", `rgb(${line})`);
      key.style.setProperty("--attn-slope", `${-45 * slope}deg`);
    }
    return make("li", {}, key, texts[state]);
  });
  const legend = make("ul", { class: "attn-legend", "aria-hidden": "true" }, ...keys);
  const label = item.label ? [make("p", { class: "attn-label" }, item.label)] : [];
  const element = make("div", { class: "attn-map" }, ...label, plate.element, legend);
  const paintVeil = makeVeil(plate.mapped);
  return {
    element,
    update({ index, shape, before, now, alt }) {
      plate.lay(pictures[index]);
      setAttributes(plate.element, { "aria-label": alt });
      plate.element.dataset.shape = shape;
      const [was, is] = [before, now].map((runs) => cellsOf(runs, shape[0] * shape[1]));
      paintVeil(shape, was, is);
    },
  };
}

kinds.cutout = makeCutout;
