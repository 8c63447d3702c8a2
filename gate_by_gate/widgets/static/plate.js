// A plate: what pictures and maps are drawn on. A map may lie over a picture; marks (rectangles, dots) are drawn on top,
// in pixels of the picture or, without one, in cells of the map. A mark is {shape: "rect", at: [x, y, w, h]} or
// {shape: "points", at: [[x, y], ...]}, with a style and a label for the legend.

import { paintPicture } from "./colours.js";
import { GROUND, make, makeGround, percent, setAttributes, setChildren, setHidden, wanted } from "./dom.js";

/**
 * Make the stack that a picture, a map and marks are drawn on.
 * @param {Record<string, unknown>} [attributes]
 */
export function makePlate(attributes = {}) {
  const under = make("canvas", { class: "attn-under", "aria-hidden": "true" });
  const mapped = make("canvas", { class: "attn-mapped", "aria-hidden": "true" });
  // A frame in a drawing as large as the plate: one that is an element of its own has all layers sorted anew as it moves.
  const box = make(
    "svg",
    { class: "attn-boxed", "aria-hidden": "true", hidden: "" },
    makeGround(),
    make("rect", { class: "attn-boxed-below" }),
    make("rect", { class: "attn-boxed-line" }),
  );
  const marks = make(
    "svg",
    { class: "attn-marks", preserveAspectRatio: "none", "aria-hidden": "true" },
    makeGround(),
  );
  const element = make(
    "div",
    { class: "attn-picture", role: "img", "data-name": "map", ...attributes },
    under,
    mapped,
    marks,
    box,
  );
  const legend = make("ul", { class: "attn-legend", "aria-hidden": "true" });
  let size = [1, 1]; // width and height of what marks are placed on
  /** @type {any} */
  let laid; // the picture that is shown: most moves leave it
  let marked = ""; // what is drawn on it: to draw that anew is much of what a move costs
  let keyed = ""; // what the legend says
  /** @type {any} */
  let pictured; // the picture in the legend

  /** @param {string} shape @param {Record<string, any>} attributes */
  function mark(shape, attributes) {
    // The wider line below keeps a mark in sight on light and on dark places.
    const { style, ...sides } = attributes;
    const draw = (/** @type {string} */ name) => wanted(shape, { ...sides, class: `attn-mark attn-${name}` });
    return [draw(`halo attn-below-${style}`), draw(style)];
  }
  /** @param {number[]} sides @param {string} style */
  const rect = ([x, y, width, height], style) => mark("rect", { x, y, width, height, style });

  return {
    element,
    legend,
    mapped,

    /**
     * Show a picture, or none, below a map of `shape`.
     * @param {any} picture
     * @param {number[]} [shape]
     */
    lay(picture, shape) {
      setHidden(under, !picture);
      if (picture && picture !== laid) paintPicture(under, picture);
      laid = picture ?? laid;
      const [height, width] = /** @type {number[]} */ (picture ? picture.shape : shape);
      size = [width, height];
      setAttributes(marks, { viewBox: `0 0 ${width} ${height}` });
      setAttributes(element, { style: `aspect-ratio: ${width} / ${height}` });
    },

    /**
     * Draw a box, which `frame` names and the picture `inset` shows, marks with their legend, and the cell of a map that
     * is pointed at.
     * @param {{box?: number[], frame?: string, inset?: any, marks?: any[], cells?: any[]}} drawn
     */
    mark({ box: place, frame, inset, marks: list = [], cells = [] }) {
      const [width, height] = size;
      setHidden(box, !place);
      if (place) {
        const [x, y, w, h] = place;
        const sides = { left: x / width, top: y / height, width: w / width, height: h / height };
        const style = Object.entries(sides).map(([side, share]) => `--attn-box-${side}: ${percent(share)}`);
        setAttributes(box, { style: style.join("; ") });
      }
      const drawn = JSON.stringify([size, list, cells]);
      if (drawn !== marked)
        setChildren(marks, [
          GROUND,
          ...list.flatMap(({ shape, at, style }) =>
            shape === "rect"
              ? rect(at, style)
              : at.flatMap(([cx, cy]) => mark("circle", { cx, cy, r: 0.012 * width, style })),
          ),
          ...cells.flatMap(({ cell: [row, column], shape: [rows, columns], style }) =>
            rect([(column * width) / columns, (row * height) / rows, width / columns, height / rows], style),
          ),
        ]);
      marked = drawn;
      const said = JSON.stringify([frame, list.map(({ shape, style, label }) => [shape, style, label])]);
      if (said === keyed && inset === pictured) return;
      [keyed, pictured] = [said, inset];
      const key = (/** @type {any} */ { shape, style, shown }) =>
        shown
          ? wanted("canvas", {
              class: `attn-inset attn-${style}`,
              height: shown.shape[0],
              width: shown.shape[1],
            })
          : wanted("i", { class: `attn-key attn-${shape} attn-${style}` });
      setChildren(
        legend,
        [{ shape: "rect", style: "target", label: frame, shown: inset }, ...list]
          .filter(({ label }) => label)
          .map((entry) => wanted("li", {}, key(entry), entry.label)),
      );
      const canvas = legend.querySelector("canvas");
      if (canvas) paintPicture(canvas, inset);
    },
  };
}
