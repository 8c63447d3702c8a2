// Named shares below each other, each with a bar: {rows: [{name, value, text, marked}]}
// A table, which is what a screen reader finds; the bars lie behind its numbers.

import { make, percent, setChildren, wanted, wantedNumber } from "../../static/dom.js";
import { kinds } from "../../static/kinds.js";

/** @import { Item, View } from "../../static/kinds.js" */

/** @param {Item} item @returns {View} */
function makeRanking(item) {
  const body = make("tbody");
  const element = make("table", { class: "attn-ranking" }, make("caption", {}, item.label), body);

  return {
    element,
    update({ rows }) {
      // Rows stay, so that a bar grows and shrinks from where it was.
      setChildren(
        body,
        rows.map((/** @type {any} */ { marked, name, value, ...share }) =>
          wanted(
            "tr",
            { class: marked ? "attn-marked" : undefined },
            wanted("th", { scope: "row" }, name),
            wanted("td", {}, wanted("i", { "aria-hidden": "true", style: `width: ${percent(value)}` })),
            wanted("td", {}, wantedNumber(item.name, { value, ...share })),
          ),
        ),
      );
    },
  };
}

kinds.ranking = makeRanking;
