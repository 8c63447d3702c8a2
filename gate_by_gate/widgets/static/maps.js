// Pictures and maps: picture, heatmap, strips. A map may lie over a picture; marks (rectangles, points) are drawn on
// top, in pixels of the picture or, without one, in places of the map.

import { paintPicture, paintMap, valueAt } from "./colours.js";
import { clamp, make, makeReadout, pointOnFocus, setText } from "./dom.js";

/** Make the stack that a picture, a map and marks are drawn on. */
function makePlate(attributes = {}) {
  const under = make("canvas", { class: "attn-under", "aria-hidden": "true" });
  const mapped = make("canvas", { class: "attn-mapped", "aria-hidden": "true" });
  const box = make("span", { class: "attn-box", "aria-hidden": "true" });
  const marks = make("svg", { class: "attn-marks", preserveAspectRatio: "none", "aria-hidden": "true" });
  const element = make("div", { class: "attn-picture", role: "img", "data-name": "map", ...attributes },
    under, mapped, marks, box);
  const legend = make("ul", { class: "attn-legend", "aria-hidden": "true" });
  let size = [1, 1]; // width and height of what marks are placed on
  let laid; // the picture that is shown: most moves leave it

  function mark(shape, attributes) {
    // The wider line below keeps a mark in sight on light and on dark places.
    const draw = (name) => make(shape, { ...attributes, class: `attn-mark attn-${name}` });
    return [draw("halo"), draw(attributes.style)];
  }
  const rect = ([x, y, width, height], style) => mark("rect", { x, y, width, height, style });

  return {
    element,
    legend,
    mapped,

    /** Show a picture, or none, below a map of `shape`. */
    lay(picture, shape) {
      under.hidden = !picture;
      if (picture && picture !== laid) paintPicture(under, picture);
      laid = picture ?? laid;
      const [height, width] = picture ? picture.shape : shape;
      size = [width, height];
      marks.setAttribute("viewBox", `0 0 ${width} ${height}`);
      element.style.aspectRatio = `${width} / ${height}`;
    },

    /** Draw a box, which `frame` names, marks with their legend, and the cell of a map that is pointed at. */
    mark({ box: place, frame, marks: list = [], cells = [] }) {
      const [width, height] = size;
      box.hidden = !place;
      if (place) {
        const [x, y, w, h] = place;
        const sides = { left: x / width, top: y / height, width: w / width, height: h / height };
        for (const [side, share] of Object.entries(sides)) box.style[side] = `${100 * share}%`;
      }
      marks.replaceChildren(
        ...list.flatMap(({ shape, at, style }) => (shape === "rect" ? rect(at, style)
          : at.flatMap(([cx, cy]) => mark("circle", { cx, cy, r: 0.012 * width, style })))),
        ...cells.flatMap(({ cell: [row, column], shape: [rows, columns], style }) =>
          rect([column * width / columns, row * height / rows, width / columns, height / rows], style)));
      legend.replaceChildren(...[{ shape: "rect", style: "target", label: frame }, ...list].filter(({ label }) => label).map(({ shape, style, label }) =>
        make("li", {}, make("i", { class: `attn-key attn-${shape} attn-${style}` }), label)));
    },
  };
}

export function makePicture(item, { pictures }) {
  const plate = makePlate();
  plate.mapped.hidden = true;
  const element = make("div", { class: "attn-map" }, make("p", { class: "attn-label" }, item.label), plate.element,
    plate.legend);
  return {
    element,
    update({ index, box, frame, marks, alt }) {
      plate.lay(pictures[index]);
      plate.mark({ box, frame, marks });
      plate.element.setAttribute("aria-label", alt);
    },
  };
}

