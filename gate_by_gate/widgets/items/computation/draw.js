// A small computation, step by step: {grids, steps, pick, lanes}
//   grids   {name: {shape: [planes, rows, columns], values, symbol, label, alt, high, weights, axes, planes,
//           sources, workings}}: the tensors; `sources` gives for each number its places in other grids, by their names
//   steps   [{says, operands, operation, results, shown}]: what an operation reads and computes, as rows of names of grids,
//           and the number of the last of them that is shown as computed while the reader points at none
//   pick    the control that says which step is shown; its values count the steps
//   lanes   grids of so many planes stand below each other, plane by plane
//
// Every step is drawn once, in one place with the others, and seen when its turn comes: to put hundreds of numbers where
// they were not is what takes a browser longest. A grid that two steps show glides from where it stood in the one to where
// it stands in the other. A number that is pointed at lights up what it was computed from; one that is read, what it goes
// into. A step forward computes its numbers one after the other before the reader's eyes, unless they prefer less motion.
// Play only moves the control.

import { clamp, make, setAttributes, setChildren, setText, wanted } from "../../static/dom.js";
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
 * @typedef {{left: number, top: number, width: number, height: number}} Box in pixels, from the corner of the scene
 * @typedef {{element: HTMLElement, drawn: Record<string, Drawn>}} Layer what is drawn of a step
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
function fill(cell, value) {
  const text = write(value);
  setText(cell, text);
  cell.classList.toggle("attn-long", text.length > 3);
}

/** @param {HTMLElement | SVGElement} element @param {Tensor} tensor @param {number} at */
function tint(element, { values, high }, at) {
  const share = clamp(Math.abs(values[at]) / high, 0, 1);
  setAttributes(element, { style: `--attn-tint: ${Math.round(45 * share)}%` });
  element.classList.toggle("attn-negative", values[at] < 0);
}

/** Say where a number stands in its grid. @param {Tensor} tensor @param {number} at */
export function placeOf({ shape: [planes, rows, columns], axes, planes: names }, at) {
  const sizes = [planes, rows, columns];
  const places = [Math.floor(at / (rows * columns)), Math.floor(at / columns) % rows, at % columns];
  const called = (/** @type {number} */ i) => (i === 0 && names?.[places[0]]) || `${axes[i]} ${places[i]}`;
  return axes.flatMap((_, i) => (sizes[i] > 1 ? [called(i)] : [])).join(", ");
}

/** Write a tensor into its grid. @param {Drawn} grid @param {Tensor} tensor */
export function fillGrid({ element, cells }, tensor) {
  const [label, plate] = /** @type {Iterable<HTMLElement>} */ (element.children);
  setText(label, tensor.label);
  setAttributes(plate, { "aria-label": tensor.alt });
  tensor.planes?.forEach((name, at) => {
    setText(/** @type {HTMLElement} */ (plate.children[at].firstChild), name);
  });
  cells.forEach((cell, at) => {
    fill(cell, tensor.values[at]);
    tint(cell, tensor, at);
  });
}

/** Draw the grid of a tensor, for fillGrid to fill. @param {Tensor} tensor @param {string} name @returns {Drawn} */
export function drawGrid(tensor, name) {
  const [planes, rows, columns] = tensor.shape;
  const cells = tensor.values.map((_, at) => make("span", { class: "attn-cell", "data-at": at }));
  const size = rows * columns;
  const plane = (/** @type {number} */ at) =>
    make(
      "span",
      { class: "attn-plane", "data-columns": columns, style: `--attn-columns: ${columns}` },
      ...(tensor.planes ? [make("span", { class: "attn-called" })] : []),
      ...cells.slice(at * size, (at + 1) * size),
    );
  const plate = make(
    "div",
    {
      class: `attn-planes${tensor.weights ? " attn-weights" : ""}`,
      role: "img",
      tabindex: 0,
      "data-name": "map",
      "data-grid": name,
    },
    ...Array.from({ length: planes }, (_, at) => plane(at)),
  );
  return {
    element: make("div", { class: "attn-tensor" }, make("p", { class: "attn-label" }), plate),
    cells,
  };
}

/** Give the element of a grid that holds its numbers. @param {Drawn} grid */
const plateOf = ({ element }) => /** @type {HTMLElement} */ (element.lastElementChild);

