// Below the cards: what chooses the picked card's network, and the gates of that network, a bar for each channel.

import { makeBarPaths } from "../../widgets/static/bars.js";
import { make, setText } from "../../widgets/static/dom.js";
import { cellAt } from "../../widgets/static/pointing.js";
import { phrase } from "../../widgets/static/texts.js";

/**
 * Make it.
 * @param {Record<string, string>} words
 */
export function makeDetail(words) {
  const title = make("p", { class: "attn-label" });
  const choice = make("div", { class: "attn-play-choice" });
  const rows = make("div", { class: "attn-play-rows" });

  function makeRow({ name, values }) {
    const paths = makeBarPaths();
    const label = `${name}: ${values.map((value) => value.toFixed(2)).join(", ")}`;
    const ends = [Math.min(...values), Math.max(...values)].map((value) => value.toFixed(2)).join(" … ");
    const told = make("small");
    const chart = make(
      "div",
      { class: "attn-play-gates", role: "img", "aria-label": label },
      make("div", {}, paths.element),
    );
    /** @param {number | null} at */
    function point(at) {
      paths.draw(values, { marked: at });
      if (at === null) return setText(told, ends);
      setText(told, phrase("bar", { what: words.channel, name: at, value: values[at].toFixed(3) }));
    }
    chart.addEventListener("pointermove", (event) => point(cellAt(chart, event, [1, values.length])[1]));
    chart.addEventListener("pointerleave", () => point(null));
    point(null);
    return make("div", { class: "attn-play-row" }, make("span", {}, name, told), chart);
  }

  return {
    element: make("div", { class: "attn-play-detail" }, make("div", {}, title, choice), rows),
    /**
     * Offer the networks of a card.
     * @param {HTMLElement[]} controls
     */
    offer: (controls) => choice.replaceChildren(...controls),
    /**
     * Show the gates of a network at a stage.
     * @param {string} name
     * @param {number} stage
     * @param {{name: string, values: number[]}[]} gates
     */
    show(name, stage, gates) {
      const where = words.gates_of.replace("{name}", name).replace("{stage}", String(stage));
      setText(title, gates.length ? where : `${where} ${words.none}`);
      rows.replaceChildren(...gates.map(makeRow));
    },
  };
}
