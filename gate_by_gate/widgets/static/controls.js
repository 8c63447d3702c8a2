// Controls. Each maker returns {element, show(value), offer(values), disable(why)} and calls change(value) when the reader moves it. A value that is
// not among the published ones (set from Python in a running notebook) gets a step of its own.

import { paintPicture } from "./colours.js";
import { clamp, make, setAttributes, setText } from "./dom.js";
import { cellAt, stepOf } from "./pointing.js";

const MOST_TICKS = 6; // numbers below a slider

// On a phone: letters of an entry of a menu that has a row of its own there, so that it can be read; of one that leaves room
// for a small control at most; and of a label and an entry that stand one above the other, so that two menus fit in a row.
const LONG = 26;
const ROOMY = 22;
const WIDE = 19;

/** Write a value as the reader sees it. */
export function textOf(control, value) {
  const at = control.values.indexOf(value);
  return at < 0 ? String(value) : control.texts[at];
}

/**
 * Make a control by its style.
 * @param {object} control its description out of spec.controls
 * @param {{id: string, pictures: object[], change(value: any): void}} host
 */
export function makeControl(control, host) {
  const makers = {
    range: makeRange,
    choice: makeChoice,
    gallery: makeChoice,
    place: makePlace,
    menu: makeMenu,
  };
  const made = makers[control.style](control, host);
  const note = make("p", { class: "attn-why", id: `${host.id}-why`, hidden: "" });
  made.element.append(note);
  return {
    offer() {},
    ...made,
    disable: (why) => disable(made.element, note, why),
  };
}

/**
 * Disable a control, which then says why, or enable it again.
 * @param {HTMLElement} element
 * @param {HTMLElement} note
 * @param {string} why empty if the control is of use
 */
function disable(element, note, why) {
  if (note.textContent === why) return;
  note.textContent = why;
  note.hidden = why === "";
  element.classList.toggle("attn-idle", why !== "");
  for (const input of element.querySelectorAll("input,select")) {
    input.toggleAttribute("disabled", why !== "");
    if (why) input.setAttribute("aria-describedby", note.id);
    else input.removeAttribute("aria-describedby");
  }
}

function makeRange(control, { id, change }) {
  const input = make("input", { type: "range", id, min: 0, step: 1, "data-control": control.name });
  const value = make("span", { class: "attn-value", "aria-hidden": "true" });
  const ticks = make("div", { class: "attn-ticks", "aria-hidden": "true" });
  const element = make(
    "div",
    { class: "attn-control attn-range" },
    make("div", { class: "attn-head" }, make("label", { for: id }, control.label)),
    input,
    value,
    ticks,
  );
  let positions;

  function settle(values) {
    positions = values;
    input.max = positions.length - 1;
    // Of many values every second, or every third, is written: there is room for no more.
    const every = Math.ceil(positions.length / MOST_TICKS);
    const texts = positions.map((v, i) => (i % every ? "" : textOf(control, v)));
    ticks.replaceChildren(...texts.map((text) => make("span", {}, text)));
    const written = texts.filter(Boolean);
    const longest = Math.max(...written.map(({ length }) => length));
    ticks.style.setProperty("--attn-wide", `${written.length * (longest + 1)}ch`);
  }
  function say(v) {
    setAttributes(input, { "aria-valuetext": textOf(control, v) });
    setText(value, textOf(control, v));
  }
  settle(control.values);
  input.addEventListener("input", () => {
    const v = positions[input.value];
    say(v);
    change(v);
  });
  return {
    element,
    show(v) {
      if (!positions.includes(v)) settle([...control.values, v].sort((a, b) => a - b));
      input.value = positions.indexOf(v);
      say(v);
    },
  };
}

function makeChoice(control, { id, change, pictures }) {
  const element = make(
    "fieldset",
    { class: `attn-control attn-${control.style}`, role: "radiogroup", "data-control": control.name },
    make("legend", {}, control.label),
  );
  const inputs = control.values.map((value, i) => {
    const input = make("input", { type: "radio", name: id, id: `${id}-${i}`, value: JSON.stringify(value) });
    const label = make("label", { for: input.id }, input);
    const shown = control.style === "gallery" && pictures[Number(value)];
    if (shown) {
      // a value that is not the index of a picture is a tile of text
      const canvas = make("canvas", { "aria-hidden": "true" });
      paintPicture(canvas, { ...shown, file: shown.small ?? shown.file, small: undefined });
      label.append(canvas);
    }
    label.append(make("span", {}, textOf(control, value)));
    element.append(label);
    input.addEventListener("change", () => {
      choose(i);
      change(value);
    });
    return input;
  });
  // The label, too, says what is chosen: a selector that asks what it holds has a browser look for more than has changed.
  function choose(/** @type {number} */ at) {
    inputs.forEach((input, i) => {
      input.checked = i === at;
      input.parentElement.classList.toggle("attn-chosen", i === at);
    });
  }
  // On a phone a row of tiles scrolls. Elsewhere a move is not to wait for the browser to say that it does not.
  let scrolls = false;
  const showChosen = () => {
    const chosen = inputs.find((input) => input.checked);
    if (scrolls && chosen) reveal(element, chosen.parentElement);
  };
  if (control.style === "gallery")
    new ResizeObserver(() => {
      scrolls = element.scrollWidth > element.clientWidth;
      showChosen();
    }).observe(element);
  return {
    element,
    show(v) {
      choose(control.values.indexOf(v));
      if (scrolls) requestAnimationFrame(showChosen);
    },
    /** Let only some values be picked. @param {any[]} values */
    offer(values) {
      inputs.forEach((input, i) => {
        input.disabled = !values.includes(control.values[i]);
      });
    },
  };
}

