// A map as colours: {shape: [h, w], hex, low, high, caption, alt, signed, over, marks, axes, pick, spots, spot,
// sets}
//   hex     one hexadecimal digit for each cell
//   over    {index, box, frame, marks, inset}: the picture below the map; the legend shows the picture `inset` for its frame
//   pick    the control that picks one of several frames in `hex`, fills the {} of caption and alt, and picks one of
//           the rectangles `spots`, which the legend calls `spot`; `high` may then be a list, one for each frame
//   sets    [control, value]: a click on the map moves the control there

import { paintMap, rampOf, valueAt } from "../../static/colours.js";
import { clamp, make, makeReadout, setAttributes, setText } from "../../static/dom.js";
import { kinds } from "../../static/kinds.js";
import { makePlate } from "../../static/plate.js";
import { cellAt, makePointable } from "../../static/pointing.js";
import { phrase } from "../../static/texts.js";

/** @import { Host, Item, View } from "../../static/kinds.js" */

/** @param {Item} _item @param {Host} host @returns {View} */
export function makeHeatmap(_item, { pictures, pointCell, move }) {
  const plate = makePlate({ tabindex: 0 });
  const caption = make("p", { class: "attn-label" });
  const low = make("span");
  const high = make("span");
  const ramp = make("i", { class: "attn-ramp" });
  const readout = makeReadout();
  const element = make(
    "div",
    { class: "attn-map" },
    caption,
    plate.element,
    make("p", { class: "attn-scale", "aria-hidden": "true" }, low, ramp, high),
    plate.legend,
    readout,
  );
  /** @type {any} */
  let data;
  let from = 0; // where the frame that is shown begins among the digits
  let at = 0; // the index of the value that picks the frame
  let top = 1; // the high end of its scale
  let painted = ""; // the cells that are shown, and their colours: most moves leave some maps
  /** @type {[number, number] | null} */
  let pointed = null; // row and column

  /** @param {[number, number]} cell */
  const sayCell = ([row, column]) => {
    const [down, across] = data.axes ?? [phrase("row"), phrase("column")];
    const value = valueAt({ ...data, high: top }, from + row * data.shape[1] + column);
    return phrase("cell", { down, row, across, column, value });
  };
  let say = sayCell;

  makePointable(plate.element, {
    at: (event) => cellAt(plate.element, event, data.shape),
    first: () => /** @type {[number, number]} */ ([0, 0]),
    pointed: () => pointed,
    next: (from, step) =>
      /** @type {[number, number]} */ (
        from === null ? [0, 0] : from.map((side, i) => clamp(side + step[i], 0, data.shape[i] - 1))
      ),
    point: (cell) => pointCell(cell, data.shape),
  });

  plate.element.addEventListener("click", () => {
    if (data.sets) move(data.sets[0], data.sets[1]);
  });

  function drawMarks() {
    const { box, frame, marks, inset } = data.over ?? data;
    const cells = pointed === null ? [] : [{ cell: pointed, shape: data.shape, style: "cell" }];
    const spot = data.spots?.[at];
    plate.mark({
      box,
      frame,
      inset: pictures[inset],
      marks: [
        ...(marks ?? []),
        ...(spot ? [{ shape: "rect", at: spot, style: "query", label: data.spot }] : []),
      ],
      cells,
    });
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
      ramp.classList.toggle("attn-dimmed", data.over !== undefined);
      const [moved, value] = data.sets ?? [];
      element.classList.toggle("attn-sets", moved !== undefined);
      element.classList.toggle("attn-set", moved !== undefined && pick(moved).value === value);
      const seen = `${data.shape} ${data.signed} ${data.hex.slice(from, from + height * width)}`;
      if (seen !== painted) paintMap(plate.mapped, data, data.shape, from);
      painted = seen;
      setText(caption, data.caption.replace("{}", picked.text));
      setAttributes(plate.element, { "aria-label": data.alt.replace("{}", picked.text) });
      setText(low, String(data.low));
      setText(high, String(top));
      ramp.classList.toggle("attn-signed", Boolean(data.signed));
      setAttributes(ramp, { style: `background: ${rampOf(data)}` });
      drawMarks();
    },
  };
}

kinds.heatmap = makeHeatmap;
