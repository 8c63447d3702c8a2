// A chain of stages, drawn from the first to the last: {stages, filled, places, columns, caption, hue, sets, pick}
//   stages   {name, width, height, repeats, skips, slots}: the box in shares of the largest, the names of its places
//   filled   for each stage the name of the place that is filled, or ""
//   places   by name {at: [x, y], text, value}: a click on it moves the control `sets` to its value
//   columns  by name {label, costs: {own, added}}, or `by` each value of the control `pick` such costs, in whole numbers
//   caption  what fills the slots, and where; hue is its colour

import {
  amount,
  make,
  makeOutput,
  makeReadout,
  percent,
  setAttributes,
  setChildren,
  setHidden,
  setText,
  wanted,
  writeNumber,
} from "../../static/dom.js";
import { kinds } from "../../static/kinds.js";
import { phrase } from "../../static/texts.js";

/** @import { Host, Item, View } from "../../static/kinds.js" */

// Where things lie in a stage, as shares of its width and its height.
const BOX = { middle: 0.32, width: 0.34, line: 0.42, height: 0.66 };
const SKIP = { from: 0.1, to: 0.67, line: 0.9 };
const SLOT = 7; // half a slot, in pixels

// A bar has room for so many times the largest of the stages' own costs, so that it is seen to grow.
const ROOM = 1.3;

/** @param {number[]} values */
const sum = (values) => values.reduce((all, value) => all + value, 0);

/**
 * Write how much more one cost is than another, in per cent with two digits, be it ever so little.
 * @param {number} added
 * @param {number} own
 */
const share = (added, own) =>
  Number(((100 * added) / own).toPrecision(2)).toLocaleString("en", { maximumFractionDigits: 9 });

