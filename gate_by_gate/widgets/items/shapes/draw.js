// The shape after every step: {rows: [{step, shape}]}

import { make } from "../../static/dom.js";
import { kinds } from "../../static/kinds.js";

/** @import { Item, View } from "../../static/kinds.js" */

/** @param {Item} item @returns {View} */
function makeShapes(item) {
  const list = make("ol", { class: "attn-shapes" });
  const element = make("div", {}, make("p", { class: "attn-label" }, item.label), list);
  return {
    element,
    update({ rows }) {
      list.replaceChildren(
        ...rows.map((/** @type {any} */ { step, shape }) =>
          make("li", {}, make("span", {}, step), make("code", { "data-name": "shape" }, shape)),
        ),
      );
    },
  };
}

kinds.shapes = makeShapes;
