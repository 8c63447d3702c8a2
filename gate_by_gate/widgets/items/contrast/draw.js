// Two of many things that controls pick, and their difference: a table, every seed of both, and the interval of the
// difference. Values are percentages; differences are tenths of a percentage point, stored once for the two orders.
//
// Its data: {pick: [first, second], seeds, members: [{value, text, interval, seeds}], pairs, marks, verdicts, absent,
// label, spans}
//   members   each with its mean and interval as text, and its value with every seed of `seeds`, null if not run
//   pairs     for each member a list for the members after it: mean, reach, mean, reach, ...; the interval reaches so
//             far to both sides
//   marks     for each member a string for the members after it, one character each
//   verdicts  what each mark means, and `same` for a member beside itself
//   absent    what is said if the first, the second or both are no member: three texts
//   spans     the scales of a difference, in points, from small to large: the first that has room is taken

import { GROUND, make, percent, setChildren, setText, wanted } from "../../static/dom.js";
import { kinds } from "../../static/kinds.js";
import { phrase } from "../../static/texts.js";

/** @import { Item, View } from "../../static/kinds.js" */

const MIRRORED = { "+": "-", "-": "+" };
const SIDES = [0.25, 0.75]; // where the two stand, as shares of the width
const NONE = "–";

/** Write tenths of a point with their sign. */
function inPoints(tenths) {
  const sign = tenths > 0 ? "+" : tenths < 0 ? "−" : "";
  return `${sign}${(Math.abs(tenths) / 10).toFixed(1)}`;
}

const inPercent = (v) => `${v.toFixed(1)} %`;

/** Give the difference of two members, first minus second. */
function differenceOf({ pairs, marks }, first, second) {
  if (first === second) return { mean: 0, reach: null, mark: "same" };
  const [row, at] = [Math.min(first, second), Math.abs(first - second) - 1];
  const [mean, reach] = pairs[row].slice(2 * at, 2 * at + 2);
  const mark = marks[row][at];
  if (first < second || mean === null) return { mean, reach, mark };
  return { mean: -mean, reach, mark: MIRRORED[mark] ?? mark };
}

/** Make a plot with ticks below and, if asked, beside it. */
function makePlot(name) {
  const svg = make("svg");
  const yTicks = make("div", { class: "attn-yticks" });
  const xTicks = make("div", { class: "attn-xticks" });
  const label = make("p", { class: "attn-axis" });
  const element = make(
    "div",
    { class: `attn-graph attn-${name}`, "aria-hidden": "true" },
    label,
    make("div", { class: "attn-frame" }, yTicks, make("div", { class: "attn-plot" }, svg)),
    xTicks,
  );
  const tick =
    (side) =>
    ([share, text]) =>
      wanted("span", { style: `${side}:${percent(share)}` }, text);
  return {
    element,
    /** Draw `shapes`; ticks are [share of the side, text]. */
    draw(text, across, up, shapes) {
      setText(label, text);
      setChildren(xTicks, across.map(tick("left")));
      setChildren(yTicks, up.map(tick("bottom")));
      setChildren(svg, [GROUND, ...shapes]);
    },
  };
}

/** @param {number} x1 @param {number} y1 @param {number} x2 @param {number} y2 @param {string} style */
const segment = (x1, y1, x2, y2, style) =>
  wanted("line", {
    x1: percent(x1),
    y1: percent(1 - y1),
    x2: percent(x2),
    y2: percent(1 - y2),
    class: style,
  });
/** @param {number} x @param {number} y */
const dot = (x, y) => wanted("circle", { cx: percent(x), cy: percent(1 - y), r: 3.5, class: "attn-end" });

