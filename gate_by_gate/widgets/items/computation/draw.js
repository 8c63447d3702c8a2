// A small computation, step by step: {grids, steps, pick, lanes}
//   grids   {name: {shape: [planes, rows, columns], values, symbol, label, alt, high, weights, axes, planes,
//           sources, workings}}: the tensors; `sources` gives for each number its places in other grids, by their names
//   steps   [{says, operands, operation, results, shown}]: what an operation reads and computes, as rows of names of grids,
//           and the number of the last of them that is shown as computed while the reader points at none
//   pick    the control that says which step is shown; its values count the steps
//   lanes   grids of so many planes stand below each other, plane by plane
//
// There is one element for each grid, which moves from step to step. A number that is pointed at lights up what it was
// computed from; one that is read, what it goes into. A step forward computes its numbers one after the other before the
// reader's eyes, unless they prefer less motion. Play only moves the control.

import { clamp, make, setText } from "../../static/dom.js";
import { kinds } from "../../static/kinds.js";
import { makePointable } from "../../static/pointing.js";
import { phrase } from "../../static/texts.js";

/** @import { Host, Item, View } from "../../static/kinds.js" */
/**
 * @typedef {{shape: [number, number, number], values: number[], symbol: string, label: string, alt: string,
 *   high: number, weights?: boolean, axes: string[], planes?: string[], sources?: Record<string, number[][]>,
 *   workings?: string[]}} Tensor
 * @typedef {{says: string, operands: string[][], operation: string, results: string[][],
 *   shown: number}} Operation
 * @typedef {{element: HTMLElement, cells: HTMLElement[]}} Drawn
 */

const SWEEP_MS = 2200; // for all numbers of a step, one after the other,
const PACE_MS = [45, 600]; // ... each no faster and no slower than this
const GLIDE_MS = 450; // for a grid to its place in the next step
const REST_MS = 1300; // between the steps of play
const READ_MS = 2600; // ... where nothing moves
const MOST_HEIGHT = 20; // of all rows of a step together, in rem
const LONGEST = 5; // texts that keep the height of a line
const MOST_FLIGHTS = 160; // numbers that fly in one step: more are a cloud

/** @param {number} x @param {number} y */
const offset = (x, y) => [x, y].map((length) => `${length}px`).join(" ");

/** Draw a line that leaves and arrives upright. @param {number[]} from @param {number[]} to */
const curve = ([u, v], [x, y]) => `M${u},${v}C${u},${(v + y) / 2} ${x},${(v + y) / 2} ${x},${y}`;

/** @param {number} value */
export const write = (value) => String(value).replace("-", "−");

/** Write a number into its cell; a long one is set smaller. @param {HTMLElement} cell @param {number} value */
export function fill(cell, value) {
  cell.textContent = write(value);
  cell.classList.toggle("attn-long", cell.textContent.length > 3);
}

/** @param {HTMLElement | SVGElement} element @param {Tensor} tensor @param {number} at */
export function tint(element, { values, high }, at) {
  const share = clamp(Math.abs(values[at]) / high, 0, 1);
  element.style.setProperty("--attn-tint", `${Math.round(45 * share)}%`);
  element.classList.toggle("attn-negative", values[at] < 0);
}

/** Say where a number stands in its grid. @param {Tensor} tensor @param {number} at */
export function placeOf({ shape: [planes, rows, columns], axes, planes: names }, at) {
  const sizes = [planes, rows, columns];
  const places = [Math.floor(at / (rows * columns)), Math.floor(at / columns) % rows, at % columns];
  const called = (/** @type {number} */ i) => (i === 0 && names?.[places[0]]) || `${axes[i]} ${places[i]}`;
  return axes.flatMap((_, i) => (sizes[i] > 1 ? [called(i)] : [])).join(", ");
}

/** @param {Tensor} tensor @param {string} name @returns {Drawn} */
export function drawGrid(tensor, name) {
  const [planes, rows, columns] = tensor.shape;
  const cells = tensor.values.map((value, at) => {
    const cell = make("span", { class: "attn-cell", "data-at": at });
    fill(cell, value);
    tint(cell, tensor, at);
    return cell;
  });
  const size = rows * columns;
  const plane = (/** @type {number} */ at) =>
    make(
      "span",
      { class: "attn-plane", "data-columns": columns, style: `--attn-columns: ${columns}` },
      ...(tensor.planes ? [make("span", { class: "attn-called" }, tensor.planes[at])] : []),
      ...cells.slice(at * size, (at + 1) * size),
    );
  const plate = make(
    "div",
    {
      class: `attn-planes${tensor.weights ? " attn-weights" : ""}`,
      role: "img",
      tabindex: 0,
      "aria-label": tensor.alt,
      "data-name": "map",
      "data-grid": name,
    },
    ...Array.from({ length: planes }, (_, at) => plane(at)),
  );
  return {
    element: make("div", { class: "attn-tensor" }, make("p", { class: "attn-label" }, tensor.label), plate),
    cells,
  };
}

