// A picture of which a part is marked: {index, shape: [h, w], before, now, alt}
//   before, now   what was marked, and what is, as the lengths of runs, row by row: not marked, marked, not marked, ...
//                 in base 26, "a" to "z", with the last digit in upper case

import { make, setAttributes } from "../../static/dom.js";
import { kinds } from "../../static/kinds.js";
import { makePlate } from "../../static/plate.js";
import { phrase } from "../../static/texts.js";

/** @import { Host, Item, View } from "../../static/kinds.js" */

const FINE = 6; // pixels that are drawn across a cell, so that the edge of a mask runs smoothly

const EDGE = 1.5; // pixels over which it fades

const HATCH = 8; // pixels from one line to the next

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
  let at = 0;
  [...runs.matchAll(/[a-z]*[A-Z]/g)].forEach(([written], turn) => {
    const digits = [...written.toLowerCase()].map((digit) => digit.charCodeAt(0) - 97);
    const end = at + digits.reduce((length, digit) => 26 * length + digit, 0);
    cells.fill(turn % 2, at, end);
    at = end;
  });
  return cells;
}

/**
 * Give for each fine row or column the two cells that it lies between, and how far it is on the way to the second.
 * @param {number} size
 */
const between = (size) =>
  Array.from({ length: FINE * size }, (_, i) => {
    const at = Math.min(Math.max((i + 0.5) / FINE - 0.5, 0), size - 1);
    return { low: Math.floor(at), high: Math.min(Math.floor(at) + 1, size - 1), way: at % 1 };
  });

/**
 * Paint the veil over what is not marked, and over what has changed.
 * @param {HTMLCanvasElement} canvas
 * @param {number[]} shape
 * @param {Uint8Array} was
 * @param {Uint8Array} is
 */
function paintVeil(canvas, [height, width], was, is) {
  setAttributes(canvas, { width: FINE * width, height: FINE * height });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = context.createImageData(canvas.width, canvas.height);
  const states = was.map((before, cell) => 2 * before + is[cell]);
  const columns = between(width);
  between(height).forEach((row, y) => {
    const [top, bottom] = [row.low * width, row.high * width];
    columns.forEach(({ low, high, way }, x) => {
      /** How much a mask covers here: all or nothing, but on its edge. @param {Uint8Array} mask */
      const cover = (mask) => {
        const above = mask[top + low] * (1 - way) + mask[top + high] * way;
        const below = mask[bottom + low] * (1 - way) + mask[bottom + high] * way;
        const share = above * (1 - row.way) + below * row.way;
        return Math.min(Math.max(((share - 0.5) * FINE) / EDGE + 0.5, 0), 1);
      };
      let [red, green, blue, opacity] = [0, 0, 0, 0];
      const add = (/** @type {number} */ state, /** @type {number} */ share) => {
        const { veil, line, slope = 0, opacity: full } = VEILS[state];
        const lined = line && (x + slope * y + HATCH * canvas.height) % HATCH < 2;
        const colour = lined ? line : veil;
        red += share * full * colour[0];
        green += share * full * colour[1];
        blue += share * full * colour[2];
        opacity += share * full;
      };
      const state = states[top + low];
      // Away from the edges, which is nearly everywhere, nothing has to be mixed.
      if (state === states[top + high] && state === states[bottom + low] && state === states[bottom + high])
        add(state, 1);
      else {
        const [before, now] = [cover(was), cover(is)];
        add(0, (1 - before) * (1 - now));
        add(1, (1 - before) * now);
        add(2, before * (1 - now));
      }
      const at = 4 * (y * canvas.width + x);
      image.data[at] = red / opacity;
      image.data[at + 1] = green / opacity;
      image.data[at + 2] = blue / opacity;
      image.data[at + 3] = opacity;
    });
  });
  context.putImageData(image, 0, 0);
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
  return {
    element,
    update({ index, shape, before, now, alt }) {
      plate.lay(pictures[index]);
      setAttributes(plate.element, { "aria-label": alt });
      plate.element.dataset.shape = shape;
      const [was, is] = [before, now].map((runs) => cellsOf(runs, shape[0] * shape[1]));
      paintVeil(plate.mapped, shape, was, is);
    },
  };
}

kinds.cutout = makeCutout;
