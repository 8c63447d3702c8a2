// A picture of which a part is marked: {index, shape: [h, w], runs, alt}
//   runs    the cells row by row: a letter, and in hexadecimal how many there are of it, if more than one;
//           g is not marked, h newly, i no longer, j as before

import { make } from "../../static/dom.js";
import { kinds } from "../../static/kinds.js";
import { makePlate } from "../../static/plate.js";
import { phrase } from "../../static/texts.js";

/** @import { Host, Item, View } from "../../static/kinds.js" */

/** Red, green, blue and opacity over the picture; tests tell them apart by the last. @type {Record<string, number[]>} */
const VEILS = {
  g: [8, 12, 20, 190],
  h: [86, 220, 255, 120],
  i: [255, 140, 30, 160],
  j: [0, 0, 0, 0],
};

/** @param {string} runs */
const cellsOf = (runs) =>
  [...runs.matchAll(/([g-j])([0-9a-f]*)/g)].flatMap(([, letter, length]) =>
    Array(length ? parseInt(length, 16) : 1).fill(letter),
  );

/** @param {Item} item @param {Host} host @returns {View} */
function makeCutout(item, { pictures }) {
  const plate = makePlate({ class: "attn-picture attn-cutout" });
  const named = { j: phrase("marked"), i: phrase("no_longer"), h: phrase("newly") };
  const keys = Object.entries(named).map(([letter, text]) => {
    const key = make("i", { class: "attn-key" });
    key.style.background = letter === "j" ? "none" : `rgb(${VEILS[letter].slice(0, 3)})`;
    return make("li", {}, key, text);
  });
  const legend = make("ul", { class: "attn-legend", "aria-hidden": "true" }, ...keys);
  const element = make(
    "div",
    { class: "attn-map" },
    make("p", { class: "attn-label" }, item.label),
    plate.element,
    legend,
  );
  return {
    element,
    update({ index, shape: [height, width], runs, alt }) {
      plate.lay(pictures[index]);
      plate.element.setAttribute("aria-label", alt);
      const image = new ImageData(width, height);
      cellsOf(runs).forEach((letter, at) => {
        image.data.set(VEILS[letter], 4 * at);
      });
      plate.mapped.width = width;
      plate.mapped.height = height;
      plate.mapped.getContext("2d").putImageData(image, 0, 0);
    },
  };
}

kinds.cutout = makeCutout;
