// Draws an explorer. Knows no formula: every number, shape and map comes from the model, where attn_lib computed it.
//
// The same module serves a running notebook (the model is an anywidget model) and a published page (host.js gives a
// model with the same five methods over a stored payload). What it reads from the model:
//   spec     what never changes: controls, panels, pictures, and `start`, the setting that it opened with
//   parts    {part: {key: data}}: what is computed so far; new entries are merged into what came before
//   tallest  {part: {key: data}}: the parts where they are at their tallest; a published page has it among the parts
//   NAME     the value of each control
//   refusal  why a running kernel refused the last move; it has then put the control back
//   code     the Python that computes what is shown, if the explorer has some
//   link     the address of the page at this setting; a notebook has none
//
// The vocabulary of items, by kind:
//   number   {value, text}                               one number with its unit
//   text     {text}                                      one sentence
//   terms    {rows: [{name, label, formula, product, value, text}], total: {value, text}}
//   shapes   {rows: [{step, shape}]}                     the shape after every step
//   table    {head, columns: [{name, label}], rows: [{label, cells: [{value, text, right}]}]}
//            `right` marks a number by a tick or a cross
//   picture  {index, box: [x, y, w, h], frame, alt, marks}   one of spec.pictures, with a box drawn on it that the
//            legend calls `frame`
//   bars     {values, low, high, alt, what, band, reach, sort, before, names}  one bar per channel, or per `what`; those
//            of a part share a cursor; band: the channels to point out, and with `reach` the neighbours of the one
//            pointed at instead; sort {control, when, by}: in the order of the item `by` while so set; before: a line
//            across each bar at another value; names: what bars are called if not by their numbers
//   heatmap  {shape: [h, w], hex, low, high, caption, alt, signed, over, marks, axes, pick, spots, spot}
//            one hexadecimal digit per place; over {index, box, frame, marks}: the picture below it; pick: the control
//            whose position picks one of several frames in `hex`, fills the {} of caption and alt, and picks one of
//            the spots, which the legend calls `spot`;
//            `high` may then be a list, a high end per frame
//   strips   {height, width, product}                    three maps of one scale: a column, a row and their product
//   chart    {x, y, series, alt, here, rings}            x and y {label, low, high, log, ticks: [[value, text]]}
//            series {name, style, kind: line | step | points, points: [{x, y, low, high, text: [x, y, interval], name, marked}]}
//            here {x, y, text}: the point of this setting, or {pick, at}: one for each value of the control `pick`
//            rings [{pick, label}]: marks the point that is called as the control `pick` stands
//   contrast {pick: [first, second], ...}                two things that controls pick, and their difference; contrast.js
// A mark is {shape: "rect", at: [x, y, w, h]} or {shape: "points", at: [[x, y], ...]} with a style (field, cell, spot)
// and a label for the legend. An item whose data is null is not there at this setting. Instead of its items a part's
// data may be {missing: "why there is nothing to show"}.

import { makeBars } from "./bars.js";
import { makeChart } from "./chart.js";
import { makeContrast } from "./contrast.js";
import { makeControl, textOf } from "./controls.js";
import { keepToItself, make, setText } from "./dom.js";
import { makeHeatmap, makePicture, makeStrips } from "./maps.js";
import { makeNumber, makeRows, makeShapes, makeTerms, makeText } from "./numbers.js";

/** @typedef {{get(name: string): any, set(name: string, value: any): void, save_changes(): void,
 *             on(event: string, f: () => void): void, off(event: string, f: () => void): void}} Model */

const PATIENCE_MS = 3000; // how long a live kernel may take before the page says that it does not answer
const LOST = "The kernel does not answer. Positions it has already computed still work; " +
  "run the cell again for the others.";

const ITEMS = {
  number: makeNumber, text: makeText, terms: makeTerms, shapes: makeShapes, table: makeRows,
  picture: makePicture, bars: makeBars, heatmap: makeHeatmap, strips: makeStrips, chart: makeChart,
  contrast: makeContrast,
};

let drawn = 0; // makes element ids unique when a page holds several explorers
const session = Math.random().toString(36).slice(2, 8); // ... or a notebook loads this module twice

