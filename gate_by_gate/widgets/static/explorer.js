// Draws an explorer. Knows no formula: every number, shape and map comes from the model, where attn_lib computed it.
//
// The same module serves a running notebook (the model is an anywidget model) and a published page (host.js gives a
// model with the same five methods over a stored payload). What it reads from the model:
//   spec     what never changes: the question, controls, panels, pictures, and `start`, the setting that it opened with
//   tab      the name of the panel that is in view
//   parts    {part: {key: data}}: what is computed so far; new entries are merged into what came before
//   NAME     the value of each control
//   refusal  why a running kernel refused the last move; it has then put the control back
//   code     the Python that computes what is shown, if the explorer has some
//   link     the address of the page at this setting; a notebook has none
//
// How an item is drawn, and what its data are, stands in the folder of its kind, in `items`. An item whose data is null is
// not there at this setting. Instead of its items a part's data may be {missing: "why there is nothing to show"}.

import { makeControl, textOf } from "./controls.js";
import { keepKeys, make, setAttributes, setHidden, setText } from "./dom.js";
import { kinds } from "./kinds.js";
import { followLinks } from "./links.js";
import { phrase } from "./texts.js";

/** @typedef {{get(name: string): any, set(name: string, value: any): void, save_changes(): void,
 *             on(event: string, f: () => void): void, off(event: string, f: () => void): void}} Model */

const PATIENCE_MS = 3000; // how long a live kernel may take before the page says that it does not answer

const STILL_MS = 400; // how long a control has stood still when its effect is spoken

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
    {
      class: ["attn-part", `attn-${part.layout}`, ...part.items.map(({ kind }) => `attn-with-${kind}`)].join(
        " ",
      ),
      "data-part": part.name,
      style: `--attn-room: ${part.room[0]}rem; --attn-room-phone: ${part.room[1]}rem`,
    },
    note,
    ...Object.values(items).map((item) => item.element),
  );
  let shown;
  let stood; // where the controls stood that change the view
  return {
    element,
    views: items,
    /** Say what the items show that say it themselves. */
    says: () =>
      Object.values(items)
        .map((item) => item.says?.())
        .find(Boolean) ?? "",
    /** Draw the data, and tell whether anything is new. */
    show(data) {
      const stands = String(part.view_controls.map((name) => pick(name).at));
      if (data === shown && stands === stood) return false;
      [shown, stood] = [data, stands];
      const why = data.missing;
      setText(note, why ?? "");
      element.classList.toggle("attn-missing", why !== undefined);
      if (why === undefined)
        for (const [name, item] of Object.entries(items)) {
          // What does not exist at this setting (a fourth head of two) leaves its space empty, so that nothing jumps.
          item.element.classList.toggle("attn-absent", data[name] === null);
          if (data[name] !== null) item.update(data[name], { pick, data });
        }
      element.classList.toggle("attn-picking", element.querySelector(":scope > .attn-sets") !== null);
      if (part.layout === "either") takeSides(element);
      return true;
    },
  };
}

/**
 * Give maps that take one place the sides of the one that is there, so that nothing moves when another one comes.
 * @param {HTMLElement} element
 */
function takeSides(element) {
  const sides = /** @type {HTMLElement | null} */ (
    element.querySelector(":scope > :not(.attn-absent) .attn-picture")
  );
  for (const plate of /** @type {NodeListOf<HTMLElement>} */ (element.querySelectorAll(".attn-picture")))
    if (sides) plate.style.aspectRatio = sides.style.aspectRatio;
}

/**
 * Say in a sentence what a part shows: its numbers, or, if it has none, where its first map or its bars stand.
 * @param {{items: {name: string, kind: string, label: string}[]}} part
 * @param {Record<string, any>} data
 */
function summaryOf({ items }, data) {
  if (data.missing) return data.missing;
  const there = items.filter(({ name }) => data[name]);
  const numbers = there.filter(({ kind }) => kind === "number").slice(0, 3);
  const said = numbers.map(({ name, label }) => `${label} ${data[name].text}`);
  if (said.length) return `${said.join(", ")}.`;
  return there.map(({ name }) => data[name].alt ?? data[name].text).find(Boolean) ?? "";
}

/**
 * Make the tabs of an explorer: one button for each panel. The arrow keys go from one to the next.
 * @param {{name: string, title: string}[]} panels
 * @param {string} id
 * @param {(name: string) => void} choose
 */
