// A column of values along the left edge, a row along the top, and their product as a map: {height, width, product},
// three maps of one scale

import { paintMap, valueAt } from "../../static/colours.js";
import { make } from "../../static/dom.js";
import { kinds } from "../../static/kinds.js";
import { phrase } from "../../static/texts.js";
import { makeHeatmap } from "../heatmap/draw.js";

/** @import { Host, Item, View } from "../../static/kinds.js" */

/** @param {Item} item @param {Host} host @returns {View} */
function makeStrips(item, host) {
  const product = makeHeatmap(item, host);
  const left = make("canvas", { class: "attn-left", "aria-hidden": "true" });
  const top = make("canvas", { class: "attn-top", "aria-hidden": "true" });
  const plate = /** @type {HTMLElement} */ (product.element.querySelector(".attn-picture"));
  const board = make("div", { class: "attn-strips" });
  plate.replaceWith(board);
  product.element.classList.add("attn-crossed");
  board.append(top, left, plate);
  return {
    ...product,
    update(data, context) {
      const { height, width } = data;
      paintMap(left, height);
      paintMap(top, width);
      const describe = (/** @type {[number, number]} */ [row, column]) =>
        phrase("cell_of_strips", {
          row,
          column,
          height: valueAt(height, row),
          width: valueAt(width, column),
        });
      product.update(data.product, { ...context, describe });
    },
  };
}

kinds.strips = makeStrips;
