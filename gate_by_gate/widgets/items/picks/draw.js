// Rows of numbers, of which a reader picks one: {pick, columns, values, texts, numbers, what}
//   pick  the control that a row moves, to its value

import { make } from "../../static/dom.js";
import { kinds } from "../../static/kinds.js";

/** @import { Host, Item, View } from "../../static/kinds.js" */

/** @param {Item} item @param {Host} host @returns {View} */
function makePicks(item, { move }) {
  const list = make("div", { class: "attn-rows" });
  const element = make("div", { class: "attn-picks" }, make("p", { class: "attn-label" }, item.label), list);
  /** @type {any} */
  let drawn;
  return {
    element,
    update(data, { pick }) {
      if (data !== drawn) {
        drawn = data;
        list.replaceChildren(
          ...data.values.map((/** @type {any} */ value, /** @type {number} */ row) => {
            const numbers = data.numbers[row];
            const said = data.columns
              .map((/** @type {string} */ name, /** @type {number} */ i) => `${name}: ${numbers[i]}`)
              .join(", ");
            const cells = numbers.map((/** @type {number} */ number) => make("b", {}, String(number || "")));
            const label = `${data.texts[row]}, ${data.what}: ${said}`;
            const text = make("span", {}, data.texts[row]);
            const button = make("button", { type: "button", "aria-label": label }, text, ...cells);
            button.addEventListener("click", () => move(data.pick, value));
            return button;
          }),
        );
      }
      [...list.children].forEach((button, row) => {
        button.setAttribute("aria-pressed", String(data.values[row] === pick(data.pick).value));
      });
    },
  };
}

kinds.picks = makePicks;
