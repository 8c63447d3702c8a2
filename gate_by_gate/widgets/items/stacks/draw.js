// Stacks on one scale, one for each column: {name, own, added, text, more, alt}, a list for each field but the last
//   own    the lower part, which `text` writes
//   added  the upper part, which `more` writes

import { make, percent, setText } from "../../static/dom.js";
import { kinds } from "../../static/kinds.js";

/** @import { Item, View } from "../../static/kinds.js" */

/** @param {Item} item @returns {View} */
function makeStacks(item) {
  const plot = make("div", { class: "attn-stacks", role: "img", "data-name": "map" });
  const element = make(
    "div",
    { class: "attn-stacked" },
    make("p", { class: "attn-label" }, item.label),
    plot,
  );
  return {
    element,
    update({ name, own, added, text, more, alt }) {
      const top = Math.max(...own.map((/** @type {number} */ value, i) => value + added[i]));
      if (plot.childElementCount !== name.length) {
        const parts = () => ["added", "own"].map((part) => make("i", { class: `attn-${part}` }));
        plot.replaceChildren(
          ...name.map(() =>
            make("div", {}, make("div", {}, ...parts()), make("b"), make("span"), make("em")),
          ),
        );
      }
      [...plot.children].forEach((/** @type {any} */ column, i) => {
        const [bar, title, written, extra] = column.children;
        bar.children[0].style.height = percent(added[i] / top);
        bar.children[1].style.height = percent(own[i] / top);
        setText(title, name[i]);
        setText(written, text[i]);
        setText(extra, more[i]);
      });
      plot.setAttribute("aria-label", alt);
    },
  };
}

kinds.stacks = makeStacks;
