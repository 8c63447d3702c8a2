// Bars: one per channel (or per whatever the data says), with a cursor that the bars of a part share.

import { clamp, make, makeReadout, makeTable, pointOnFocus, setText } from "./dom.js";

const FEW_BARS = 16; // up to so many bars are numbered below

export function makeBars(item, { point }) {
  const svg = make("svg", { preserveAspectRatio: "none", "aria-hidden": "true" });
  const bars = make("g");
  const lines = make("g"); // across the bars, at the values before
  svg.append(bars, lines);
  const chart = make("div", { class: "attn-bars", role: "img", "data-name": "map", tabindex: 0 }, svg);
  const scale = make("p", { class: "attn-ends", "aria-hidden": "true" }, make("span"), make("span"));
  const numbers = make("p", { class: "attn-numbers", "aria-hidden": "true" });
  const readout = makeReadout();
  const table = makeTable(item.label, () => ({
    columns: [data.what, "value", ...(data.before ? ["before"] : [])],
    rows: data.values.map((_, i) =>
      [wordOf(i), String(valueOf(i)), ...(data.before ? [String(data.before[nameOf(i)])] : [])]),
  }));
  const element = make("div", { class: "attn-chart" }, make("p", { class: "attn-label" }, item.label),
    make("div", { class: "attn-axes" }, scale, chart), numbers,
    make("div", { class: "attn-below" }, table.element, readout));
  let data = { values: [] };
  let marked = null; // the place among the bars
  let order = null; // the channels from left to right; null if they stand in their own order

  const nameOf = (i) => (order ? order[i] : i);
  const placeOf = (name) => (order ? order.indexOf(name) : name);
  const valueOf = (i) => data.values[nameOf(i)];
  const wordOf = (i) => String(data.names?.[nameOf(i)] ?? nameOf(i));
  const pointAt = (i) => point(i === null ? null : nameOf(i), data.what);

  const barAt = (event) => {
    const { left, width } = chart.getBoundingClientRect();
    return clamp(Math.floor(((event.clientX - left) / width) * data.values.length), 0, data.values.length - 1);
  };
  chart.addEventListener("pointermove", (event) => pointAt(barAt(event)));
  chart.addEventListener("pointerdown", (event) => pointAt(barAt(event)));
  chart.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") pointAt(null); });
  chart.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === "Escape") pointAt(null);
    if (step === undefined) return;
    event.preventDefault();
    const from = marked ?? (step > 0 ? -1 : data.values.length);
    pointAt(clamp(from + step, 0, data.values.length - 1));
  });
  pointOnFocus(chart, { isFree: () => marked === null, first: () => pointAt(0), clear: () => pointAt(null) });

  /** Mark the bar of a channel, or of none. Bars that stand for something else than `what` stay as they are. */
  function mark(channel, what = data.what) {
    if (what !== data.what) return;
    const at = channel === null ? -1 : placeOf(channel);
    marked = at >= 0 && at < data.values.length ? at : null;
    const banded = (i) => (marked === null ? data.band?.includes(nameOf(i))
      : data.reach !== undefined && Math.abs(nameOf(i) - channel) <= data.reach);
    [...bars.children].forEach((bar, i) => {
      bar.classList.toggle("attn-marked", i === marked);
      bar.classList.toggle("attn-banded", Boolean(banded(i)));
    });
    const before = marked === null || !data.before ? "" : `, before ${data.before[nameOf(marked)]}`;
    setText(readout, marked === null ? "" : `${data.what} ${wordOf(marked)}: ${valueOf(marked)}${before}`);
  }

  return {
    element,
    mark,
    update(next, { pick, data: part }) {
      const channel = marked === null ? null : nameOf(marked);
      data = next;
      const { low, high, values, sort } = data;
      order = sort && pick(sort.control).value === sort.when ? descending(part[sort.by].values) : null;
      const span = high - low || 1;
      const zero = clamp(0, low, high);
      if (values.length !== bars.childElementCount) {
        svg.setAttribute("viewBox", `0 0 ${values.length} 1`);
        bars.replaceChildren(...values.map((_, i) => make("rect", { x: i + 0.1, width: 0.8 })));
        numbers.replaceChildren(...(values.length <= FEW_BARS ? values.map(() => make("span")) : []));
      }
      [...bars.children].forEach((bar, i) => {
        bar.setAttribute("y", (high - Math.max(valueOf(i), zero)) / span);
        bar.setAttribute("height", Math.abs(valueOf(i) - zero) / span);
      });
      lines.replaceChildren(...(data.before ?? []).map((_, i) => {
        const y = (high - data.before[nameOf(i)]) / span;
        return make("line", { x1: i + 0.02, x2: i + 0.98, y1: y, y2: y });
      }));
      [...scale.children].forEach((end, i) => { end.textContent = i ? low : high; });
      [...numbers.children].forEach((number, i) => { number.textContent = wordOf(i); });
      chart.setAttribute("aria-label", data.alt);
      mark(channel);
      table.update();
    },
  };
}

/** Give the places of the values from the largest to the smallest. */
function descending(values) {
  return values.map((_, i) => i).sort((a, b) => values[b] - values[a]);
}