/** @param {Item} _item @param {Host} host @returns {View} */
function makeChain(_item, { move }) {
  const key = make("i", { "aria-hidden": "true" });
  const words = make("span");
  const caption = make("p", { class: "attn-filling" }, key, words);
  const heads = make("div", { class: "attn-link attn-heads" });
  const links = make("div", { class: "attn-links" });
  const map = make("div", { class: "attn-rack", role: "img", "data-name": "map" }, links);
  const readout = makeReadout();
  const element = make("div", { class: "attn-chain" }, heads, map, readout);
  /** @type {any} */
  let data;
  let headed = ""; // the columns that have a head
  let drawn = ""; // the stages that are drawn, without what fills them
  /** @type {{slots: {slot: any, hole: any}[], costs: {words: any, bars: any}[]}[]} */
  let drawnStages = [];

  /** @param {any} event */
  const placeOf = ({ target }) => data.places[target.dataset?.place];
  links.addEventListener("click", (/** @type {any} */ event) => {
    const place = placeOf(event);
    if (place && place.value !== null) move(data.sets, place.value);
  });
  links.addEventListener("pointerover", (/** @type {any} */ event) => {
    const place = placeOf(event);
    setText(readout, place ? phrase("slot", { text: place.text }) : phrase("slots"));
  });
  links.addEventListener("pointerleave", () => setText(readout, phrase("slots")));
  setText(readout, phrase("slots"));

  /** Say how a stage is drawn, without what fills it. @param {any} stage */
  function stageOf({ name, width, height, repeats, skips, slots }) {
    const line = (x1, y1, x2, y2) =>
      wanted("line", { x1: percent(x1), y1: percent(y1), x2: percent(x2), y2: percent(y2) });
    const skip = skips
      ? [
          line(SKIP.from, BOX.line, SKIP.from, SKIP.line),
          line(SKIP.from, SKIP.line, SKIP.to, SKIP.line),
          line(SKIP.to, SKIP.line, SKIP.to, BOX.line),
        ]
      : [];
    const box = wanted("rect", {
      class: "attn-box-of",
      x: percent(BOX.middle - (BOX.width * width) / 2),
      y: percent(BOX.line - (BOX.height * height) / 2),
      width: percent(BOX.width * width),
      height: percent(BOX.height * height),
    });
    const plus = wanted(
      "svg",
      { x: percent(SKIP.to), y: percent(BOX.line), class: "attn-plus" },
      wanted("circle", { r: 7 }),
      wanted("path", { d: "M-4 0H4M0-4V4" }),
    );
    // A place that is filled without being a slot here is drawn only then.
    const places = Object.entries(data.places).map(([place, { at }]) => {
      const slot = slots.includes(place);
      return wanted(
        "svg",
        {
          x: percent(at[0]),
          y: percent(at[1]),
          class: slot ? "attn-slot" : "attn-slot attn-unnamed",
          "data-slot": place,
        },
        wanted("rect", { x: -SLOT, y: -SLOT, width: 2 * SLOT, height: 2 * SLOT, rx: 3, class: "attn-hole" }),
        ...(slot
          ? [
              wanted("rect", {
                x: -12,
                y: -14,
                width: 24,
                height: 28,
                "data-place": place,
                class: "attn-hit",
              }),
            ]
          : []),
      );
    });
    const costs = Object.keys(data.columns).map(() =>
      wanted(
        "div",
        { class: "attn-cost" },
        wanted("p", {}, wanted("span", {}), wanted("span", { class: "attn-more-text" })),
        wanted("div", { class: "attn-stack" }, wanted("i", {}), wanted("i", { class: "attn-more" })),
      ),
    );
    return wanted(
      "div",
      { class: "attn-link" },
      wanted(
        "p",
        { class: "attn-name" },
        wanted("span", { class: "attn-stage" }, name),
        wanted("span", { class: "attn-times" }, repeats > 1 ? `× ${repeats}` : ""),
      ),
      wanted("svg", {}, line(0, BOX.line, 1, BOX.line), ...skip, box, ...(skips ? [plus] : []), ...places),
      ...costs,
    );
  }

  /** Draw the stages, and note what of each a move changes. */
  function drawStages() {
    setChildren(links, data.stages.map(stageOf));
    drawnStages = [...links.children].map((link) => ({
      slots: [...link.querySelectorAll(".attn-slot")].map((/** @type {any} */ slot) => ({
        slot,
        hole: slot.firstChild,
      })),
      costs: [...link.querySelectorAll(".attn-cost")].map((/** @type {any} */ cost) => ({
        words: cost.firstChild.children,
        bars: cost.lastChild.children,
      })),
    }));
  }

  /** Make the head of a column: what it counts, the sum, and what is added to it. @param {any} column */
  const makeHead = ([name, { label }]) =>
    make(
      "p",
      { class: "attn-sum" },
      make("span", {}, label),
      makeOutput(name),
      make("b", {}, makeOutput(`added_${name}`)),
    );

  let told = "";

  return {
    element,
    says: () => told,
    update(next, { pick }) {
      data = next;
      const { stages, filled } = data;
      const columns = Object.entries(data.columns);
      const shape = JSON.stringify(stages);
      if (shape !== drawn) {
        drawn = shape;
        drawStages();
      }
      const counted = JSON.stringify(columns.map(([name, { label }]) => [name, label]));
      if (counted !== headed) {
        headed = counted;
        heads.replaceChildren(caption, ...columns.map(makeHead));
      }
      setText(words, data.caption);
      const unfilled = !filled.some(Boolean);
      setHidden(key, unfilled);
      caption.classList.toggle("attn-unfilled", unfilled);
      // On what has this colour alone: everything else in the chain would inherit it, and be styled anew with it.
      const hue = `attn-series-${data.hue}`;
      setAttributes(key, { class: hue });
      for (const sum of heads.querySelectorAll("b")) setAttributes(sum, { class: hue });
      drawnStages.forEach(({ slots }, at) => {
        for (const { slot, hole } of slots) {
          const fills = slot.dataset.slot === filled[at];
          slot.classList.toggle("attn-filled", fills);
          if (fills) setAttributes(hole, { class: `attn-hole ${hue}` });
        }
      });
      const value = String(pick(data.pick).value);
      const sums = columns.map(([, { label, costs, by }], i) => {
        const { own, added } = costs ?? by[value];
        const both = own.map((/** @type {number} */ one, /** @type {number} */ at) => one + added[at]);
        const most = Math.max(ROOM * Math.max(...own), ...both);
        own.forEach((/** @type {number} */ one, /** @type {number} */ at) => {
          const { words, bars } = drawnStages[at].costs[i];
          setText(words[0], amount(one));
          setText(words[1], added[at] ? `+${amount(added[at])}` : "");
          setAttributes(bars[0], { style: `width: ${percent(one / most)}` });
          setAttributes(bars[1], {
            class: `attn-more ${hue}`,
            style: `width: ${percent(added[at] / most)}`,
          });
        });
        const [whole, more] = heads.children[i + 1].querySelectorAll("output");
        const [all, extra] = [sum(both), sum(added)];
        writeNumber(whole, { value: all, text: all.toLocaleString("en") });
        const text = extra ? `+${extra.toLocaleString("en")} (${share(extra, sum(own))} %)` : "+0";
        writeNumber(more, { value: extra, text });
        return `${label} ${whole.textContent} (${text})`;
      });
      told = `${data.caption}: ${sums.join(", ")}.`;
      const names = stages.map((/** @type {any} */ { name }) => name).join(", ");
      setAttributes(map, { "aria-label": `${names}. ${told}` });
    },
  };
}

kinds.chain = makeChain;
