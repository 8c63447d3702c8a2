// Elements: how every part of an explorer makes them.

const SVG = "http://www.w3.org/2000/svg";
const SVG_TAGS = new Set(["svg", "g", "rect", "line", "path", "circle", "text"]);

/** Make an element; attributes that are undefined are left out, text is never parsed as HTML. */
export function make(tag, attributes = {}, ...children) {
  const element = SVG_TAGS.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Make a number's element. Not announced on its own: one move of a control changes many of them. */
export function makeOutput(name) {
  return make("output", { "data-name": name, "aria-live": "off" });
}

/** Make the place where the pointed-at value is said. */
export function makeReadout() {
  return make("p", { class: "attn-readout", "aria-live": "polite" });
}

/** Write a text where a screen reader hears of every writing, be it the same text again. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Show the first value to a reader who comes by keyboard, and take it back from one who only passes by.
 * @param {HTMLElement} element what takes the focus
 * @param {{isFree(): boolean, first(): void, clear(): void}} pointing `isFree` says whether nothing is pointed at
 */
export function pointOnFocus(element, { isFree, first, clear }) {
  let passing = false;
  element.addEventListener("focus", () => {
    passing = element.matches(":focus-visible") && isFree();
    if (passing) first();
  });
  element.addEventListener("keydown", ({ key }) => { if (key.startsWith("Arrow")) passing = false; });
  element.addEventListener("blur", () => { if (passing) clear(); });
}

/**
 * Make a table that opens on request, and is filled only then.
 * @param {string} label what its values are of, for a screen reader
 * @param {() => {columns: string[], rows: string[][]}} read what it holds now; the first cell of a row is its header
 * @returns {{element: HTMLElement, update(): void}}
 */
export function makeTable(label, read) {
  const table = make("table");
  const element = make("details", { class: "attn-values" }, make("summary", {}, "values"),
    make("div", { tabindex: 0, role: "group", "aria-label": `${label}, values` }, table));
  function update() {
    if (!element.open) return;
    const { columns, rows } = read();
    table.replaceChildren(
      make("thead", {}, make("tr", {}, ...columns.map((text) => make("th", { scope: "col" }, text)))),
      make("tbody", {}, ...rows.map(([head, ...cells]) =>
        make("tr", {}, make("th", { scope: "row" }, head), ...cells.map((text) => make("td", {}, text))))));
  }
  element.addEventListener("toggle", update);
  return { element, update };
}

/** Keep plain keys from a notebook that would take them as commands: arrows move a control, not the selected cell. */
export function keepToItself(event) {
  if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
}

/** Keep a number between two ends. */
export function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}
