// A sentence: {text}

import { make, setText } from "../../static/dom.js";
import { kinds } from "../../static/kinds.js";

/** @import { Item, View } from "../../static/kinds.js" */

/** @param {Item} item @returns {View} */
function makeText(item) {
  const element = make("p", { class: "attn-text", "data-name": item.name });
  return {
    element,
    update({ text }) {
      setText(element, text);
    },
  };
}

kinds.text = makeText;
