// A small map that the reader draws, and what operators make of it: {label, shape, pick, maps, operations, shown}
//   pick        the control that picks what the drawing starts from, out of `maps`: a digit for each cell
//   operations  [{name, symbol, label, pick, variants, decimals, high}]: what is computed, each from the drawing `x` or
//               from those before it, by the operator that the controls in `pick` pick out of `variants`
//
//   shown       the operation whose middle number shows what it has seen while the reader points at none
//
// What is computed here is computed by operators.js, which knows no block. A number that is pointed at lights up what it
// has seen, through all operations before it, down to the drawing.

import { clamp, make, makeReadout, setAttributes, setText } from "../../static/dom.js";
import { kinds } from "../../static/kinds.js";
import { makePointable, stepOf } from "../../static/pointing.js";
import { phrase } from "../../static/texts.js";
import { drawGrid, fillGrid, makeLight, placeOf, write } from "../computation/draw.js";
import { operators } from "./operators.js";

/** @import { Context, Host, Item, View } from "../../static/kinds.js" */
/** @import { Drawn, Tensor } from "../computation/draw.js" */
/** @import { Result } from "./operators.js" */
/**
 * @typedef {{operator: string, reads: string[]}} Operator
 * @typedef {{name: string, symbol: string, label: string, pick: string[], variants: Record<string, Operator>,
 *   decimals: number, high: number}} Operation
 */

