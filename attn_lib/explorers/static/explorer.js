// Draws an explorer. Knows no formula: every number, shape and map comes from the model, where attn_lib computed it.
//
// The same module serves a running notebook (the model is an anywidget model) and a published page (host.js gives a
// model with the same five methods over a stored payload). What it reads from the model:
//   spec     what never changes: controls, panels, pictures
//   parts    {part: {key: data}}: what is computed so far; new entries are merged into what came before
//   NAME     the value of each control
//   refusal  why a running kernel refused the last move; it has then put the control back
//
// The vocabulary of items, by kind:
//   number   {value, text}                               one number with its unit
//   text     {text}                                      one sentence
//   terms    {rows: [{name, label, formula, product, value, text}], total: {value, text}}
//   shapes   {rows: [{step, shape}]}                     the shape after every step
//   picture  {index, box: [x, y, w, h], alt}             one of spec.pictures, with a box drawn on it
//   bars     {values, low, high, alt, what}              one bar per channel, or per `what`; those of a part share a cursor
//   heatmap  {shape: [h, w], hex, low, high, caption, alt}  one hexadecimal digit per place, 0 for low and f for high
// Instead of its items a part's data may be {missing: "why there is nothing to show"}.

/** @typedef {{get(name: string): any, set(name: string, value: any): void, save_changes(): void,
 *             on(event: string, f: () => void): void, off(event: string, f: () => void): void}} Model */

const SVG = "http://www.w3.org/2000/svg";
const FEW_BARS = 16; // up to so many bars are numbered below
const PATIENCE_MS = 3000; // how long a live kernel may take before the page says that it does not answer

// Cividis (Nuñez, Anderton and Renslow, 2018) at sixteen even steps: perceptually even, and the same for readers with
// a colour-vision deficiency. A test compares these with matplotlib's.
const CIVIDIS = [
  "00224e", "002e6c", "1e3a6f", "35456c", "47516c", "575d6d", "666970", "757575",
  "848279", "948e77", "a59c74", "b7a96e", "c8b866", "dbc75a", "eed649", "fee838",
].map((hex) => [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)));

let drawn = 0; // makes element ids unique when a page holds several explorers
const session = Math.random().toString(36).slice(2, 8); // ... or a notebook loads this module twice

/** Make an element; attributes that are undefined are left out, text is never parsed as HTML. */
function make(tag, attributes = {}, ...children) {
  const svg = ["svg", "rect", "line"].includes(tag);
  const element = svg ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// ------------------------------------------------------------------------------------------------ pictures and maps

/** Paint 8-bit grey values, base64-coded row by row. */
function paintGrey(canvas, { shape: [height, width], data }) {
  const bytes = atob(data);
  paint(canvas, height, width, (i) => { const v = bytes.charCodeAt(i); return [v, v, v]; });
}

function paint(canvas, height, width, colour) {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    const [red, green, blue] = colour(i);
    image.data.set([red, green, blue, 255], 4 * i);
  }
  context.putImageData(image, 0, 0);
}

/** Make a number's element. Not announced on its own: one move of a control changes many of them. */
function makeOutput(name) {
  return make("output", { "data-name": name, "aria-live": "off" });
}

/** Keep plain keys from a notebook that would take them as commands: arrows move a control, not the selected cell. */
function keepToItself(event) {
  if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
}

// ---------------------------------------------------------------------------------------------------------- items
// Each maker returns {element, update(data)} and, for bars, also mark(index). Elements are made once and updated in
// place, so that nothing jumps and the focus stays where it is.

