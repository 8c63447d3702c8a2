// Below the cards: what chooses the picked card's network, and the gates of that network, a bar for each channel.

import { make, setText } from "../../widgets/static/dom.js";

/**
 * Make it.
 * @param {Record<string, string>} words
 */
export function makeDetail(words) {
  const title = make("p", { class: "attn-label" });
  const choice = make("div", { class: "attn-play-choice" });
  const rows = make("div", { class: "attn-play-rows" });

  function makeRow({ name, values }) {
    const bars = values.map((value) => {
      const bar = make("i", { title: value.toFixed(3) });
      bar.style.height = `${100 * Math.min(1, Math.max(0, value))}%`;
      return bar;
    });
    const label = `${name}: ${values.map((value) => value.toFixed(2)).join(", ")}`;
    const [least, most] = [Math.min(...values), Math.max(...values)].map((value) => value.toFixed(2));
    return make(
      "div",
      { class: "attn-play-row" },
      make("span", {}, name, make("small", {}, `${least} … ${most}`)),
      make("div", { class: "attn-play-gates", role: "img", "aria-label": label }, make("div", {}, ...bars)),
    );
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