/** Draw a grid small, without its numbers. @param {Tensor} tensor */
function drawThumbnail(tensor) {
  const [planes, rows, columns] = tensor.shape;
  const width = planes * columns + (planes - 1) / 2;
  const dots = tensor.values.map((_, at) => {
    const [plane, row, column] = [
      Math.floor(at / (rows * columns)),
      Math.floor(at / columns) % rows,
      at % columns,
    ];
    const dot = make("rect", {
      x: plane * (columns + 0.5) + column + 0.05,
      y: row + 0.05,
      width: 0.9,
      height: 0.9,
      rx: tensor.weights ? 0.45 : 0.1,
    });
    tint(dot, tensor, at);
    return dot;
  });
  return make("svg", { viewBox: `0 0 ${width} ${rows}`, "aria-hidden": "true" }, ...dots);
}

/**
 * Make a line of text that is as high as its longest texts, so that nothing below it jumps.
 * @param {string} name
 */
function makeLine(name) {
  const text = make("p", { class: `attn-${name}`, "aria-live": "polite" });
  const element = make("div", { class: `attn-sentence attn-of-${name}` }, text);
  return {
    element,
    text,
    /** @param {string[]} texts all that it may come to say: of few characters more or less, any may wrap the most */
    keep(texts) {
      const longest = [...new Set(texts)].sort((one, other) => other.length - one.length).slice(0, LONGEST);
      const ghosts = longest.map((one) => make("p", { class: "attn-longest", "aria-hidden": "true" }, one));
      element.replaceChildren(text, ...ghosts);
    },
  };
}