function makeTabs(panels, id, choose) {
  const buttons = panels.map(({ name, title }) => {
    const controls = `${id}-panel-${name}`;
    const attributes = { type: "button", role: "tab", id: `${id}-tab-${name}`, "aria-controls": controls };
    const button = make("button", { ...attributes, "data-tab": name }, title);
    button.addEventListener("click", () => choose(name));
    return button;
  });
  const element = make("div", { class: "attn-tabs", role: "tablist" }, ...buttons);
  element.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const at = buttons.indexOf(event.target);
    const last = buttons.length - 1;
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = buttons[(to + buttons.length) % buttons.length];
    choose(next.dataset.tab);
    next.focus();
  });
  return {
    element,
    /** @param {string} name */
    show(name) {
      for (const button of buttons) {
        const chosen = button.dataset.tab === name;
        setAttributes(button, { "aria-selected": chosen, tabindex: chosen ? 0 : -1 });
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
  const spoken = make("span", { class: "attn-spoken", role: "status" }); // for who does not see what has changed
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
  tools.append(status, spoken);

  const code = make("code");
  const block = make(
    "details",
    { class: "attn-code" },
    make("summary", {}, phrase("code")),
    make("pre", { tabindex: 0, role: "group", "aria-label": phrase("code_label") }, code),
  );
  if (spec.code) tools.append(block);
  let timer;
  /** Tell a screen reader what a move has changed, once the control has come to rest. */
  const speak = (text) => {
    clearTimeout(timer);
    timer = setTimeout(() => setText(spoken, text), STILL_MS);
  };
  const show = () => {
    if (block.open) code.textContent = model.get("code");
  };
  block.addEventListener("toggle", show);
  return { element: tools, show, say, speak };
}

/**
 * Put parts where they stand: a main part and the side parts next to it into the two columns of a row.
 * @param {{layout: string, above: HTMLElement[], element: HTMLElement, items: {kind: string}[]}[]} parts
 */
function arrange(parts) {
  const elements = [];
  let columns;
  for (const { layout, above, element, items } of parts) {
    if (layout !== "main" && layout !== "large" && layout !== "side") {
      elements.push(...above, element);
      columns = undefined;
      continue;
    }
    if (!columns) {
      columns = { main: make("div", { class: "attn-column" }), side: make("div", { class: "attn-column" }) };
      const picture = items.every(({ kind }) => kind === "picture");
      elements.push(
        make("div", { class: picture ? "attn-row attn-beside" : "attn-row" }, columns.main, columns.side),
      );
    }
    columns[layout === "side" ? "side" : "main"].append(...above, element);
    if (layout === "large") columns.main.parentElement.classList.add("attn-enlarged");
  }
  return elements;
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
  figure.append(make("figcaption", { id: `${id}-title` }, spec.question));

  const store = {}; // part -> key -> data; everything that was ever computed, so that a lost kernel loses little
  const controls = {};

  const read = (name) => model.get(name);
  const pick = (name) => {
    const control = spec.controls[name];
    const value = read(name);
    return { at: control.values.indexOf(value), value, text: textOf(control, value) };
  };

  // Controls stand in one strip above the panel that is in view, or with the part that holds them; those that the panel
  // does not use are hidden.
  const strip = make("div", { class: "attn-strip", role: "group", "aria-label": phrase("controls") });
  const moveOne = (name, value) => {
    move({ [name]: value });
    speak();
  };
  for (const [name, control] of Object.entries(spec.controls)) {
    const change = (value) => moveOne(name, value);
    controls[name] = makeControl(control, { id: `${id}-${name}`, pictures: spec.pictures, change });
  }
  const tabs = makeTabs(spec.panels, id, (name) => {
    model.set("tab", name);
    model.save_changes();
    draw();
  });
  const panels = spec.panels.map((panel) => {
    const parts = panel.parts.map((part) => {
      const held = part.holds.map((name) => controls[name].element);
      const above = held.length ? [make("div", { class: "attn-held" }, ...held)] : [];
      return { ...part, above, ...makePart(part, spec.pictures, pick, moveOne) };
    });
    for (const { name } of parts) store[name] = {};
    const attributes = { class: "attn-panel", id: `${id}-panel-${panel.name}`, "data-panel": panel.name };
    const role =
      spec.panels.length > 1 ? { role: "tabpanel", "aria-labelledby": `${id}-tab-${panel.name}` } : {};
    const element = make("div", { ...attributes, ...role }, ...arrange(parts));
    return { ...panel, parts, element };
  });
  for (const [name, { element, attach }] of Object.entries(controls)) {
    if (!element.parentNode) strip.append(element);
    const views = panels.flatMap(({ parts }) => parts).map((part) => part.views[spec.controls[name].on]);
    attach?.(views.find(Boolean).element.querySelector('[data-name="map"]'));
  }
  const inStrip = (name) => controls[name].element.parentNode === strip;
  if (panels.length > 1) figure.append(tabs.element);
  figure.append(strip, ...panels.map(({ element }) => element));
  const tools = makeTools(spec, model, () => {
    move(spec.start);
    tell("");
    speak();
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

  /** Give the panel that is in view. */
  const inView = () => panels.find(({ name }) => name === model.get("tab")) ?? panels[0];

  /** Say why a control makes no difference to anything in view, or nothing if it does. */
  function whyIdle(name, parts) {
    let why = "";
    for (const { depends, view_controls, irrelevant_when } of parts) {
      if (view_controls.includes(name)) return "";
      if (!depends.includes(name)) continue;
      const idle = irrelevant_when[name];
      if (!idle?.in.includes(model.get(idle.control))) return "";
      const { label } = spec.controls[idle.control];
      why = phrase("idle", { name: spec.controls[name].label, label, text: pick(idle.control).text });
    }
    return why;
  }

  /** Give the values of a control that there are beside the others; of a value set from Python nothing is known. */
  function offered(name) {
    const { values, within } = spec.controls[name];
    return within?.values[JSON.stringify(model.get(within.control))] ?? values;
  }

  let told = ""; // what is in view, in a sentence

  function draw() {
    let waiting = false;
    const panel = inView();
    tabs.show(panel.name);
    for (const one of panels) setHidden(one.element, one !== panel);
    setHidden(strip, !panel.controls.some(inStrip));
    for (const [name, control] of Object.entries(controls)) {
      setHidden(control.element, !panel.controls.includes(name));
      if (control.element.hidden) continue;
      const why = whyIdle(name, panel.parts);
      control.disable(why);
      if (!why && spec.controls[name].within) control.offer(offered(name));
    }
    for (const part of panel.parts) {
      const data = store[part.name][keyOf(part)];
      if (data) {
        if (part.show(data)) told = summaryOf(part, data) || part.says();
      } else if (lost) part.show({ missing: phrase("position_lost") });
      else waiting = true;
    }
    tools.show();
    setAttributes(figure, { "aria-busy": waiting });
    clearTimeout(timer);
    if (waiting) timer = setTimeout(lose, PATIENCE_MS);
  }

  /** Speak of what has changed. */
  const speak = () => tools.speak(told);

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
    // What there is no longer gives way to the last of what there is.
    for (const [name, { within }] of Object.entries(spec.controls)) {
      if (!within || offered(name).includes(model.get(name))) continue;
      model.set(name, offered(name).at(-1));
      controls[name].show(model.get(name));
    }
    model.save_changes();
    draw();
  }

  /** Put every control, and the tab, where a link of the notebook says; what it does not name stands at its start. */
  function go(said) {
    const choose = (values, name, start) => values.find((value) => String(value) === said.get(name)) ?? start;
    const tabNames = panels.map(({ name }) => name);
    model.set("tab", choose(tabNames, "tab", tabNames[0]));
    const moved = Object.entries(spec.controls).map(([name, { values }]) => [
      name,
      choose(values, name, spec.start[name]),
    ]);
    move(Object.fromEntries(moved));
  }

  function receive() {
    for (const [name, entries] of Object.entries(model.get("parts"))) Object.assign(store[name], entries);
    lost = false;
    tell("");
    draw();
  }

  const listeners = {
    "change:parts": receive,
    "change:tab": draw,
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
  const unfollow = model.get("link") ? undefined : followLinks(figure, spec.name, go);

  for (const [name, control] of Object.entries(controls)) control.show(model.get(name));
  receive();
  el.replaceChildren(figure);
  figure.dataset.ready = "true";

  return () => {
    clearTimeout(timer);
    unfollow?.();
    for (const [event, listener] of Object.entries(listeners)) model.off(event, listener);
  };
}

export default { render };
