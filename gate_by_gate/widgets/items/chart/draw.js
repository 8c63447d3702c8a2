// Lines, steps and points with intervals between two axes: {x, y, series, alt, here, rings}. Every line has its own dash
// and marker, so that it can be told from the others without its colour.
//   x, y    {label, low, high, log, ticks: [[value, text]]}
//   series  {name, style, kind: line | step | points, points: [{x, y, low, high, text: [x, y, interval], name, marked}]}
//   here    {x, y, text}: the point of this setting; or {pick, at}: one for each value of the control `pick`
//   rings   [{pick, label}]: each is drawn around the point whose name is the text of the control `pick`

import {
  clamp,
  make,
  makeGround,
  makeReadout,
  makeTableOf,
  percent,
  setAttributes,
  setChildren,
  setText,
  wanted,
} from "../../static/dom.js";
import { kinds } from "../../static/kinds.js";
import { makePointable } from "../../static/pointing.js";
import { phrase } from "../../static/texts.js";

/** @import { Item, View } from "../../static/kinds.js" */

/** @type {Record<string, string>} */
const MARKERS = {
  circle: "M-3.5,0a3.5,3.5 0 1,0 7,0a3.5,3.5 0 1,0 -7,0",
  square: "M-3.2,-3.2h6.4v6.4h-6.4z",
  triangle: "M0,-4.2L4,3H-4z",
  diamond: "M0,-4.6L4.6,0L0,4.6L-4.6,0z",
  cross: "M-3.5,-3.5L3.5,3.5M-3.5,3.5L3.5,-3.5",
  plus: "M0,-4.5V4.5M-4.5,0H4.5",
  funnel: "M0,4.2L4,-3H-4z",
};
const DASHES = ["", "6 3", "2 3", "9 3 2 3", "1 4", "12 4", "4 2 1 2"];
const STYLES = DASHES.length;

/**
 * Give the function from a value to its share of an axis.
 * @param {{low: number, high: number, log?: boolean}} axis
 */
function along({ low, high, log }) {
  const place = log ? Math.log10 : (/** @type {number} */ v) => v;
  return (/** @type {number} */ v) => (place(v) - place(low)) / (place(high) - place(low));
}

/**
 * Draw a marker at shares of the width and of the height, in a frame of its own, so that it keeps its form.
 * @param {number} x
 * @param {number} y
 * @param {string} name
 * @param {string} style
 */
function marker(x, y, name, style) {
  const path = wanted("path", { d: MARKERS[name], class: style });
  return wanted("svg", { x: percent(x), y: percent(1 - y), class: "attn-dot" }, path);
}

/**
 * Draw a ring around a point. It has no frame of its own, because a browser sorts a page's layers anew when a frame moves.
 * @param {number} x
 * @param {number} y
 * @param {string} style
 * @param {number} [r]
 */
const ring = (x, y, style, r = 7) =>
  wanted("circle", { cx: percent(x), cy: percent(1 - y), r, class: style });

/**
 * Draw a ring with a label beside it: the first one's on its left, so that two at one point can be told apart.
 * @param {number} x
 * @param {number} y
 * @param {string} label
 * @param {number} at
 */
function labelled(x, y, label, at) {
  const side = at === 0 ? { dx: -10, "text-anchor": "end" } : { dx: 10, "text-anchor": "start" };
  const where = { x: percent(x), y: percent(1 - y), dy: -5 };
  return [
    ring(x, y, "attn-here attn-lettered"),
    wanted("text", { ...where, ...side, class: "attn-letter" }, label),
  ];
}

const styleOf = (/** @type {number} */ i) => `attn-series attn-series-${i % STYLES}`;
const markerOf = (/** @type {number} */ i) => Object.keys(MARKERS)[i % STYLES];
const dashOf = (/** @type {number} */ i) => DASHES[i % STYLES];

