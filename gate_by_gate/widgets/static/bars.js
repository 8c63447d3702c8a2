// Bars as paths, one for all bars of a look: a browser styles, lays out and paints each element, be it one bar or hundreds.

import { clamp, make, makeGround, setAttributes } from "./dom.js";

const LOOKS = ["plain", "banded", "marked", "before"]; // the last are lines across the bars, at the values before

/**
 * Make what bars are drawn by. It fills the element that it is put into.
 */
export function makeBarPaths() {
  const paths = Object.fromEntries(LOOKS.map((look) => [look, make("path", { class: `attn-${look}` })]));
  const element = make(
    "svg",
    { class: "attn-bar-paths", viewBox: "0 0 1 1", preserveAspectRatio: "none", "aria-hidden": "true" },
    makeGround(),
    ...Object.values(paths),
  );
  return {
    element,
    /**
     * Draw bars from left to right, between the ends of a scale and from its zero.
     * @param {number[]} values
     * @param {object} [options]
     * @param {number} [options.low]
     * @param {number} [options.high]
     * @param {number[]} [options.before] where a line lies across each bar
     * @param {(at: number) => boolean} [options.banded] whether a bar is pointed out
     * @param {number | null} [options.marked] the one that is pointed at
     */
    draw(values, { low = 0, high = 1, before = [], banded = () => false, marked = null } = {}) {
      const span = high - low || 1;
      const zero = clamp(0, low, high);
      const drawn = Object.fromEntries(LOOKS.map((look) => [look, ""]));
      const share = (/** @type {number} */ bars) => Number((bars / values.length).toFixed(6));
      values.forEach((value, i) => {
        const [top, height] = [(high - Math.max(value, zero)) / span, Math.abs(value - zero) / span];
        const bar = `M${share(i + 0.1)} ${top}h${share(0.8)}v${height}h${-share(0.8)}z`;
        drawn[banded(i) ? "banded" : "plain"] += bar;
        if (i === marked) drawn.marked = bar;
      });
      before.forEach((value, i) => {
        drawn.before += `M${share(i + 0.02)} ${(high - value) / span}h${share(0.96)}`;
      });
      for (const look of LOOKS) setAttributes(paths[look], { d: drawn[look] });
    },
  };
}