const ITEMS = {
  number(item) {
    const output = makeOutput(item.name);
    const element = make("p", { class: "attn-number" }, make("span", {}, item.label), output);
    return { element, update({ value, text }) { output.dataset.value = value; output.textContent = text; } };
  },

  text(item) {
    const element = make("p", { class: "attn-text", "data-name": item.name });
    return { element, update({ text }) { element.textContent = text; } };
  },

  terms(item) {
    const body = make("tbody");
    const total = makeOutput(item.name);
    const element = make("table", { class: "attn-terms" }, make("caption", {}, item.label), body,
      make("tfoot", {}, make("tr", {}, make("th", { scope: "row", colspan: 3 }, "total"), make("td", {}, total))));
    return {
      element,
      update(data) {
        body.replaceChildren(...data.rows.map((row) => {
          const count = makeOutput(row.name);
          count.dataset.value = row.value;
          count.textContent = row.text;
          return make("tr", {}, make("th", { scope: "row" }, row.label), make("td", {}, row.formula),
            make("td", {}, row.product), make("td", {}, count));
        }));
        total.dataset.value = data.total.value;
        total.textContent = data.total.text;
      },
    };
  },

  shapes(item) {
    const list = make("ol", { class: "attn-shapes" });
    const element = make("div", {}, make("p", { class: "attn-label" }, item.label), list);
    return {
      element,
      update({ rows }) {
        list.replaceChildren(...rows.map(({ step, shape }) =>
          make("li", {}, make("span", {}, step), make("code", { "data-name": "shape" }, shape))));
      },
    };
  },

  picture(item, { pictures }) {
    const canvas = make("canvas", { "aria-hidden": "true" });
    const frame = make("span", { class: "attn-box", "aria-hidden": "true" });
    const image = make("div", { class: "attn-picture", role: "img", "data-name": "map" }, canvas, frame);
    const element = make("div", { class: "attn-map" }, make("p", { class: "attn-label" }, item.label), image);
    return {
      element,
      update({ index, box, alt }) {
        const picture = pictures[index];
        const [height, width] = picture.shape;
        paintGrey(canvas, picture);
        const [x, y, w, h] = box;
        const sides = { left: x / width, top: y / height, width: w / width, height: h / height };
        for (const [side, share] of Object.entries(sides)) frame.style[side] = `${100 * share}%`;
        image.setAttribute("aria-label", alt);
      },
    };
  },

  bars(item, { point }) {
    const svg = make("svg", { preserveAspectRatio: "none", "aria-hidden": "true" });
    const chart = make("div", { class: "attn-bars", role: "img", "data-name": "map", tabindex: 0 }, svg);
    const scale = make("p", { class: "attn-ends", "aria-hidden": "true" }, make("span"), make("span"));
    const numbers = make("p", { class: "attn-numbers", "aria-hidden": "true" });
    const readout = make("p", { class: "attn-readout", "aria-live": "polite" });
    const what = make("th", { scope: "col" });
    const rows = make("tbody");
    const values = make("details", { class: "attn-values" }, make("summary", {}, "values"),
      make("div", { tabindex: 0, role: "group", "aria-label": `${item.label}, values` },
        make("table", {}, make("thead", {}, make("tr", {}, what, make("th", { scope: "col" }, "value"))), rows)));
    const element = make("div", { class: "attn-chart" }, make("p", { class: "attn-label" }, item.label),
      make("div", { class: "attn-axes" }, scale, chart), numbers, make("div", { class: "attn-below" }, values, readout));
    let data = { values: [] };
    let marked = null;

    function fillTable() {
      if (!values.open) return;
      rows.replaceChildren(...data.values.map((value, channel) =>
        make("tr", {}, make("th", { scope: "row" }, String(channel)), make("td", {}, String(value)))));
    }
    values.addEventListener("toggle", fillTable);

    const channelAt = (event) => {
      const { left, width } = chart.getBoundingClientRect();
      const channel = Math.floor(((event.clientX - left) / width) * data.values.length);
      return Math.min(Math.max(channel, 0), data.values.length - 1);
    };
    chart.addEventListener("pointermove", (event) => point(channelAt(event)));
    chart.addEventListener("pointerdown", (event) => point(channelAt(event)));
    chart.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") point(null); });
    chart.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (event.key === "Escape") point(null);
      if (step === undefined) return;
      event.preventDefault();
      const from = marked ?? (step > 0 ? -1 : data.values.length);
      point(Math.min(Math.max(from + step, 0), data.values.length - 1));
    });

    function mark(channel) {
      marked = channel !== null && channel < data.values.length ? channel : null;
      [...svg.querySelectorAll("rect")].forEach((bar, i) => bar.classList.toggle("attn-marked", i === marked));
      readout.textContent = marked === null ? "" : `${data.what} ${marked}: ${data.values[marked]}`;
    }

    return {
      element,
      mark,
      update(next) {
        data = next;
        const { low, high } = data;
        const span = high - low || 1;
        const zero = Math.min(Math.max(0, low), high);
        svg.setAttribute("viewBox", `0 0 ${data.values.length} 1`);
        svg.replaceChildren(...data.values.map((value, channel) => make("rect", {
          x: channel + 0.1, width: 0.8,
          y: (high - Math.max(value, zero)) / span, height: Math.abs(value - zero) / span,
        })));
        [...scale.children].forEach((end, i) => { end.textContent = i ? low : high; });
        const few = data.values.length <= FEW_BARS;
        numbers.replaceChildren(...(few ? data.values.map((_, i) => make("span", {}, String(i))) : []));
        what.textContent = data.what;
        chart.setAttribute("aria-label", data.alt);
        mark(marked);
        fillTable();
      },
    };
  },

  heatmap(item) {
    const canvas = make("canvas", { "aria-hidden": "true" });
    const caption = make("p", { class: "attn-label" });
    const image = make("div", { class: "attn-picture", role: "img", "data-name": "map" }, canvas);
    const scale = make("p", { class: "attn-scale", "aria-hidden": "true" },
      make("span"), make("i", { class: "attn-ramp" }), make("span"));
    const element = make("div", { class: "attn-map" }, caption, image, scale);
    return {
      element,
      update({ shape: [height, width], hex, low, high, caption: text, alt }) {
        paint(canvas, height, width, (i) => CIVIDIS[parseInt(hex[i], 16)]);
        caption.textContent = text;
        image.setAttribute("aria-label", alt);
        scale.firstChild.textContent = low;
        scale.lastChild.textContent = high;
      },
    };
  },
};

