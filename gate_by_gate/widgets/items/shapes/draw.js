// The shape after every step: {rows: [{step, shape}]}

import { make, setChildren, wanted } from "../../static/dom.js";
import { kinds } from "../../static/kinds.js";

/** @import { Item, View } from "../../static/kinds.js" */

/** @param {Item} item @returns {View} */
function makeShapes(item) {
  const list = make("ol", { class: "attn-shapes" });
  const element = make("div", {}, make("p", { class: "attn-label" }, item.label), list);
  return {
    element,
    update({ rows }) {
      setChildren(
        list,
        rows.map((/** @type {any} */ { step, shape }) =>
          wanted("li", {}, wanted("span", {}, step), wanted("code", { "data-name": "shape" }, shape)),
        ),
      );
    },
  };
}

kinds.shapes = makeShapes;
