// Elements: how every part of an explorer makes them.

import { phrase } from "./texts.js";

const SVG = "http://www.w3.org/2000/svg";
const SVG_TAGS = new Set(["svg", "g", "rect", "line", "path", "circle", "text"]);

/**
 * Make an element; attributes that are undefined are left out, text is never parsed as HTML.
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes]
 * @param {...(Node | string)} children
 * @returns {any} the element: of HTML or of SVG, by its tag
 */
export function make(tag, attributes = {}, ...children) {
  const element = SVG_TAGS.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children);
  return element;
}

/**
 * Make a number's element. Not announced on its own: one move of a control changes many of them.
 * @param {string} name
 * @returns {HTMLOutputElement}
 */
export function makeOutput(name) {
  return make("output", { "data-name": name, "aria-live": "off" });
}

/**
 * Give the attributes of an element that shows a number.
 * @param {{value: number, right?: boolean}} number
 */
const statedBy = ({ value, right }) => ({
  "data-value": value,
  "data-verdict": right === undefined ? undefined : right ? "right" : "wrong",
});

/**
 * Make the line that says what is pointed at.
 * @returns {HTMLElement}
 */
export function makeReadout() {
  return make("p", { class: "attn-readout", "aria-live": "polite" });
}

/**
 * Write a text into an element that holds nothing else, unless it is there already: a screen reader hears of every writing.
 * An older text is written over, because a browser styles and lays out anew what takes the place of something else.
 * @param {HTMLElement} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent === text) return;
  const { firstChild, lastChild } = element;
  if (firstChild instanceof Text && firstChild === lastChild && text) firstChild.nodeValue = text;
  else element.textContent = text;
}

/**
 * Write attributes, but those alone that change: to write one again, even the same, has the browser style its element anew.
 * @param {Element} element
 * @param {Record<string, unknown>} attributes
 */
export function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined && element.getAttribute(name) !== String(value))
      element.setAttribute(name, String(value));
}

/**
 * Hide an element, or show it; for the same reason only if it is not so already.
 * @param {Element} element of HTML or of SVG, which has no property for it
 * @param {boolean} hidden
 */
export function setHidden(element, hidden) {
  if (element.hasAttribute("hidden") !== hidden) element.toggleAttribute("hidden", hidden);
}

/**
 * An element as it is wanted.
 * @typedef {{tag: string, attributes: Record<string, unknown>, children: (Wanted | string)[]}} Wanted
 */

/**
 * Say how an element is wanted, in the words of `make`; `setChildren` sees to it.
 * @param {string} tag
 * @param {Record<string, unknown>} attributes
 * @param {...(Wanted | string)} children
 * @returns {Wanted}
 */
export const wanted = (tag, attributes, ...children) => ({ tag, attributes, children });

/**
 * The unseen ground of a drawing, as its first child. It keeps what is painted within as large as the drawing, whatever moves
 * in it: of another size it has a browser sort the layers of the page anew, a tenth of what a move costs.
 */
export const GROUND = wanted("rect", {
  x: "-10%",
  y: "-10%",
  width: "120%",
  height: "120%",
  fill: "transparent",
});

/** Make the ground of a drawing that has one from the start. */
export const makeGround = () => make(GROUND.tag, GROUND.attributes);

/**
 * Have in an element what is wanted there. What is there already stays, and only what differs is written: most moves change
 * a few numbers of a table or a chart, and a browser styles, lays out and paints whatever is made anew.
 * @param {Element} parent
 * @param {(Wanted | string)[]} children
 */
export function setChildren(parent, children) {
  children.forEach((child, at) => {
    const there = parent.childNodes[at];
    const text = typeof child === "string";
    const fits = text ? there instanceof Text : there instanceof Element && there.localName === child.tag;
    const node = fits ? there : text ? document.createTextNode("") : make(child.tag);
    if (!there) parent.append(node);
    else if (!fits) there.replaceWith(node);
    if (text) {
      if (node.nodeValue !== child) node.nodeValue = child;
      return;
    }
    for (const name of node.getAttributeNames())
      if (child.attributes[name] === undefined) node.removeAttribute(name);
    setAttributes(node, child.attributes);
    setChildren(node, child.children);
  });
  while (parent.childNodes.length > children.length) parent.lastChild?.remove();
}

