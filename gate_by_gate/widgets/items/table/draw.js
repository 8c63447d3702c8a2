// A table of numbers: {head, columns: [{name, label}], rows: [{label, cells: [{value, text, right}]}]}
// `right` marks a number by a tick or a cross.

import { make, setChildren, wanted, wantedNumber } from "../../static/dom.js";
import { kinds } from "../../static/kinds.js";
import { phrase } from "../../static/texts.js";

/** @import { Item, View } from "../../static/kinds.js" */

/** @param {Item} item @returns {View} */
function makeTable(item) {
  const head = make("thead");
  const body = make("tbody");
  const table = make("table", {}, make("caption", {}, item.label), head, body);
  const element = make("div", { class: "attn-table", role: "group", "aria-label": item.label }, table);
  // What a screen reader says of a tick and a cross, which the style sheet draws.
  element.style.setProperty("--attn-tick", JSON.stringify(phrase("tick")));
  element.style.setProperty("--attn-cross", JSON.stringify(phrase("cross")));
  /** @param {string} scope @param {string} text */
  const heading = (scope, text) => wanted("th", { scope }, text);
  // A table that is wider than its box scrolls there, by the keys of who stands on it as well.
  const sizes = new ResizeObserver(() => {
    if (element.scrollWidth > element.clientWidth) element.tabIndex = 0;
    else element.removeAttribute("tabindex");
  });
  sizes.observe(element);
  sizes.observe(table);
  return {
    element,
    update({ head: of, columns, rows }) {
      setChildren(head, [
        wanted(
          "tr",
          {},
          heading("col", of),
          ...columns.map((/** @type {any} */ { label }) => heading("col", label)),
        ),
      ]);
      setChildren(
        body,
        rows.map((/** @type {any} */ { label, cells }) =>
          wanted(
            "tr",
            {},
            heading("row", label),
            ...cells.map((/** @type {any} */ number, /** @type {number} */ at) =>
              wanted("td", {}, wantedNumber(columns[at].name, number)),
            ),
          ),
        ),
      );
    },
  };
}

kinds.table = makeTable;