/** @param {Item} item @returns {View} */
function makeChart(item) {
  const lines = make("svg", { class: "attn-lines", viewBox: "0 0 1 1", preserveAspectRatio: "none" });
  const dots = make("g");
  const marks = make("g");
  const pointer = make("g");
  const svg = make("svg", { "aria-hidden": "true" }, makeGround(), lines, dots, marks, pointer);
  const plot = make("div", { class: "attn-plot", role: "img", "data-name": "map", tabindex: 0 }, svg);
  const yTicks = make("div", { class: "attn-yticks", "aria-hidden": "true" });
  const xTicks = make("div", { class: "attn-xticks", "aria-hidden": "true" });
  const yLabel = make("p", { class: "attn-axis", "aria-hidden": "true" });
  const xLabel = make("p", { class: "attn-axis attn-xaxis", "aria-hidden": "true" });
  const legend = make("ul", { class: "attn-legend", "aria-hidden": "true" });
  const readout = makeReadout();
  const table = makeTableOf(item.label, () => ({
    columns: [phrase("series"), data.x.label, data.y.label, ...(withIntervals() ? [phrase("interval")] : [])],
    rows: data.series.flatMap(({ name, points }) =>
      points.map((p) => [
        p.name ?? name,
        p.text[0],
        p.text[1],
        ...(withIntervals() ? [p.text[2] ?? ""] : []),
      ]),
    ),
  }));
  const element = make(
    "div",
    { class: "attn-graph" },
    make("p", { class: "attn-label" }, item.label),
    legend,
    yLabel,
    make("div", { class: "attn-frame" }, yTicks, plot),
    xTicks,
    xLabel,
    make("div", { class: "attn-below" }, table.element, readout),
  );
  /** @type {any} */
  let data = { series: [] };
  let place = { x: along({ low: 0, high: 1 }), y: along({ low: 0, high: 1 }) };
  /** @type {any} */
  let here; // the point of the present setting
  /** @type {any[]} */
  let named = []; // every point with its name: {point, name}
  /** @type {any[]} */
  let rings = []; // those that controls pick: {point, name, label, at}
  /** @type {[number, number] | null} */
  let pointed = null; // series and point

  const withIntervals = () => data.series.some(({ points }) => points.some((p) => p.low !== undefined));
  const pointOf = (/** @type {number[]} */ [s, i]) => data.series[s].points[i];

  /** @param {MouseEvent} event */
  function nearest(event) {
    const { left, top, width, height } = plot.getBoundingClientRect();
    /** @type {[number, number] | null} */
    let best = null;
    let least = Infinity;
    for (const [s, { points }] of data.series.entries()) {
      for (const [i, p] of points.entries()) {
        const across = event.clientX - left - place.x(p.x) * width;
        const down = event.clientY - top - (1 - place.y(p.y)) * height;
        if (Math.hypot(across, down) >= least) continue;
        least = Math.hypot(across, down);
        best = [s, i];
      }
    }
    return best;
  }

  /** @param {[number, number] | null} to */
  function point(to) {
    pointed = to;
    if (to !== null) {
      const p = pointOf(to);
      setChildren(pointer, [ring(place.x(p.x), place.y(p.y), "attn-pointed", 6.3)]);
      const name = p.name ?? data.series[to[0]].name;
      const [across, ...up] = p.text;
      setText(
        readout,
        phrase("point", { name, x: data.x.label, across, y: data.y.label, up: up.join(", ") }),
      );
    } else {
      setChildren(pointer, []);
      const marked = rings.map(({ label, point: p }) => phrase("ringed", { label, text: p.text[1] }));
      setText(readout, here ? here.text : marked.join("; "));
    }
  }

  makePointable(plot, {
    at: nearest,
    first: () => (data.series.length ? /** @type {[number, number]} */ ([0, 0]) : null),
    pointed: () => pointed,
    next(from, [down, across]) {
      if (data.series.length === 0) return undefined;
      if (from === null) return /** @type {[number, number]} */ ([0, 0]);
      const s = clamp(from[0] + down, 0, data.series.length - 1);
      return /** @type {[number, number]} */ ([
        s,
        clamp(from[1] + across, 0, data.series[s].points.length - 1),
      ]);
    },
    point,
    letsGo: true, // the only way to let go of a point by touch
  });

  /**
   * Draw the line of a series through its points; a step keeps its height until the next point.
   * @param {any} series
   */
  function pathOf({ points, kind }) {
    return points
      .map((p, i) => {
        const [x, y] = [place.x(p.x), 1 - place.y(p.y)];
        if (i === 0) return `M${x},${y}`;
        return kind === "step" ? `H${x}V${y}` : `L${x},${y}`;
      })
      .join("");
  }

  /** Draw the line of a series. @param {any} series @param {number} at */
  function lineOf(series, at) {
    const s = series.style ?? at;
    if (series.kind === "points") return [];
    return [wanted("path", { d: pathOf(series), class: styleOf(s), "stroke-dasharray": dashOf(s) })];
  }

  /** Draw the points of a series, each with its interval. @param {any} series @param {number} at */
  function dotsOf({ kind, points, style }, at) {
    const s = style ?? at;
    return points.flatMap((/** @type {any} */ p) => {
      const [x, y] = [place.x(p.x), place.y(p.y)];
      const interval = {
        x1: percent(x),
        x2: percent(x),
        y1: percent(1 - place.y(p.low)),
        y2: percent(1 - place.y(p.high)),
        class: `${styleOf(s)} attn-interval`,
      };
      return [
        ...(p.low === undefined ? [] : [wanted("line", interval)]),
        ...(kind === "step" ? [] : [marker(x, y, markerOf(s), styleOf(s))]),
      ];
    });
  }

  /**
   * Make the key of a series: its dash and its marker, as they are drawn.
   * @param {any} series
   * @param {number} at
   */
  function keyOf({ kind, style }, at) {
    const s = style ?? at;
    const line = { d: "M1,6H27", class: styleOf(s), "stroke-dasharray": dashOf(s) };
    const dot = wanted("path", { d: MARKERS[markerOf(s)], class: styleOf(s) });
    return wanted(
      "svg",
      { class: "attn-swatch", viewBox: "0 0 28 12" },
      ...(kind === "points" ? [] : [wanted("path", line)]),
      ...(kind === "step" ? [] : [wanted("svg", { x: 14, y: 6, class: "attn-dot" }, dot)]),
    );
  }

  /**
   * Draw what no control changes.
   * @param {any} next
   */
  function draw(next) {
    data = next;
    const { x, y, series } = data;
    named = series.flatMap(({ name, points }) => points.map((p) => ({ point: p, name: p.name ?? name })));
    place = { x: along(x), y: along(y) };
    const grid = (/** @type {string} */ d) => wanted("path", { d, class: "attn-grid" });
    setChildren(lines, [
      ...y.ticks.map(([v]) => grid(`M0,${1 - place.y(v)}H1`)),
      ...x.ticks.map(([v]) => grid(`M${place.x(v)},0V1`)),
      ...series.flatMap(lineOf),
    ]);
    setChildren(dots, [
      ...series.flatMap(dotsOf),
      ...named.flatMap(({ point: p }) => (p.marked ? [ring(place.x(p.x), place.y(p.y), "attn-here")] : [])),
    ]);
    setChildren(
      legend,
      (series.length > 1 ? series : []).map((one, s) => wanted("li", {}, keyOf(one, s), one.name)),
    );
    const tick =
      (side, share) =>
      ([v, text]) =>
        wanted("span", { style: `${side}:${percent(share(v))}` }, text);
    setChildren(yTicks, y.ticks.map(tick("bottom", place.y)));
    setChildren(xTicks, x.ticks.map(tick("left", place.x)));
    setText(xLabel, x.label);
    setText(yLabel, y.label);
    setAttributes(plot, { "aria-label": data.alt });
    table.update();
  }

  return {
    element,
    update(next, { pick }) {
      const changed = next !== data;
      if (changed) draw(next);
      here = data.here?.pick ? data.here.at[pick(data.here.pick).value] : data.here;
      rings = (data.rings ?? []).flatMap(({ pick: control, label }, at) =>
        named.filter(({ name }) => name === pick(control).text).map((one) => ({ ...one, label, at })),
      );
      setChildren(marks, [
        ...rings.flatMap(({ point: p, label, at }) => labelled(place.x(p.x), place.y(p.y), label, at)),
        ...(here ? [ring(place.x(here.x), place.y(here.y), "attn-here")] : []),
      ]);
      // Of other data the same place is another point: it is kept only for whoever steps through the chart just now.
      const kept = !changed || plot.matches(":focus-visible") ? pointed : null;
      const still = kept && kept[0] < data.series.length && kept[1] < data.series[kept[0]].points.length;
      point(still ? kept : null);
    },
  };
}

kinds.chart = makeChart;