/**
 * Make a table that opens on request, and is filled only then.
 * @param {string} label what its values are of, for a screen reader
 * @param {() => {columns: string[], rows: string[][]}} read what it holds now; the first cell of a row is its header
 * @returns {{element: HTMLElement, update(): void}}
 */
export function makeTableOf(label, read) {
  const table = make("table");
  const element = make(
    "details",
    { class: "attn-values" },
    make("summary", {}, phrase("values")),
    make("div", { tabindex: 0, role: "group", "aria-label": phrase("values_of", { label }) }, table),
  );
  function update() {
    if (!element.open) return;
    const { columns, rows } = read();
    setChildren(table, [
      wanted("thead", {}, wanted("tr", {}, ...columns.map((text) => wanted("th", { scope: "col" }, text)))),
      wanted(
        "tbody",
        {},
        ...rows.map(([head, ...cells]) =>
          wanted(
            "tr",
            {},
            wanted("th", { scope: "row" }, head),
            ...cells.map((text) => wanted("td", {}, text)),
          ),
        ),
      ),
    ]);
  }
  element.addEventListener("toggle", update);
  return { element, update };
}

// Lumino, of which JupyterLab and Notebook are made, takes no key for a command on an element that has this. On one above
// it, it comes too late: Lumino's selectors match the element that has the focus.
const SUPPRESS = "data-lm-suppress-shortcuts";

/**
 * Keep plain keys from a notebook that would take them as commands: arrows move a control, not the selected cell, and
 * `d d` deletes nothing. JupyterLab listens on the way up; Notebook 7 on the way down, before any listener in here.
 * @param {HTMLElement} element
 */
export function keepKeys(element) {
  /** @param {KeyboardEvent} event */
  const isPlain = (event) => !event.ctrlKey && !event.metaKey && !event.altKey;
  element.addEventListener("focusin", ({ target }) =>
    /** @type {Element} */ (target).setAttribute(SUPPRESS, ""),
  );
  /** @param {KeyboardEvent} event */
  const keep = (event) => {
    // Ctrl+S still saves: the attribute is gone while Ctrl is held.
    /** @type {Element} */ (event.target).toggleAttribute(SUPPRESS, isPlain(event));
    if (isPlain(event)) event.stopPropagation();
  };
  element.addEventListener("keydown", keep);
  element.addEventListener("keyup", keep);
}

/**
 * Keep a number between two ends.
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
export function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

/**
 * Write a share as a length in CSS or SVG.
 * @param {number} share
 */
export const percent = (share) => `${(100 * share).toFixed(3)}%`;

const PREFIXES = /** @type {[string, number][]} */ ([
  ["G", 1e9],
  ["M", 1e6],
  ["k", 1e3],
]);

/**
 * Write a whole number with three digits and the prefix that suits it, as `amount` of wording.py does: 4.09 G.
 * @param {number} value
 */
export function amount(value) {
  const [prefix, factor] = PREFIXES.find(([, least]) => value >= least) ?? ["", 1];
  return prefix ? `${Number((value / factor).toPrecision(3))} ${prefix}` : String(value);
}

/**
 * Write a number into its element.
 * @param {HTMLOutputElement} output
 * @param {{value: number, text: string, right?: boolean}} number
 */
export function writeNumber(output, number) {
  setAttributes(output, statedBy(number));
  setText(output, number.text);
}

/**
 * Say which number is wanted in an element like that of `makeOutput`.
 * @param {string} name
 * @param {{value: number, text: string, right?: boolean}} number
 */
export const wantedNumber = (name, number) =>
  wanted("output", { "data-name": name, "aria-live": "off", ...statedBy(number) }, number.text);
