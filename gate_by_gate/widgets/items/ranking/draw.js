// Named shares below each other, each with a bar: {rows: [{name, value, text, marked}]}
// A table, which is what a screen reader finds; the bars lie behind its numbers.

import { make, makeOutput, percent, writeNumber } from "../../static/dom.js";
import { kinds } from "../../static/kinds.js";

/** @import { Item, View } from "../../static/kinds.js" */

/** @param {Item} item @returns {View} */
function makeRanking(item) {
  const body = make("tbody");
  const element = make("table", { class: "attn-ranking" }, make("caption", {}, item.label), body);

  function makeRow() {
    const output = makeOutput(item.name);
    const bar = make("i", { "aria-hidden": "true" });
    const row = make("tr", {}, make("th", { scope: "row" }), make("td", {}, bar), make("td", {}, output));
    return row;
  }

  return {
    element,
    update({ rows }) {
      // Rows stay, so that a bar grows and shrinks from where it was.
      while (body.children.length < rows.length) body.append(makeRow());
      while (body.children.length > rows.length) body.lastChild.remove();
      rows.forEach((/** @type {any} */ share, /** @type {number} */ at) => {
        const row = body.children[at];
        row.querySelector("th").textContent = share.name;
        row.querySelector("i").style.width = percent(share.value);
        row.classList.toggle("attn-marked", Boolean(share.marked));
        writeNumber(row.querySelector("output"), share);
      });
    },
  };
}

kinds.ranking = makeRanking;