function makePart(part, pictures) {
  const items = {};
  const point = (channel) => Object.values(items).forEach((item) => item.mark?.(channel));
  for (const item of part.items) items[item.name] = ITEMS[item.kind](item, { pictures, point });
  const note = make("p", { class: "attn-note" });
  const element = make("div", { class: `attn-part attn-${part.layout}`, "data-part": part.name },
    note, ...Object.values(items).map((item) => item.element));
  let shown;
  return {
    element,
    show(data) {
      if (data === shown) return;
      shown = data;
      const why = data.missing;
      note.textContent = why ?? "";
      element.classList.toggle("attn-missing", why !== undefined);
      if (why === undefined) for (const [name, item] of Object.entries(items)) item.update(data[name]);
    },
  };
}

// -------------------------------------------------------------------------------------------------------- controls
// Each maker returns {element, show(value)} and calls change(value) when the reader moves it. A value that is not
// among the published ones (set from Python in a running notebook) gets a position of its own.

function makeRange(control, id, change) {
  const input = make("input", { type: "range", id, min: 0, step: 1, "data-control": control.name });
  const value = make("span", { class: "attn-value", "aria-hidden": "true" });
  const ticks = make("div", { class: "attn-ticks", "aria-hidden": "true" });
  const element = make("div", { class: "attn-control" },
    make("div", { class: "attn-head" }, make("label", { for: id }, control.label), value), input, ticks);
  let positions;

  function settle(values) {
    positions = values;
    input.max = positions.length - 1;
    ticks.replaceChildren(...positions.map((v) => make("span", {}, textOf(control, v))));
  }
  function say(v) {
    input.setAttribute("aria-valuetext", textOf(control, v));
    value.textContent = textOf(control, v);
  }
  settle(control.values);
  input.addEventListener("input", () => { const v = positions[input.value]; say(v); change(v); });
  return {
    element,
    show(v) {
      if (!positions.includes(v)) settle([...control.values, v].sort((a, b) => a - b));
      input.value = positions.indexOf(v);
      say(v);
    },
  };
}

