// Bars, one for each channel or for each of whatever the data say, with a cursor that the bars of a part share:
// {values, low, high, alt, what, band, reach, sort, before, names}
//   what    what one bar stands for
//   band    the bars that are pointed out while the reader points at none
//   reach   how many neighbours to either side are pointed out with the bar that the reader points at
//   sort    {control, when, by}: from the largest to the smallest value of the item `by` while the control stands so
//   before  a line across each bar at another value
//   names   what the bars are called, if not by their numbers

import { makeBarPaths } from "../../static/bars.js";
import { clamp, make, makeReadout, makeTableOf, setAttributes, setText } from "../../static/dom.js";
import { kinds } from "../../static/kinds.js";
import { cellAt, makePointable } from "../../static/pointing.js";
import { phrase } from "../../static/texts.js";

/** @import { Host, Item, View } from "../../static/kinds.js" */

const FEW_BARS = 12; // up to so many bars are numbered below

/** @param {Item} item @param {Host} host @returns {View} */
function makeBars(item, { point }) {
  const paths = makeBarPaths();
  const chart = make(
    "div",
    { class: "attn-bars", role: "img", "data-name": "map", tabindex: 0 },
    paths.element,
  );
  const scale = make("p", { class: "attn-ends", "aria-hidden": "true" }, make("span"), make("span"));
  const numbers = make("p", { class: "attn-numbers", "aria-hidden": "true" });
  const readout = makeReadout();
  const table = makeTableOf(item.label, () => ({
    columns: [data.what, phrase("value"), ...(data.before ? [phrase("before")] : [])],
    rows: data.values.map((_, i) => [
      wordOf(i),
      String(numberOf(i)),
      ...(data.before ? [String(data.before[nameOf(i)])] : []),
    ]),
  }));
  const element = make(
    "div",
    { class: "attn-chart" },
    make("p", { class: "attn-label" }, item.label),
    make("div", { class: "attn-axes" }, scale, chart),
    numbers,
    make("div", { class: "attn-below" }, table.element, readout),
  );
  /** @type {any} */
  let data = { values: [] };
  /** @type {number | null} */
  let marked = null; // the place among the bars
  /** @type {number[] | null} */
  let order = null; // the channels from left to right; null if they stand in their own order

  /** @param {number} i */
  const nameOf = (i) => (order ? order[i] : i);
  /** @param {number} name */
  const placeOf = (name) => (order ? order.indexOf(name) : name);
  /** @param {number} i */
  const numberOf = (i) => data.values[nameOf(i)];
  /** @param {number} i */
  const wordOf = (i) => String(data.names?.[nameOf(i)] ?? nameOf(i));

  makePointable(chart, {
    at: (event) => cellAt(chart, event, [1, data.values.length])[1],
    first: () => 0,
    pointed: () => marked,
    next: (from, [down, across]) =>
      down
        ? undefined
        : clamp((from ?? (across > 0 ? -1 : data.values.length)) + across, 0, data.values.length - 1),
    point: (i) => point(i === null ? null : nameOf(i), data.what),
  });

  /** Draw the bars as they stand, and which of them are pointed out. */
  function draw() {
    const { low, high, values, before } = data;
    const banded = (i) =>
      marked === null
        ? data.band?.includes(nameOf(i))
        : data.reach !== undefined && Math.abs(nameOf(i) - nameOf(marked)) <= data.reach;
    paths.draw(
      values.map((_, i) => numberOf(i)),
      {
        low,
        high,
        before: before?.map((_, i) => before[nameOf(i)]),
        banded,
        marked,
      },
    );
  }

  /**
   * Mark the bar of a channel, or of none. Bars that stand for something else than `what` stay as they are.
   * @param {number | null} channel
   * @param {string} [what]
   */
  function mark(channel, what = data.what) {
    if (what !== data.what) return;
    const at = channel === null ? -1 : placeOf(channel);
    marked = at >= 0 && at < data.values.length ? at : null;
    draw();
    if (marked === null) return setText(readout, "");
    const said = {
      what: data.what,
      name: wordOf(marked),
      value: numberOf(marked),
      before: data.before?.[nameOf(marked)],
    };
    setText(readout, data.before ? phrase("bar_before", said) : phrase("bar", said));
  }

  return {
    element,
    mark,
    update(next, { pick, data: part }) {
      const channel = marked === null ? null : nameOf(marked);
      data = next;
      const { low, high, values, sort } = data;
      order = sort && pick(sort.control).value === sort.when ? descending(part[sort.by].values) : null;
      // Elements are kept, and what stands as it should is left alone: to make it anew is most of what a move costs.
      const few = values.length <= FEW_BARS ? values.length : 0;
      if (few !== numbers.childElementCount)
        numbers.replaceChildren(...Array.from({ length: few }, () => make("span")));
      [...scale.children].forEach((end, i) => {
        setText(end, String(i ? low : high));
      });
      [...numbers.children].forEach((number, i) => {
        setText(number, wordOf(i));
      });
      setAttributes(chart, { "aria-label": data.alt });
      mark(channel);
      table.update();
    },
  };
}

/**
 * Give the places of the values from the largest to the smallest.
 * @param {number[]} values
 */
function descending(values) {
  return values.map((_, i) => i).sort((a, b) => values[b] - values[a]);
}

kinds.bars = makeBars;