/** `pick(name)` gives where a control stands: {at, value, text}. */
function makePart(part, pictures, pick) {
  const items = {};
  const each = (act) => Object.values(items).forEach(act);
  const host = {
    pictures,
    point: (channel, what) => each((item) => item.mark?.(channel, what)),
    pointCell: (cell, shape) => each((item) => item.markCell?.(cell, shape)),
  };
  for (const item of part.items) items[item.name] = ITEMS[item.kind](item, host);
  const note = make("p", { class: "attn-note" });
  const element = make("div", { class: `attn-part attn-${part.layout}`, "data-part": part.name },
    note, ...Object.values(items).map((item) => item.element));
  let shown;
  let stood; // where the controls stood that items follow by themselves
  return {
    element,
    show(data) {
      const stands = String(part.view_controls.map((name) => pick(name).at));
      if (data === shown && stands === stood) return;
      [shown, stood] = [data, stands];
      const why = data.missing;
      note.textContent = why ?? "";
      element.classList.toggle("attn-missing", why !== undefined);
      if (why === undefined) for (const [name, item] of Object.entries(items)) {
        // What does not exist at this setting (a fourth head of two) leaves its room empty, so that nothing jumps.
        item.element.classList.toggle("attn-absent", data[name] === null);
        if (data[name] !== null) item.update(data[name], { pick, data });
      }
    },
  };
}

/**
 * Keep the room of a part at the settings that have the most to show: draw them too, out of sight in the same place.
 * @param {object} part its description
 * @param {HTMLElement} shown the part itself
 * @param {() => {element: HTMLElement, show(data: object): void}} makeGhost makes another one
 */
function makeRoom(part, shown, makeGhost) {
  const element = make("div", { class: `attn-room attn-${part.layout}` }, shown);
  const waiting = new Set(part.tallest_at);
  return {
    element,
    /** Draw what is there of it by now. */
    fill(entries) {
      for (const key of [...waiting].filter((one) => one in entries)) {
        const ghost = makeGhost();
        ghost.show(entries[key]);
        for (const name of ["data-part", "data-name"]) { // only what is shown goes by these
          for (const one of [ghost.element, ...ghost.element.querySelectorAll(`[${name}]`)]) one.removeAttribute(name);
        }
        ghost.element.classList.add("attn-ghost");
        ghost.element.setAttribute("aria-hidden", "true");
        element.append(ghost.element);
        waiting.delete(key);
      }
    },
  };
}

/**
 * What stands below the panels: back to the start, the link to this setting, a message, the code for it. A message comes
 * here and not above, where it would move the control in the reader's hand away.
 */
function makeTools(spec, model, reset) {
  const status = make("span", { class: "attn-status", role: "status" });
  const say = (text) => setText(status, text);
  const tools = make("div", { class: "attn-tools" });
  const button = (text, act) => {
    const element = make("button", { type: "button" }, text);
    element.addEventListener("click", act);
    tools.append(element);
  };
  const copy = (text, done, failed) => {
    Promise.resolve().then(() => navigator.clipboard.writeText(text)).then(
      () => say(done), () => say(failed));
  };
  button("reset", reset);
  if (model.get("link")) {
    button("copy link", () => copy(model.get("link"), "The link to this setting is copied.",
      "This browser does not let a page copy; the link is in the address bar."));
  }
  tools.append(status);

  const code = make("code");
  const block = make("details", { class: "attn-code" }, make("summary", {}, "the code for this setting"),
    make("pre", { tabindex: 0, role: "group", "aria-label": "Python code" }, code));
  if (spec.code) tools.append(block);
  const show = () => { if (block.open) code.textContent = model.get("code"); };
  block.addEventListener("toggle", show);
  return { element: tools, show, say };
}

