// A sum with its terms: {rows: [{name, label, formula, product, value, text}], total: {value, text}}

import { make, makeOutput, setChildren, wanted, wantedNumber, writeNumber } from "../../static/dom.js";
import { kinds } from "../../static/kinds.js";
import { phrase } from "../../static/texts.js";

/** @import { Item, View } from "../../static/kinds.js" */

/** @param {Item} item @returns {View} */
function makeTerms(item) {
  const body = make("tbody");
  const total = makeOutput(item.name);
  const element = make(
    "table",
    { class: "attn-terms" },
    make("caption", {}, item.label),
    body,
    make(
      "tfoot",
      {},
      make("tr", {}, make("th", { scope: "row", colspan: 3 }, phrase("total")), make("td", {}, total)),
    ),
  );
  return {
    element,
    update(data) {
      setChildren(
        body,
        data.rows.map((/** @type {any} */ row) =>
          wanted(
            "tr",
            {},
            wanted("th", { scope: "row" }, row.label),
            wanted("td", {}, row.formula),
            wanted("td", {}, row.product),
            wanted("td", {}, wantedNumber(row.name, row)),
          ),
        ),
      );
      writeNumber(total, data.total);
    },
  };
}

kinds.terms = makeTerms;