/** @param {Item} _item @param {Host} _host @returns {View} */
function makeDrawing(_item, _host) {
  const label = make("p", { class: "attn-label" });
  const board = make("div", { class: "attn-sketch", role: "group" });
  const again = make("button", { type: "button", class: "attn-again" }, phrase("again"));
  const sheet = make("div", { class: "attn-sheet" }, label, board, again);
  const results = make("div", { class: "attn-answers" });
  const readout = makeReadout();
  const element = make(
    "div",
    { class: "attn-drawing" },
    make("div", { class: "attn-desk" }, sheet, results),
    readout,
    make("p", { class: "attn-hint" }, phrase("draw_here")),
  );

  /** @type {{label: string, shape: [number, number], pick: string, maps: Record<string, string>, operations: Operation[], shown?: string}} */
  let data;
  let started = ""; // the map that was last laid on the board
  /** @type {HTMLElement[]} */
  let cells = [];
  /** @type {number[]} */
  let values = [];
  /** @type {Record<string, Drawn & {shape: string, tensor: Tensor}>} */
  let drawn = {};
  /** @type {Record<string, Result & {reads: string[]}>} */
  const computed = {};
  /** @type {Context["pick"]} */
  let pick;
  /** @type {[string, number] | null} */
  let pointed = null;
  const lightUp = makeLight();
  let pen = 1; // what a stroke writes: the opposite of what it begins on

  /** List the cells of the drawing that a number has seen. @param {string} name @param {number} at @returns {number[]} */
  function seen(name, at) {
    if (name === "x") return [at];
    const { reads, sources } = computed[name];
    const found = sources(at).flatMap((places, i) => places.flatMap((place) => seen(reads[i], place)));
    return [...new Set(found)].sort((a, b) => a - b);
  }

  /** Give the number that is pointed at, or the one that the item shows by itself. @returns {[string, number] | null} */
  function explained() {
    if (pointed !== null || !data.shown) return pointed;
    return [data.shown, Math.floor(computed[data.shown].values.length / 2)];
  }

  function light() {
    const to = explained();
    /** @type {Map<Element, string>} */
    const next = new Map();
    if (to !== null) {
      const [name, at] = to;
      const { reads, sources } = computed[name];
      for (const place of seen(name, at)) next.set(cells[place], "attn-lit");
      sources(at).forEach((places, i) => {
        for (const place of places) if (drawn[reads[i]]) next.set(drawn[reads[i]].cells[place], "attn-lit");
      });
      next.set(drawn[name].cells[at], "attn-explained");
    }
    lightUp(next);
  }

  function say() {
    const to = explained();
    if (to === null) {
      const numbers = data.operations.filter(({ name }) => computed[name].values.length === 1);
      setText(
        readout,
        numbers
          .map(({ name, symbol }) =>
            phrase("number_of", { label: symbol, value: write(drawn[name].tensor.values[0]) }),
          )
          .join(", "),
      );
      return;
    }
    const [name, at] = to;
    const { tensor } = drawn[name];
    const where = placeOf(tensor, at);
    const number = phrase("number_of", {
      label: where ? `${tensor.symbol}, ${where}` : tensor.symbol,
      value: write(tensor.values[at]),
    });
    setText(readout, phrase("has_seen", { number, seen: seen(name, at).length, all: values.length }));
  }

  /** @param {[string, number] | null} to */
  function point(to) {
    if (String(to) === String(pointed)) return;
    pointed = to;
    light();
    say();
  }

  /** Make the element of a result. @param {string} name @param {Tensor} tensor */
  function makeResult(name, tensor) {
    const made = { ...drawGrid(tensor, name), shape: String(tensor.shape), tensor };
    const plate = /** @type {HTMLElement} */ (made.element.lastElementChild);
    plate.style.setProperty("--attn-lane", String(tensor.shape[2]));
    const [, rows, columns] = tensor.shape;
    makePointable(plate, {
      at: ({ target }) => {
        const cell = /** @type {HTMLElement} */ (target).dataset.at;
        return cell === undefined ? null : /** @type {[string, number]} */ ([name, Number(cell)]);
      },
      first: () => /** @type {[string, number]} */ ([name, 0]),
      pointed: () => pointed,
      next: (from, [down, across]) => {
        if (from === null || from[0] !== name) return /** @type {[string, number]} */ ([name, 0]);
        const row = clamp(Math.floor(from[1] / columns) + down, 0, rows - 1);
        const number = row * columns + clamp((from[1] % columns) + across, 0, columns - 1);
        return /** @type {[string, number]} */ ([name, number]);
      },
      point,
      letsGo: true,
    });
    return made;
  }

  /** Compute everything from the drawing, and show it. */
  function compute() {
    /** @type {Record<string, any>} */
    const fields = { x: { shape: data.shape, values } };
    for (const { name, symbol, label, pick: by, variants, decimals, high } of data.operations) {
      const key = by.map((control) => JSON.stringify(pick(control).value)).join("|");
      const { operator, reads, ...parameters } = variants[key];
      const result = operators[operator](
        reads.map((one) => fields[one]),
        parameters,
      );
      fields[name] = result;
      computed[name] = { ...result, reads };
      /** @type {Tensor} */
      const tensor = {
        shape: [1, result.shape[0], result.shape[1]],
        values: result.values.map((value) => Number(value.toFixed(decimals)) + 0),
        symbol,
        label,
        alt: label,
        high,
        axes: ["", phrase("row"), phrase("column")],
      };
      if (drawn[name]?.shape !== String(tensor.shape)) {
        const made = makeResult(name, tensor);
        if (drawn[name]) drawn[name].element.replaceWith(made.element);
        else results.append(made.element);
        if (pointed?.[0] === name) pointed = null;
        drawn[name] = made;
        made.element.classList.toggle("attn-single", tensor.values.length === 1);
      }
      drawn[name].tensor = tensor;
      fillGrid(drawn[name], tensor);
    }
    results.classList.toggle(
      "attn-with-singles",
      Object.values(drawn).some(({ cells }) => cells.length === 1),
    );
    light();
    say();
  }

  /** @param {number} at @param {number} value */
  function set(at, value) {
    if (values[at] === value) return;
    values[at] = value;
    show(at);
    compute();
  }

  /** @param {number} at */
  function show(at) {
    // The style sheet shows the number: a screen reader is told by aria-pressed.
    setAttributes(cells[at], { "data-drawn": values[at], "aria-pressed": values[at] === 1 });
  }

  /** Lay a map on the board. @param {string} map */
  function start(map) {
    started = map;
    values = [...map].map(Number);
    cells.forEach((_, at) => {
      show(at);
    });
  }
  again.addEventListener("click", () => {
    start(started);
    compute();
  });

  /** Let one cell take the focus by tab. @param {number} at */
  function rove(at) {
    cells.forEach((cell, i) => {
      cell.tabIndex = i === at ? 0 : -1;
    });
  }

  function build() {
    const [rows, columns] = data.shape;
    label.textContent = data.label;
    board.setAttribute("aria-label", data.label);
    board.style.setProperty("--attn-columns", String(columns));
    cells = Array.from({ length: rows * columns }, (_, at) =>
      make("button", {
        type: "button",
        class: "attn-stroke",
        "aria-label": phrase("place", { row: Math.floor(at / columns), column: at % columns }),
        "data-at": at,
      }),
    );
    board.replaceChildren(...cells);
    rove(0);
    drawn = {};
    results.replaceChildren();
  }

  /** @param {Event} event @returns {number | null} */
  const cellOf = ({ target }) => {
    const at = /** @type {HTMLElement} */ (target).dataset?.at;
    return at === undefined ? null : Number(at);
  };
  // A mouse draws along while its button is held. A finger may be about to scroll the page: a tap is a click.
  board.addEventListener("pointerdown", (event) => {
    const at = cellOf(event);
    if (at === null || event.pointerType === "touch" || event.button !== 0) return;
    pen = 1 - values[at];
    set(at, pen);
  });
  board.addEventListener("pointerover", (event) => {
    const at = cellOf(event);
    if (at !== null && event.pointerType !== "touch" && event.buttons === 1) set(at, pen);
  });
  board.addEventListener("click", (event) => {
    const at = cellOf(event);
    if (at === null) return;
    rove(at);
    // The press of a mouse has drawn already; a tap and the space bar come here alone.
    const drawnByMouse = event instanceof PointerEvent && event.pointerType === "mouse";
    if (!drawnByMouse) set(at, 1 - values[at]);
  });
  board.addEventListener("keydown", (event) => {
    const step = stepOf(event);
    const at = cellOf(event);
    if (step === undefined || at === null) return;
    event.preventDefault();
    const [rows, columns] = data.shape;
    const row = clamp(Math.floor(at / columns) + step[0], 0, rows - 1);
    const to = row * columns + clamp((at % columns) + step[1], 0, columns - 1);
    rove(to);
    cells[to].focus();
  });

  return {
    element,
    update(next, context) {
      pick = context.pick;
      if (next !== data && JSON.stringify(next) !== JSON.stringify(data)) {
        data = next;
        started = "";
        build();
      }
      const map = data.maps[JSON.stringify(pick(data.pick).value)];
      if (map !== started) start(map);
      compute();
    },
  };
}

kinds.drawing = makeDrawing;