/** @param {{model: Model, el: HTMLElement}} host */
function render({ model, el }) {
  const spec = model.get("spec");
  const id = `attn-${spec.name}-${session}-${drawn++}`;
  const figure = make("figure", { class: "attn-explorer", "data-explorer": spec.name, "aria-labelledby": `${id}-title` });
  figure.addEventListener("keydown", keepToItself);
  figure.append(make("figcaption", { id: `${id}-title` }, spec.title));

  const store = {}; // part -> key -> data; everything that was ever computed, so that a lost kernel loses little
  const controls = {};
  const parts = [];

  const read = (name) => model.get(name);
  const pick = (name) => {
    const control = spec.controls[name];
    const value = read(name);
    return { at: control.values.indexOf(value), value, text: textOf(control, value) };
  };

  for (const panel of spec.panels) {
    const pinned = panel.parts.length === 0;
    // A group and not a section: sections are landmarks, and two explorers on a page may name a panel alike.
    const classes = `attn-panel${pinned ? " attn-pinned" : ""}`;
    const box = make("div", { class: classes, role: "group", "aria-label": panel.title },
      make("p", { class: "attn-title", "aria-hidden": "true" }, panel.title));
    const bar = make("div", { class: "attn-controls" });
    for (const name of panel.controls) {
      const host = { id: `${id}-${name}`, pictures: spec.pictures, read, change: (value) => move({ [name]: value }) };
      controls[name] = makeControl(spec.controls[name], host);
      bar.append(controls[name].element);
    }
    const shelf = make("div", { class: "attn-shelf" });
    for (const part of panel.parts) {
      const view = makePart(part, spec.pictures, pick);
      const room = makeRoom(part, view.element, () => makePart(part, spec.pictures, pick));
      parts.push({ ...part, show: view.show, fill: room.fill });
      store[part.name] = {};
      shelf.append(part.tallest_at.length ? room.element : view.element);
    }
    box.append(bar, ...(pinned ? [] : [shelf]));
    figure.append(box);
  }
  const tools = makeTools(spec, model, () => { move(spec.start); tell(""); });
  figure.append(tools.element);

  const hint = make("p", { id: `${id}-keys`, hidden: "" }, "Arrow keys step through the values.");
  figure.append(hint);
  for (const plot of figure.querySelectorAll('[data-name="map"][tabindex]')) plot.setAttribute("aria-describedby", hint.id);

  let timer;
  let lost = false;

  /** Name the stored entry of a part; a control that does not matter beside another one's value stands in no key. */
  function keyOf({ depends, irrelevant_when }) {
    const matters = (name) => !irrelevant_when[name]?.in.includes(model.get(irrelevant_when[name].control));
    return depends.filter(matters).map((name) => JSON.stringify(model.get(name))).join("|");
  }

  function draw() {
    let waiting = false;
    for (const control of Object.values(controls)) control.refresh?.();
    for (const part of parts) {
      part.fill(store[part.name]);
      const data = store[part.name][keyOf(part)];
      if (data) part.show(data);
      else if (lost) part.show({ missing: "This position was not computed before the kernel stopped answering." });
      else waiting = true;
    }
    tools.show();
    figure.setAttribute("aria-busy", String(waiting));
    clearTimeout(timer);
    if (waiting) timer = setTimeout(lose, PATIENCE_MS);
  }

  /** Say something, or nothing any more; a lost kernel comes first. */
  function tell(text) {
    tools.say(lost ? LOST : text);
  }

  function lose() {
    lost = true;
    tell("");
    draw();
  }

  function refused() {
    tell(model.get("refusal"));
  }

  function move(values) {
    for (const [name, value] of Object.entries(values)) {
      model.set(name, value);
      controls[name].show(value);
    }
    model.save_changes();
    draw();
  }

  function receive() {
    for (const computed of [model.get("tallest") ?? {}, model.get("parts")]) {
      for (const [name, entries] of Object.entries(computed)) Object.assign(store[name], entries);
    }
    lost = false;
    tell("");
    draw();
  }

  const listeners = { "change:parts": receive, "change:tallest": receive, "change:code": tools.show, "change:refusal": refused,
    comm_live_update: lose };
  for (const name of Object.keys(controls)) {
    listeners[`change:${name}`] = () => { controls[name].show(model.get(name)); draw(); };
  }
  for (const [event, listener] of Object.entries(listeners)) model.on(event, listener);

  for (const [name, control] of Object.entries(controls)) control.show(model.get(name));
  receive();
  el.replaceChildren(figure);
  figure.dataset.ready = "true";

  return () => {
    clearTimeout(timer);
    for (const [event, listener] of Object.entries(listeners)) model.off(event, listener);
  };
}

export default { render };
