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
// How an item is drawn, and what its data are, stands in the folder of its kind, in `items`. An item whose data is null is
// not there at this setting. Instead of its items a part's data may be {missing: "why there is nothing to show"}.

import { makeControl, textOf } from "./controls.js";
import { keepKeys, make, setText } from "./dom.js";
import { kinds } from "./kinds.js";
import { phrase } from "./texts.js";

/** @typedef {{get(name: string): any, set(name: string, value: any): void, save_changes(): void,
 *             on(event: string, f: () => void): void, off(event: string, f: () => void): void}} Model */

const PATIENCE_MS = 3000; // how long a live kernel may take before the page says that it does not answer

let drawn = 0; // makes element ids unique when a page holds several explorers
const session = Math.random().toString(36).slice(2, 8); // ... or a notebook loads this module twice

/** `pick(name)` gives where a control stands: {at, value, text}; `move(name, value)` moves it. */
function makePart(part, pictures, pick, move) {
  const items = {};
  const each = (act) => Object.values(items).forEach(act);
  const host = {
    pictures,
    move,
    point: (channel, what) => each((item) => item.mark?.(channel, what)),
    pointCell: (cell, shape) => each((item) => item.markCell?.(cell, shape)),
  };
  for (const item of part.items) items[item.name] = kinds[item.kind](item, host);
  const note = make("p", { class: "attn-note" });
  const element = make(
    "div",
    { class: `attn-part attn-${part.layout}`, "data-part": part.name },
    note,
    ...Object.values(items).map((item) => item.element),
  );
  let shown;
  let stood; // where the controls stood that change the view
  return {
    element,
    show(data) {
      const stands = String(part.view_controls.map((name) => pick(name).at));
      if (data === shown && stands === stood) return;
      [shown, stood] = [data, stands];
      const why = data.missing;
      note.textContent = why ?? "";
      element.classList.toggle("attn-missing", why !== undefined);
      if (why === undefined)
        for (const [name, item] of Object.entries(items)) {
          // What does not exist at this setting (a fourth head of two) leaves its space empty, so that nothing jumps.
          item.element.classList.toggle("attn-absent", data[name] === null);
          if (data[name] !== null) item.update(data[name], { pick, data });
        }
    },
  };
}

/**
 * Keep the height that a part has where it is at its tallest: draw it there too, out of sight in the same place.
 * @param {object} part its description
 * @param {HTMLElement} shown the part itself
 * @param {() => {element: HTMLElement, show(data: object): void}} makeGhost makes another one
 */
function keepHeight(part, shown, makeGhost) {
  const element = make("div", { class: `attn-tallest attn-${part.layout}` }, shown);
  const waiting = new Set(part.tallest_at);
  return {
    element,
    /** Draw what is there of it by now. */
    fill(entries) {
      for (const key of [...waiting].filter((one) => one in entries)) {
        const ghost = makeGhost();
        ghost.show(entries[key]);
        for (const name of ["data-part", "data-name"]) {
          // only what is shown goes by these
          for (const one of [ghost.element, ...ghost.element.querySelectorAll(`[${name}]`)])
            one.removeAttribute(name);
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
    Promise.resolve()
      .then(() => navigator.clipboard.writeText(text))
      .then(
        () => say(done),
        () => say(failed),
      );
  };
  button(phrase("reset"), reset);
  if (model.get("link")) {
    button(phrase("copy_link"), () =>
      copy(model.get("link"), phrase("link_copied"), phrase("link_not_copied")),
    );
  }
  tools.append(status);

  const code = make("code");
  const block = make(
    "details",
    { class: "attn-code" },
    make("summary", {}, phrase("code")),
    make("pre", { tabindex: 0, role: "group", "aria-label": phrase("code_label") }, code),
  );
  if (spec.code) tools.append(block);
  const show = () => {
    if (block.open) code.textContent = model.get("code");
  };
  block.addEventListener("toggle", show);
  return { element: tools, show, say };
}

/** @param {{model: Model, el: HTMLElement}} host */
function render({ model, el }) {
  const spec = model.get("spec");
  const id = `attn-${spec.name}-${session}-${drawn++}`;
  const figure = make("figure", {
    class: "attn-explorer",
    "data-explorer": spec.name,
    "aria-labelledby": `${id}-title`,
  });
  keepKeys(figure);
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

  const moveOne = (name, value) => move({ [name]: value });
  for (const panel of spec.panels) {
    const pinned = panel.parts.length === 0;
    // A group and not a section: sections are landmarks, and two explorers on a page may name a panel alike.
    const classes = `attn-panel${pinned ? " attn-pinned" : ""}`;
    const box = make(
      "div",
      { class: classes, role: "group", "aria-label": panel.title },
      make("p", { class: "attn-title", "aria-hidden": "true" }, panel.title),
    );
    const bar = make("div", { class: "attn-controls" });
    for (const name of panel.controls) {
      const host = {
        id: `${id}-${name}`,
        pictures: spec.pictures,
        read,
        change: (value) => moveOne(name, value),
      };
      controls[name] = makeControl(spec.controls[name], host);
      bar.append(controls[name].element);
    }
    const shelf = make("div", { class: "attn-shelf" });
    for (const part of panel.parts) {
      const view = makePart(part, spec.pictures, pick, moveOne);
      const kept = keepHeight(part, view.element, () => makePart(part, spec.pictures, pick, moveOne));
      parts.push({ ...part, show: view.show, fill: kept.fill });
      store[part.name] = {};
      shelf.append(part.tallest_at.length ? kept.element : view.element);
    }
    box.append(bar, ...(pinned ? [] : [shelf]));
    figure.append(box);
  }
  const tools = makeTools(spec, model, () => {
    move(spec.start);
    tell("");
  });
  figure.append(tools.element);

  const hint = make("p", { id: `${id}-keys`, hidden: "" }, phrase("arrow_keys"));
  figure.append(hint);
  for (const plot of figure.querySelectorAll('[data-name="map"][tabindex]'))
    plot.setAttribute("aria-describedby", hint.id);

  let timer;
  let lost = false;

  /** Name the stored entry of a part; a control that does not matter beside another one's value stands in no key. */
  function keyOf({ depends, irrelevant_when }) {
    const matters = (name) => !irrelevant_when[name]?.in.includes(model.get(irrelevant_when[name].control));
    return depends
      .filter(matters)
      .map((name) => JSON.stringify(model.get(name)))
      .join("|");
  }

  function draw() {
    let waiting = false;
    for (const control of Object.values(controls)) control.refresh?.();
    for (const part of parts) {
      part.fill(store[part.name]);
      const data = store[part.name][keyOf(part)];
      if (data) part.show(data);
      else if (lost) part.show({ missing: phrase("position_lost") });
      else waiting = true;
    }
    tools.show();
    figure.setAttribute("aria-busy", String(waiting));
    clearTimeout(timer);
    if (waiting) timer = setTimeout(lose, PATIENCE_MS);
  }

  /** Say something, or nothing any more; a lost kernel comes first. */
  function tell(text) {
    tools.say(lost ? phrase("kernel_lost") : text);
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

  const listeners = {
    "change:parts": receive,
    "change:tallest": receive,
    "change:code": tools.show,
    "change:refusal": refused,
    comm_live_update: lose,
  };
  for (const name of Object.keys(controls)) {
    listeners[`change:${name}`] = () => {
      controls[name].show(model.get(name));
      draw();
    };
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
