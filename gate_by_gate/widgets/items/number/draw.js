// A number with its unit: {value, text}

import { make, makeOutput, writeNumber } from "../../static/dom.js";
import { kinds } from "../../static/kinds.js";

/** @import { Item, View } from "../../static/kinds.js" */

/** @param {Item} item @returns {View} */
function makeNumber(item) {
  const output = makeOutput(item.name);
  const element = make("p", { class: "attn-number" }, make("span", {}, item.label), output);
  return { element, update: (data) => writeNumber(output, data) };
}

kinds.number = makeNumber;