export function makeHeatmap(item, { pictures, pointCell }) {
  const plate = makePlate({ tabindex: 0 });
  const caption = make("p", { class: "attn-label" });
  const low = make("span");
  const high = make("span");
  const ramp = make("i", { class: "attn-ramp" });
  const readout = makeReadout();
  const element = make("div", { class: "attn-map" }, caption, plate.element,
    make("p", { class: "attn-scale", "aria-hidden": "true" }, low, ramp, high), plate.legend, readout);
  let data;
  let from = 0; // where the frame that is shown begins among the digits
  let at = 0; // the position of the control that picks the frame
  let top = 1; // the high end of its scale
  let pointed = null; // [row, column]

  const sayCell = ([row, column]) => {
    const [across, down] = data.axes ?? ["row", "column"];
    return `${across} ${row}, ${down} ${column}: ${valueAt({ ...data, high: top }, from + row * data.shape[1] + column)}`;
  };
  let say = sayCell;

  const cellAt = (event) => {
    const place = plate.element.getBoundingClientRect();
    const [rows, columns] = data.shape;
    return [clamp(Math.floor(((event.clientY - place.top) / place.height) * rows), 0, rows - 1),
      clamp(Math.floor(((event.clientX - place.left) / place.width) * columns), 0, columns - 1)];
  };
  const move = (cell) => pointCell(cell, data.shape);
  plate.element.addEventListener("pointermove", (event) => move(cellAt(event)));
  plate.element.addEventListener("pointerdown", (event) => move(cellAt(event)));
  plate.element.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") move(null); });
  plate.element.addEventListener("keydown", (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (event.key === "Escape") move(null);
    if (step === undefined) return;
    event.preventDefault();
    move(pointed === null ? [0, 0] : pointed.map((side, i) => clamp(side + step[i], 0, data.shape[i] - 1)));
  });
  pointOnFocus(plate.element, { isFree: () => pointed === null, first: () => move([0, 0]), clear: () => move(null) });

  function drawMarks() {
    const { box, frame, marks } = data.over ?? data;
    const cells = pointed === null ? [] : [{ cell: pointed, shape: data.shape, style: "cell" }];
    const spot = data.spots?.[at];
    plate.mark({ box, frame, marks: [...(marks ?? []), ...(spot ? [{ shape: "rect", at: spot, style: "query", label: data.spot }] : [])], cells });
    setText(readout, pointed === null ? "" : say(pointed));
  }

  return {
    element,

    /** Mark the cell that is pointed at in this map or in another of its part; a map of another shape shows none. */
    markCell(cell, shape) {
      if (!data || (cell === null && pointed === null)) return;
      pointed = cell !== null && String(shape) === String(data.shape) ? cell : null;
      drawMarks();
    },

    /** `describe` says what a cell holds, if not its value alone. */
    update(next, { pick, describe }) {
      data = next;
      say = describe ?? sayCell;
      const [height, width] = data.shape;
      const picked = data.pick === undefined ? { at: 0, text: "" } : pick(data.pick);
      at = picked.at;
      top = Array.isArray(data.high) ? data.high[at] : data.high;
      from = data.hex.length > height * width ? at * height * width : 0;
      if (pointed !== null && (pointed[0] >= height || pointed[1] >= width)) pointed = null;
      plate.lay(data.over && pictures[data.over.index], data.shape);
      plate.element.classList.toggle("attn-covered", data.over !== undefined);
      paintMap(plate.mapped, data, data.shape, from);
      caption.textContent = data.caption.replace("{}", picked.text);
      plate.element.setAttribute("aria-label", data.alt.replace("{}", picked.text));
      low.textContent = data.low;
      high.textContent = top;
      ramp.classList.toggle("attn-signed", Boolean(data.signed));
      drawMarks();
    },
  };
}

/** A column of values along the left edge, a row along the top, and their product as a map. */
export function makeStrips(item, host) {
  const product = makeHeatmap(item, host);
  const left = make("canvas", { class: "attn-left", "aria-hidden": "true" });
  const top = make("canvas", { class: "attn-top", "aria-hidden": "true" });
  const plate = product.element.querySelector(".attn-picture");
  const board = make("div", { class: "attn-strips" });
  plate.replaceWith(board);
  board.append(top, left, plate);
  return {
    ...product,
    update(data, context) {
      const { height, width } = data;
      paintMap(left, height);
      paintMap(top, width);
      const describe = ([row, column]) =>
        `row ${row}: ${valueAt(height, row)} × column ${column}: ${valueAt(width, column)}`;
      product.update(data.product, { ...context, describe });
    },
  };
}