/** @param {Item} item @param {Host} host @returns {View} */
function makeComputation(item, { move }) {
  const play = make("button", { type: "button", class: "attn-play" });
  const reel = make("div", {
    class: "attn-reel",
    role: "group",
    "aria-label": item.label || phrase("steps"),
  });
  const says = makeLine("says");
  const scene = make("div", { class: "attn-scene" });
  const wires = make("svg", { class: "attn-wires", "aria-hidden": "true" });
  const flying = make("div", { class: "attn-flying", "aria-hidden": "true" });
  const rows = make("div", { class: "attn-layers" });
  const readout = makeLine("readout");
  const element = make(
    "div",
    { class: "attn-computation" },
    make("div", { class: "attn-film" }, play, reel),
    says.element,
    scene,
    readout.element,
  );
  scene.append(wires, rows, flying);

  /** @type {{grids: Record<string, Tensor>, steps: Operation[], pick: string, lanes: number}} */
  let data;
  let text = ""; // of the data: a kernel sends them anew at every move
  /** @type {Record<string, Drawn>} */
  let drawn = {};
  /** @type {HTMLElement[]} */
  let frames = [];
  let at = -1; // the step that is shown
  /** @type {[string, number] | null} */
  let pointed = null; // a grid and a number of it
  /** @type {[[string, number] | null, boolean]} */
  let lighted = [null, false]; // what is lit up
  let playing = false;
  let awaited = -1; // the step that play has moved the control to
  /** @type {Set<Animation>} */
  const moving = new Set();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const still = () => matchMedia("(prefers-reduced-motion)").matches;
  /** @param {number} step */
  const resultsOf = (step) => data.steps[step].results.flat();

  /**
   * List the numbers that a number was computed from, or goes into at this step.
   * @param {string} name
   * @param {number} number
   * @returns {[string, number][]}
   */
  function related(name, number) {
    const { sources } = data.grids[name];
    const results = resultsOf(at);
    if (results.includes(name))
      return Object.entries(sources ?? {}).flatMap(([source, places]) =>
        places[number].map((place) => /** @type {[string, number]} */ ([source, place])),
      );
    return results.flatMap((result) =>
      (data.grids[result].sources?.[name] ?? []).flatMap((places, i) =>
        places.includes(number) ? [/** @type {[string, number]} */ ([result, i])] : [],
      ),
    );
  }

  /**
   * Light up a number and what it is related to, or nothing.
   * @param {[string, number] | null} to
   * @param {boolean} [dims] whether all other numbers step back
   */
  function light(to, dims = true) {
    lighted = [to, dims];
    for (const cell of rows.querySelectorAll(".attn-lit, .attn-explained"))
      cell.classList.remove("attn-lit", "attn-explained");
    wires.replaceChildren();
    scene.classList.toggle("attn-pointing", to !== null && dims);
    if (to === null) return;
    const [name, number] = to;
    const here = drawn[name].cells[number];
    here.classList.add("attn-explained");
    const from = scene.getBoundingClientRect();
    const read = resultsOf(at).includes(name); // and what lights up stands above it, else below
    /** @param {Element} cell @param {boolean} below */
    const end = (cell, below) => {
      const { left, top, bottom, width } = cell.getBoundingClientRect();
      return [left - from.left + width / 2, (below ? bottom : top) - from.top];
    };
    const relatives = related(name, number);
    for (const [source, place] of relatives) drawn[source].cells[place].classList.add("attn-lit");
    // A number that is multiplied by a weight comes by way of it.
    const weights = relatives.filter(([source]) => data.grids[source].weights);
    const numbers = relatives.filter(([source]) => !data.grids[source].weights);
    numbers.forEach(([source, place], i) => {
      const cell = drawn[source].cells[place];
      const [weight] = read && weights.length >= numbers.length ? [weights[i]] : [];
      const stops = [cell, ...(weight ? [drawn[weight[0]].cells[weight[1]]] : []), here];
      for (let stop = 1; stop < stops.length; stop++)
        wires.append(make("path", { d: curve(end(stops[stop - 1], read), end(stops[stop], !read)) }));
    });
  }

  /**
   * Say what a number is; of one that is computed, how.
   * @param {string} name
   * @param {number} number
   * @param {boolean} [computed] whether the step computes it
   */
  function describe(name, number, computed = resultsOf(at).includes(name)) {
    const tensor = data.grids[name];
    const where = placeOf(tensor, number);
    return phrase("number_of", {
      label: where ? `${tensor.symbol}, ${where}` : tensor.symbol,
      value: (computed && tensor.workings?.[number]) || write(tensor.values[number]),
    });
  }

  /** Show how one number is computed: the one that is pointed at, or the step's own. */
  function explain() {
    const to = pointed ?? /** @type {[string, number]} */ ([resultsOf(at).at(-1), data.steps[at].shown]);
    light(to, pointed !== null);
    readout.text.setAttribute("aria-live", pointed === null ? "off" : "polite"); // of a step its sentence is read out
    setText(readout.text, describe(...to));
  }

  /** @param {[string, number] | null} to */
  function point(to) {
    if (String(to) === String(pointed)) return;
    finish();
    pointed = to;
    explain();
  }

  /** @param {string} name */
  function makeLive(name) {
    const { shape } = data.grids[name];
    const [planes, height, columns] = shape;
    const width = planes * columns;
    const plate = /** @type {HTMLElement} */ (drawn[name].element.lastElementChild);
    makePointable(plate, {
      at: ({ target }) => {
        const cell = /** @type {HTMLElement} */ (target).dataset.at;
        return cell === undefined ? null : /** @type {[string, number]} */ ([name, Number(cell)]);
      },
      first: () => /** @type {[string, number]} */ ([name, 0]),
      pointed: () => pointed,
      next: (from, [down, across]) => {
        if (from === null || from[0] !== name) return /** @type {[string, number]} */ ([name, 0]);
        const [plane, row, column] = [
          Math.floor(from[1] / (height * columns)),
          Math.floor(from[1] / columns) % height,
          from[1] % columns,
        ];
        // Planes stand side by side, so that a row goes on in the next one.
        const to = clamp(plane * columns + column + across, 0, width - 1);
        const line = clamp(row + down, 0, height - 1);
        const number = (Math.floor(to / columns) * height + line) * columns + (to % columns);
        return /** @type {[string, number]} */ ([name, number]);
      },
      point,
      letsGo: true,
    });
  }

  /** Stop what moves, and leave every number in its place. */
  function finish() {
    clearTimeout(timer);
    for (const animation of moving) animation.cancel();
    moving.clear();
    flying.replaceChildren();
  }

  /** @param {Element} what @param {Keyframe[]} frames @param {KeyframeAnimationOptions} options */
  function animate(what, frames, options) {
    const animation = what.animate(frames, { fill: "backwards", ...options });
    moving.add(animation);
    animation.onfinish = () => moving.delete(animation);
    return animation;
  }

  /**
   * Compute the numbers of a step one after the other, once its grids have glided to their places; then go on, if it plays.
   */
  function sweep() {
    const order = resultsOf(at).flatMap((name) =>
      drawn[name].cells.map((_, i) => /** @type {[string, number]} */ ([name, i])),
    );
    const pace = clamp(SWEEP_MS / order.length, PACE_MS[0], PACE_MS[1]);
    const flights = order.reduce((sum, to) => sum + related(...to).length, 0);
    const every = Math.ceil(flights / MOST_FLIGHTS); // of so many numbers one flies
    readout.text.setAttribute("aria-live", "off"); // what is said too fast to read is not read out
    order.forEach(([name, i], turn) => {
      const arrival = GLIDE_MS + pace * (turn + 0.6);
      animate(
        drawn[name].cells[i],
        [
          { opacity: 0, transform: "scale(.5)" },
          { opacity: 1, transform: "none" },
        ],
        { delay: arrival, duration: Math.max(pace, 160), easing: "ease-out" },
      );
    });
    let turn = 0;
    function next() {
      if (turn === order.length) {
        finish();
        explain();
        if (playing) timer = setTimeout(goOn, REST_MS);
        return;
      }
      const to = order[turn++];
      light(to);
      setText(readout.text, describe(...to));
      if (turn % every === 0) fly(to, Math.max(pace, 260));
      timer = setTimeout(next, pace);
    }
    setText(readout.text, "");
    timer = setTimeout(next, GLIDE_MS);
  }

  /** Let copies of the numbers that it was computed from fly to a number. @param {[string, number]} to @param {number} duration */
  function fly([name, number], duration) {
    const from = scene.getBoundingClientRect();
    const end = drawn[name].cells[number].getBoundingClientRect();
    for (const [source, place] of related(name, number)) {
      const cell = drawn[source].cells[place];
      const { left, top, width, height } = cell.getBoundingClientRect();
      const copy = /** @type {HTMLElement} */ (cell.cloneNode(true));
      copy.classList.remove("attn-lit", "attn-explained");
      Object.assign(copy.style, {
        left: `${left - from.left}px`,
        top: `${top - from.top}px`,
        width: `${width}px`,
        height: `${height}px`,
      });
      flying.append(copy);
      animate(
        copy,
        [
          { opacity: 0.9, translate: "none", scale: 1 },
          { opacity: 0.2, translate: offset(end.left - left, end.top - top), scale: 0.6 },
        ],
        { duration, easing: "ease-in" },
      ).onfinish = () => copy.remove();
    }
  }

  /** Count the rows of numbers that a step shows below each other. @param {Operation} step */
  function rowsOf({ operands, results }) {
    const heights = [...operands, ...results].map((row) =>
      Math.max(...row.map((name) => data.grids[name].shape[1] + (data.grids[name].planes ? 0.8 : 0))),
    );
    return heights.reduce((sum, one) => sum + one, 0);
  }
  /** A step of many rows has lower ones, so that it fits a screen. @param {Operation} step */
  const cellHeight = (step) =>
    `min(1.75rem, var(--attn-cell), ${(MOST_HEIGHT / rowsOf(step)).toFixed(2)}rem)`;

  /** Lay out a step; `from` is the one before, whose grids glide to their new places. @param {number} from */
  function layOut(from) {
    const step = data.steps[at];
    /** @type {Record<string, DOMRect>} */
    const before = {};
    const glides = from >= 0 && !still();
    if (glides)
      for (const name of [...data.steps[from].operands, ...data.steps[from].results].flat())
        before[name] = drawn[name].element.getBoundingClientRect();
    /** @param {string[][]} names @param {string} side */
    const lines = (names, side) =>
      names.map((row) =>
        make("div", { class: `attn-tensors attn-${side}` }, ...row.map((name) => drawn[name].element)),
      );
    const sign = step.operation ? [make("p", { class: "attn-operation" }, step.operation)] : [];
    rows.style.setProperty("--attn-cell-height", cellHeight(step));
    rows.replaceChildren(...lines(step.operands, "operand"), ...sign, ...lines(step.results, "result"));
    setText(says.text, step.says);
    frames.forEach((frame, i) => {
      frame.classList.toggle("attn-done", i <= at);
      if (i === at) frame.setAttribute("aria-current", "step");
      else frame.removeAttribute("aria-current");
    });
    if (!glides) return;
    for (const name of [...step.operands, ...step.results].flat()) {
      if (!before[name]) continue;
      const now = drawn[name].element.getBoundingClientRect();
      const [x, y] = [before[name].left - now.left, before[name].top - now.top];
      if (x || y)
        animate(drawn[name].element, [{ translate: offset(x, y) }, { translate: "none" }], {
          duration: GLIDE_MS,
          easing: "cubic-bezier(.3, .7, .2, 1)",
        });
    }
  }

  function showPlaying() {
    play.textContent = playing ? "❚❚" : "▶";
    play.setAttribute("aria-label", phrase(playing ? "pause" : "play"));
  }
  function stop() {
    playing = false;
    awaited = -1;
    showPlaying();
  }
  function goOn() {
    if (!playing || !element.isConnected) return;
    if (awaited >= 0 && at === data.steps.length - 1) {
      stop();
      return;
    }
    awaited = (at + 1) % data.steps.length;
    move(data.pick, awaited);
  }
  play.addEventListener("click", () => {
    if (playing) {
      stop();
      finish();
      explain();
      return;
    }
    playing = true;
    showPlaying();
    goOn();
  });

  /** Make the elements of all grids, and the heights and widths that the tallest and the widest step need. */
  function build() {
    drawn = Object.fromEntries(
      Object.entries(data.grids).map(([name, tensor]) => [name, drawGrid(tensor, name)]),
    );
    for (const name of Object.keys(drawn)) makeLive(name);
    says.keep(data.steps.map((step) => step.says));
    readout.keep(
      Object.entries(drawn).flatMap(([name, { cells }]) => cells.map((_, i) => describe(name, i, true))),
    );
    const tensors = Object.values(data.grids);
    const lane = Math.max(
      ...tensors.filter(({ shape }) => shape[0] === data.lanes).map(({ shape }) => shape[2]),
    );
    /** Columns, with half a column between planes and grids. @param {string} name */
    const width = (name) => {
      const [planes, , columns] = data.grids[name].shape;
      const each = planes === data.lanes ? lane : columns;
      const cells = /** @type {HTMLElement} */ (drawn[name].element.lastElementChild);
      cells.style.setProperty("--attn-lane", String(each));
      return planes * (each + 0.5);
    };
    const across = Math.max(
      ...data.steps.flatMap(({ operands, results }) =>
        [...operands, ...results].map((row) => row.reduce((sum, name) => sum + width(name), -0.5)),
      ),
    );
    const heights = data.steps.map((step) => {
      const lines = [...step.operands, ...step.results];
      const over = `${lines.length} * var(--attn-over) + var(--attn-between)`;
      return `calc(${rowsOf(step)} * ${cellHeight(step)} + ${over})`;
    });
    scene.style.setProperty("--attn-across", String(across));
    rows.style.minHeight = `max(${heights.join(", ")})`;
    frames = data.steps.map(({ results }, step) => {
      const names = results.flat();
      const frame = make(
        "button",
        { type: "button", class: "attn-frame-of", tabindex: -1, title: data.steps[step].says },
        make("span", { class: "attn-small" }, ...names.map((name) => drawThumbnail(data.grids[name]))),
        make("span", {}, [...new Set(names.map((name) => data.grids[name].symbol))].join(" ")),
      );
      frame.addEventListener("click", () => move(data.pick, step));
      return frame;
    });
    reel.replaceChildren(...frames);
    showPlaying();
  }

  // Wires are drawn to where cells stand: also when the item is first laid out, and when its width changes.
  new ResizeObserver(() => light(...lighted)).observe(scene);

  return {
    element,
    update(next, { pick }) {
      const anew = JSON.stringify(next);
      const step = pick(next.pick).at;
      data = next;
      finish();
      const same = anew === text;
      if (!same) {
        text = anew;
        build();
      }
      if (same && step === at) return;
      const from = same ? at : -1;
      at = step;
      pointed = null;
      if (step !== awaited) stop();
      layOut(from);
      light(null); // wires would lead to where grids are gliding from
      if (!still() && from >= 0 && (from === at - 1 || playing)) {
        sweep();
        return;
      }
      explain();
      if (playing) timer = setTimeout(goOn, READ_MS);
    },
  };
}

kinds.computation = makeComputation;