/** @param {Item} item @returns {View} */
function makeContrast(item) {
  const body = make("tbody");
  const head = ["", phrase("first"), phrase("second"), phrase("difference")].map((text) =>
    text ? make("th", { scope: "col" }, text) : make("td"),
  );
  const table = make(
    "table",
    { class: "attn-terms attn-pair" },
    make("caption", {}, item.label),
    make("thead", {}, make("tr", {}, ...head)),
    body,
  );
  const verdict = make("p", { class: "attn-verdict", "aria-live": "polite", "data-name": item.name });
  // Every sentence that may stand there keeps its height, out of sight in the same place.
  const verdicts = make("div", { class: "attn-verdicts" }, verdict);
  /** @type {HTMLElement[]} */
  const ghosts = [];
  let said;
  const both = makePlot("both");
  const difference = makePlot("difference");
  const element = make("div", { class: "attn-contrast" }, verdicts, table, both.element, difference.element);

  function tabulate(data, first, second, { mean, reach }) {
    const cells = (one) =>
      one
        ? [one.text, one.interval, ...one.seeds.map((v) => (v === null ? NONE : inPercent(v)))]
        : Array(data.seeds.length + 2).fill(NONE);
    const [a, b] = [cells(first), cells(second)];
    const differences = [
      mean === null ? NONE : inPoints(mean),
      reach === null ? NONE : `± ${(reach / 10).toFixed(1)}`,
    ];
    const names = [
      phrase("mean"),
      phrase("interval"),
      ...data.seeds.map((/** @type {number} */ seed) => phrase("seed", { seed })),
    ];
    setChildren(
      body,
      names.map((name, i) =>
        wanted(
          "tr",
          {},
          wanted("th", { scope: "row" }, name),
          ...[a[i], b[i], differences[i] ?? ""].map((text) => wanted("td", {}, text)),
        ),
      ),
    );
  }

  /** Draw both ends of every seed, between the smallest and the largest of them. */
  function drawBoth({ label, seeds }, first, second) {
    const ends = seeds.map((_, i) => [first, second].map((one) => one?.seeds[i] ?? null));
    const values = ends.flat().filter((v) => v !== null);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const share = (v) => (high > low ? 0.1 + (0.8 * (v - low)) / (high - low) : 0.5);
    const marked = values.length ? [...new Set([low, high])] : [];
    const shapes = ends.flatMap(([a, b]) => [
      ...(a !== null && b !== null ? [segment(SIDES[0], share(a), SIDES[1], share(b), "attn-joined")] : []),
      ...[a, b].flatMap((v, i) => (v === null ? [] : [dot(SIDES[i], share(v))])),
    ]);
    both.draw(
      phrase("every_seed", { label }),
      [
        [SIDES[0], phrase("first")],
        [SIDES[1], phrase("second")],
      ],
      marked.map((v) => [share(v), inPercent(v)]),
      shapes,
    );
  }

  function drawDifference({ spans }, { mean, reach }) {
    const needed = (Math.abs(mean ?? 0) + (reach ?? 0)) / 10;
    const span = spans.find((one) => needed <= one) ?? spans.at(-1);
    const share = (tenths) => (tenths / 10 / span + 1) / 2;
    const shapes = [segment(0.5, 0, 0.5, 1, "attn-zero")];
    if (reach !== null)
      shapes.push(segment(share(mean - reach), 0.5, share(mean + reach), 0.5, "attn-reach"));
    if (mean !== null) shapes.push(dot(share(mean), 0.5));
    difference.draw(
      phrase("difference_in_points"),
      [-span, 0, span].map((v) => [share(10 * v), v === 0 ? "0" : `${v > 0 ? "+" : "−"}${span}`]),
      [],
      shapes,
    );
  }

  return {
    element,
    update(data, { pick }) {
      const [i, j] = data.pick.map((name) =>
        data.members.findIndex(({ value }) => value === pick(name).value),
      );
      const [first, second] = [data.members[i], data.members[j]];
      if (data !== said) {
        const others = [...Object.values(data.verdicts), ...data.absent];
        while (ghosts.length < others.length)
          ghosts.push(verdicts.appendChild(make("p", { class: "attn-absent", "aria-hidden": "true" })));
        ghosts.forEach((ghost, at) => {
          setText(ghost, others[at] ?? "");
        });
        said = data;
      }
      const known = first && second;
      const found = known ? differenceOf(data, i, j) : { mean: null, reach: null };
      setText(verdict, known ? data.verdicts[found.mark] : data.absent[first ? 1 : second ? 0 : 2]);
      tabulate(data, first, second, found);
      drawBoth(data, first, second);
      drawDifference(data, found);
    },
  };
}

kinds.contrast = makeContrast;