/** Make what lights up elements by a class for each; what stays lit is left alone. */
export function makeLight() {
  /** @type {Map<Element, string>} */
  let lit = new Map();
  return (/** @type {Map<Element, string>} */ next) => {
    for (const [element, look] of lit) if (next.get(element) !== look) element.classList.remove(look);
    for (const [element, look] of next) element.classList.add(look);
    lit = next;
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
    return make("rect", {
      x: plane * (columns + 0.5) + column + 0.05,
      y: row + 0.05,
      width: 0.9,
      height: 0.9,
      rx: tensor.weights ? 0.45 : 0.1,
    });
  });
  return make("svg", { viewBox: `0 0 ${width} ${rows}`, "aria-hidden": "true" }, ...dots);
}

/**
 * Make a line of text that is as high as its longest texts, so that nothing below it jumps.
 * @param {string} name
 */
function makeLine(name) {
  const text = make("p", { class: `attn-${name}`, "aria-live": "polite" });
  const ghosts = Array.from({ length: LONGEST }, () =>
    make("p", { class: "attn-longest", "aria-hidden": "true" }),
  );
  return {
    element: make("div", { class: `attn-sentence attn-of-${name}` }, text, ...ghosts),
    text,
    /** @param {string[]} texts all that it may come to say: of few characters more or less, any may wrap the most */
    keep(texts) {
      const longest = [...new Set(texts)].sort((one, other) => other.length - one.length);
      ghosts.forEach((ghost, at) => {
        setText(ghost, longest[at] ?? "");
      });
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
  const steps = make("div", { class: "attn-steps" });
  const readout = makeLine("readout");
  const element = make(
    "div",
    { class: "attn-computation" },
    make("div", { class: "attn-film" }, play, reel),
    says.element,
    scene,
    readout.element,
  );
  scene.append(steps, wires, flying);

  /** @type {{grids: Record<string, Tensor>, steps: Operation[], pick: string, lanes: number}} */
  let data;
  let text = ""; // of the data: a kernel sends them anew at every move
  let kept = ""; // what of them was drawn, without the numbers and what is said of them
  /** @type {Layer[]} */
  let layers = [];
  /** @type {HTMLElement[]} */
  let frames = [];
  const lightUp = makeLight();
  let at = -1; // the step that is shown
  /** @type {[string, number] | null} */
  let pointed = null; // a grid and a number of it
  /** @type {[[string, number] | null, boolean]} */
  let lighted = [null, false]; // what is lit up
  /** @type {HTMLElement[]} */
  let coming = []; // the results that are still to be computed
  let playing = false;
  let awaited = -1; // the step that play has moved the control to
  /** @type {Set<Animation>} */
  const moving = new Set();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  /** @type {WeakMap<Element, Box>} */
  let boxes = new WeakMap(); // where things stand, as far as it was asked for since the scene has its size
  /**
   * Say where something stands, without the way that it is still gliding: once it is known, no move asks the browser again.
   * @param {HTMLElement} element @returns {Box}
   */
  function boxOf(element) {
    const known = boxes.get(element);
    if (known) return known;
    let [left, top] = [0, 0];
    for (let one = element; one && one !== scene; one = /** @type {HTMLElement} */ (one.offsetParent)) {
      left += one.offsetLeft;
      top += one.offsetTop;
    }
    const box = { left, top, width: element.offsetWidth, height: element.offsetHeight };
    boxes.set(element, box);
    return box;
  }

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
    scene.classList.toggle("attn-pointing", to !== null && dims);
    if (to === null) {
      lightUp(new Map());
      setChildren(wires, []);
      return;
    }
    const { drawn } = layers[at];
    const [name, number] = to;
    const here = drawn[name].cells[number];
    const relatives = related(name, number);
    lightUp(
      new Map([
        ...relatives.map(
          ([source, place]) => /** @type {const} */ ([drawn[source].cells[place], "attn-lit"]),
        ),
        [here, "attn-explained"],
      ]),
    );
    const read = resultsOf(at).includes(name); // and what lights up stands above it, else below
    /** @param {HTMLElement} cell @param {boolean} below */
    const end = (cell, below) => {
      const { left, top, width, height } = boxOf(cell);
      return [left + width / 2, below ? top + height : top];
    };
    // A number that is multiplied by a weight comes by way of it.
    const weights = relatives.filter(([source]) => data.grids[source].weights);
    const numbers = relatives.filter(([source]) => !data.grids[source].weights);
    const paths = numbers.flatMap(([source, place], i) => {
      const cell = drawn[source].cells[place];
      const [weight] = read && weights.length >= numbers.length ? [weights[i]] : [];
      const stops = [cell, ...(weight ? [drawn[weight[0]].cells[weight[1]]] : []), here];
      return stops.slice(1).map((stop, turn) => curve(end(stops[turn], read), end(stop, !read)));
    });
    setChildren(
      wires,
      paths.map((d) => wanted("path", { d })),
    );
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
    setAttributes(readout.text, { "aria-live": pointed === null ? "off" : "polite" }); // of a step its sentence is read out
    setText(readout.text, describe(...to));
  }

  /** @param {[string, number] | null} to */
  function point(to) {
    if (String(to) === String(pointed)) return;
    finish();
    pointed = to;
    explain();
  }

  /** Let a reader point at the numbers of a grid. @param {string} name @param {Drawn} grid */
  function makeLive(name, grid) {
    const { shape } = data.grids[name];
    const [planes, height, columns] = shape;
    const width = planes * columns;
    const plate = plateOf(grid);
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
    for (const plate of coming) plate.classList.remove("attn-coming");
    coming = [];
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
    const { drawn } = layers[at];
    const order = resultsOf(at).flatMap((name) =>
      drawn[name].cells.map((_, i) => /** @type {[string, number]} */ ([name, i])),
    );
    const pace = clamp(SWEEP_MS / order.length, PACE_MS[0], PACE_MS[1]);
    let every = 1; // of so many numbers one flies
    setAttributes(readout.text, { "aria-live": "off" }); // what is said too fast to read is not read out
    // Until the grids stand in their places the results are out of sight as wholes, then number by number.
    coming = resultsOf(at).map((name) => plateOf(drawn[name]));
    for (const plate of coming) plate.classList.add("attn-coming");
    function begin() {
      const flights = order.reduce((sum, to) => sum + related(...to).length, 0);
      every = Math.ceil(flights / MOST_FLIGHTS);
      for (const plate of coming) plate.classList.remove("attn-coming");
      order.forEach(([name, i], turn) => {
        animate(
          drawn[name].cells[i],
          [
            { opacity: 0, transform: "scale(.5)" },
            { opacity: 1, transform: "none" },
          ],
          { delay: pace * (turn + 0.6), duration: Math.max(pace, 160), easing: "ease-out" },
        );
      });
      next();
    }
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
    timer = setTimeout(begin, GLIDE_MS);
  }

  /** Let copies of the numbers that it was computed from fly to a number. @param {[string, number]} to @param {number} duration */
  function fly([name, number], duration) {
    const { drawn } = layers[at];
    const end = boxOf(drawn[name].cells[number]);
    for (const [source, place] of related(name, number)) {
      const cell = drawn[source].cells[place];
      const { left, top, width, height } = boxOf(cell);
      const copy = /** @type {HTMLElement} */ (cell.cloneNode(true));
      copy.classList.remove("attn-lit", "attn-explained");
      copy.style.setProperty("--attn-cell-height", `${height}px`);
      Object.assign(copy.style, {
        left: `${left}px`,
        top: `${top}px`,
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

  /** Draw a step. @param {Operation} step @returns {Layer} */
  function drawStep(step) {
    /** @type {Record<string, Drawn>} */
    const drawn = {};
    for (const name of [...step.operands, ...step.results].flat()) {
      drawn[name] = drawGrid(data.grids[name], name);
      plateOf(drawn[name]).style.setProperty("--attn-lane", String(laneOf(name)));
      makeLive(name, drawn[name]);
    }
    /** @param {string[][]} names @param {string} side */
    const lines = (names, side) =>
      names.map((row) =>
        make("div", { class: `attn-tensors attn-${side}` }, ...row.map((name) => drawn[name].element)),
      );
    const sign = step.operation ? [make("p", { class: "attn-operation" }, step.operation)] : [];
    const element = make(
      "div",
      { class: "attn-layers", style: `--attn-cell-height: ${cellHeight(step)}` },
      ...lines(step.operands, "operand"),
      ...sign,
      ...lines(step.results, "result"),
    );
    return { element, drawn };
  }

  /** Show a step; `from` is the one before, whose grids glide to their new places. @param {number} from */
  function showStep(from) {
    const glides = from >= 0 && !still();
    const shared = glides ? Object.keys(layers[at].drawn).filter((name) => name in layers[from].drawn) : [];
    const places = (/** @type {number} */ step) =>
      shared.map((name) => boxOf(layers[step].drawn[name].element));
    const before = glides ? places(from) : []; // while it is still laid out
    layers.forEach(({ element }, i) => {
      element.classList.toggle("attn-shown", i === at);
    });
    setText(says.text, data.steps[at].says);
    frames.forEach((frame, i) => {
      frame.classList.toggle("attn-done", i <= at);
      if (i === at) setAttributes(frame, { "aria-current": "step" });
      else frame.removeAttribute("aria-current");
    });
    places(at).forEach((now, i) => {
      const [x, y] = [before[i].left - now.left, before[i].top - now.top];
      if (x || y)
        animate(layers[at].drawn[shared[i]].element, [{ translate: offset(x, y) }, { translate: "none" }], {
          duration: GLIDE_MS,
          easing: "cubic-bezier(.3, .7, .2, 1)",
        });
    });
  }

  function showPlaying() {
    setText(play, playing ? "❚❚" : "▶");
    setAttributes(play, { "aria-label": phrase(playing ? "pause" : "play") });
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

  /** Count the columns that a plane of a grid has room for: planes that stand below each other have as many. @param {string} name */
  function laneOf(name) {
    const [planes, , columns] = data.grids[name].shape;
    if (planes !== data.lanes) return columns;
    const lanes = Object.values(data.grids).filter(({ shape }) => shape[0] === data.lanes);
    return Math.max(...lanes.map(({ shape }) => shape[2]));
  }

  /** Draw all steps, with the room that the tallest and the widest of them need. */
  function build() {
    layers = data.steps.map(drawStep);
    steps.replaceChildren(...layers.map((layer) => layer.element));
    /** Columns, with half a column between planes and grids. @param {string} name */
    const width = (name) => data.grids[name].shape[0] * (laneOf(name) + 0.5);
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
    steps.style.minHeight = `max(${heights.join(", ")})`;
    frames = data.steps.map(({ results }, step) => {
      const names = results.flat();
      const frame = make(
        "button",
        { type: "button", class: "attn-frame-of", tabindex: -1 },
        make("span", { class: "attn-small" }, ...names.map((name) => drawThumbnail(data.grids[name]))),
        make("span", {}, [...new Set(names.map((name) => data.grids[name].symbol))].join(" ")),
      );
      frame.addEventListener("click", () => move(data.pick, step));
      return frame;
    });
    reel.replaceChildren(...frames);
    showPlaying();
  }

  /** Write the numbers into what is drawn, and what is said of them. */
  function fillAll() {
    for (const { drawn } of layers)
      for (const [name, grid] of Object.entries(drawn)) fillGrid(grid, data.grids[name]);
    frames.forEach((frame, step) => {
      setAttributes(frame, { title: data.steps[step].says });
      const names = data.steps[step].results.flat();
      frame.querySelectorAll("svg").forEach((svg, i) => {
        [...svg.children].forEach((dot, place) => {
          tint(/** @type {SVGElement} */ (dot), data.grids[names[i]], place);
        });
      });
    });
    says.keep(data.steps.map((step) => step.says));
    readout.keep(
      Object.entries(data.grids).flatMap(([name, { values }]) =>
        values.map((_, i) => describe(name, i, true)),
      ),
    );
  }

  /** Name what stays the same where only the numbers are others. */
  const makeup = () =>
    JSON.stringify([
      data.lanes,
      data.steps.map(({ operands, operation, results }) => [operands, operation, results]),
      Object.entries(data.grids).map(([name, grid]) => [
        name,
        grid.shape,
        grid.symbol,
        grid.weights,
        grid.planes?.length,
      ]),
    ]);

  // Wires are drawn to where cells stand: also when the item is first laid out, and when its width changes.
  new ResizeObserver(() => {
    boxes = new WeakMap();
    light(...lighted);
  }).observe(scene);

  return {
    element,
    update(next, { pick }) {
      const anew = next === data ? text : JSON.stringify(next);
      const step = pick(next.pick).at;
      data = next;
      finish();
      const same = anew === text;
      if (!same) {
        text = anew;
        const made = makeup();
        if (made !== kept) build();
        kept = made;
        fillAll();
      }
      if (same && step === at) return;
      const from = same ? at : -1;
      at = step;
      pointed = null;
      if (step !== awaited) stop();
      showStep(from);
      if (!still() && from >= 0 && (from === at - 1 || playing)) {
        light(null); // wires would lead to where grids are gliding from
        sweep();
        return;
      }
      explain();
      if (playing) timer = setTimeout(goOn, READ_MS);
    },
  };
}

kinds.computation = makeComputation;