/**
 * Scroll a row of tiles, which a phone cannot show whole, until the chosen one stands in its middle.
 * @param {HTMLElement} row
 * @param {HTMLElement} tile
 */
function reveal(row, tile) {
  const [all, one] = [row, tile].map((element) => element.getBoundingClientRect());
  row.scrollLeft += one.left + one.width / 2 - all.left - all.width / 2;
}

function makeMenu(control, { id, change }) {
  const select = make("select", { id, "data-control": control.name });
  const groups = {};
  control.values.forEach((_, at) => {
    const heading = control.groups?.[at];
    if (heading && !groups[heading]) {
      groups[heading] = make("optgroup", { label: heading });
      select.append(groups[heading]);
    }
    (groups[heading] ?? select).append(make("option", { value: at }, control.texts[at]));
  });
  select.addEventListener("change", () => change(control.values[select.value]));
  const longest = Math.max(...control.texts.map((text) => text.length));
  const rooms = {
    "attn-long": longest > LONG,
    "attn-roomy": longest > ROOMY,
    "attn-stacked": longest + control.label.length > WIDE,
  };
  const [room = ""] = Object.entries(rooms).find(([, fits]) => fits) ?? [];
  const element = make(
    "div",
    { class: `attn-control attn-menu ${room}`.trim() },
    make("div", { class: "attn-head" }, make("label", { for: id }, control.label)),
    select,
  );
  return {
    element,
    show(v) {
      select.value = control.values.indexOf(v);
    },
  };
}

/**
 * A cell of a grid over a map, which marks it: by pointing, dragging, tapping or arrow key. The grid is a slider in two directions, so a
 * native one carries it: it takes the focus and the keys, and holds the value; the map takes the pointer.
 */
function makePlace(control, { id, change }) {
  const [rows, columns] = control.grid;
  const range = { min: 0, max: rows * columns - 1, step: 1, "data-control": control.name };
  const input = make("input", { type: "range", id, ...range });
  const value = make("span", { class: "attn-value", "aria-hidden": "true" });
  const head = make("div", { class: "attn-head" }, make("label", { for: id }, control.label), value);
  const element = make("div", { class: "attn-control attn-placing" }, head);

  function say(place) {
    const text = control.texts[place];
    setAttributes(input, { "aria-valuetext": text });
    setText(value, text);
  }
  function moveTo(place) {
    if (place === Number(input.value)) return;
    input.value = place;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }
  input.addEventListener("input", () => {
    say(Number(input.value));
    change(control.values[input.value]);
  });
  input.addEventListener("keydown", (event) => {
    const step = stepOf(event);
    if (step === undefined) return;
    event.preventDefault();
    const at = Number(input.value);
    moveTo(
      clamp(Math.floor(at / columns) + step[0], 0, rows - 1) * columns +
        clamp((at % columns) + step[1], 0, columns - 1),
    );
  });
  return {
    element,
    show(v) {
      input.value = control.values.indexOf(v);
      say(Number(input.value));
    },
    /**
     * Lay the grid over the map that it is picked on.
     * @param {HTMLElement} map
     */
    attach(map) {
      const board = make("div", { class: "attn-board" });
      board.style.setProperty("--attn-rows", rows);
      board.style.setProperty("--attn-columns", columns);
      map.removeAttribute("tabindex"); // the keys go to the slider
      map.replaceWith(board);
      board.append(input, map);
      const follow = (event) => {
        event.stopPropagation();
        const [row, column] = cellAt(board, event, control.grid);
        moveTo(row * columns + column);
      };
      // A finger may begin to scroll the page: only a tap picks. In the capture phase, so that the map points at nothing.
      board.addEventListener("pointermove", (event) => event.pointerType !== "touch" && follow(event), true);
      board.addEventListener("click", (event) => {
        if (event.target === input) return; // which takes no pointer: this is a click on its label
        input.focus({ preventScroll: true });
        follow(event);
      });
      // Or the browser would take the focus away again.
      board.addEventListener("mousedown", (event) => event.preventDefault());
      board.addEventListener("pointerdown", (event) => event.stopPropagation(), true);
    },
  };
}