function makeChoice(control, id, change, pictures) {
  const element = make("fieldset", { class: `attn-control attn-${control.style}`, role: "radiogroup",
    "data-control": control.name }, make("legend", {}, control.label));
  const inputs = control.values.map((value, i) => {
    const input = make("input", { type: "radio", name: id, id: `${id}-${i}`, value: JSON.stringify(value) });
    const label = make("label", { for: input.id }, input);
    if (control.style === "gallery" && i < pictures.length) { // a value without a picture is a tile of text
      const canvas = make("canvas", { "aria-hidden": "true" });
      paintGrey(canvas, pictures[i]);
      label.append(canvas);
    }
    label.append(make("span", {}, textOf(control, value)));
    element.append(label);
    input.addEventListener("change", () => change(value));
    return input;
  });
  return { element, show(v) { inputs.forEach((input, i) => { input.checked = control.values[i] === v; }); } };
}

function textOf(control, value) {
  const at = control.values.indexOf(value);
  return at < 0 ? String(value) : control.texts[at];
}

// -------------------------------------------------------------------------------------------------------- explorer

/** @param {{model: Model, el: HTMLElement}} host */
function render({ model, el }) {
  const spec = model.get("spec");
  const id = `attn-${spec.name}-${session}-${drawn++}`;
  const figure = make("figure", { class: "attn-explorer", "data-explorer": spec.name, "aria-labelledby": `${id}-title` });
  figure.addEventListener("keydown", keepToItself);
  const status = make("p", { class: "attn-status", role: "status" });
  figure.append(make("figcaption", { id: `${id}-title` }, spec.title), status);

  const store = {}; // part -> key -> data; everything that was ever computed, so that a lost kernel loses little
  const controls = {};
  const parts = [];

  for (const panel of spec.panels) {
    const pinned = panel.parts.length === 0;
    const box = make("section", { class: `attn-panel${pinned ? " attn-pinned" : ""}`, "aria-label": panel.title },
      make("p", { class: "attn-title", "aria-hidden": "true" }, panel.title));
    const bar = make("div", { class: "attn-controls" });
    for (const name of panel.controls) {
      const maker = spec.controls[name].style === "range" ? makeRange : makeChoice;
      controls[name] = maker(spec.controls[name], `${id}-${name}`, (value) => move(name, value), spec.pictures);
      bar.append(controls[name].element);
    }
    const shelf = make("div", { class: "attn-shelf" });
    for (const part of panel.parts) {
      const view = makePart(part, spec.pictures);
      parts.push({ ...part, ...view });
      store[part.name] = {};
      shelf.append(view.element);
    }
    box.append(bar, ...(pinned ? [] : [shelf]));
    figure.append(box);
  }

  let timer;
  let lost = false;

  const keyOf = (part) => part.depends.map((name) => JSON.stringify(model.get(name))).join("|");

  function draw() {
    let waiting = false;
    for (const part of parts) {
      const data = store[part.name][keyOf(part)];
      if (data) part.show(data);
      else if (lost) part.show({ missing: "This position was not computed before the kernel stopped answering." });
      else waiting = true;
    }
    figure.setAttribute("aria-busy", String(waiting));
    clearTimeout(timer);
    if (waiting) timer = setTimeout(lose, PATIENCE_MS);
  }

  function lose() {
    lost = true;
    status.textContent = "The kernel does not answer. Positions it has already computed still work; " +
      "run the cell again for the others.";
    draw();
  }

  function refused() {
    const why = model.get("refusal");
    if (why) status.textContent = why;
  }

  function move(name, value) {
    model.set(name, value);
    model.save_changes();
    draw();
  }

  function receive() {
    for (const [name, entries] of Object.entries(model.get("parts"))) Object.assign(store[name], entries);
    lost = false;
    status.textContent = "";
    draw();
  }

  const listeners = { "change:parts": receive, "change:refusal": refused, comm_live_update: lose };
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
