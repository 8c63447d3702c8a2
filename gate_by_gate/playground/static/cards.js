// One network on its card: what it reads, how sure it is, and where its block looks, over the canvas.

import { makeBarPaths } from "../../widgets/static/bars.js";
import { paint, paintMap } from "../../widgets/static/colours.js";
import { make, setText } from "../../widgets/static/dom.js";
import { makeFrame } from "./board.js";

/** @import { Place } from "./scene.js" */
/** @import { SeenMap } from "./seen.js" */

/**
 * What a card shows.
 * @typedef {object} Seen
 * @property {Float32Array} pixels the image
 * @property {Place[]} places of the digits
 * @property {number} label what the first digit is
 * @property {number[]} chances of the digits 0 to 9
 * @property {number} guess the digit that it reads
 * @property {SeenMap | null} map of the block, if it tells places apart
 * @property {[number, number] | null} peak of the map, if it has one
 * @property {boolean} hit whether the peak lies on the digit
 * @property {{name: string, values: number[]}[]} gates of its channels
 * @property {Int8Array | null} reads where it has read the digit, in place of the map: 1 right, -1 wrong, 0 not tried
 */

/**
 * Make a card.
 * @param {string} title
 * @param {{side: number, digit: number}} sides in pixels
 * @param {Record<string, string>} words
 * @param {() => void} pick called when the reader picks it
 */
export function makeCard(title, { side, digit }, words, pick) {
  const unread = `${title}: ${words.loading}`; // what a picture is called until there is one
  const under = make("canvas", { class: "attn-under", "aria-hidden": "true" });
  const over = make("canvas", { class: "attn-mapped", "aria-hidden": "true" });
  const marks = make("div", { class: "attn-play-marks", "aria-hidden": "true" });
  const picture = make(
    "div",
    { class: "attn-picture attn-play-picture", role: "img", "aria-label": unread, "data-name": "map" },
    under,
    over,
    marks,
  );
  const bars = make("div", { class: "attn-play-gates", "aria-hidden": "true", hidden: "" });
  const answer = make("output", {
    class: "attn-play-answer",
    "aria-live": "off",
    "data-name": `reads_${title}`,
  });
  const peak = make("span", { class: "attn-play-peak" });
  const chances = Array.from({ length: 10 }, (_, i) => make("i", {}, make("b"), make("span", {}, String(i))));
  const chart = make("div", { class: "attn-play-chances", role: "img", "aria-label": unread }, ...chances);
  const button = make("button", { type: "button", "aria-pressed": "false" }, title);
  const which = make("small", { class: "attn-play-which" });
  button.addEventListener("click", pick);
  const element = make(
    "div",
    { class: "attn-play-card" },
    make("div", { class: "attn-play-title" }, button, which),
    make("div", { class: "attn-play-view" }, picture, bars),
    answer,
    peak,
    chart,
  );
  element.addEventListener("click", (event) => {
    if (event.target !== button) pick();
  });

  /** Lay a grid over the image: `left` and `top` in pixels of it, squares `step` pixels wide. */
  function layOver([rows, columns], [left, top], step) {
    const share = (pixels) => `${(100 * pixels) / side}%`;
    Object.assign(over.style, {
      left: share(left),
      top: share(top),
      width: share(columns * step),
      height: share(rows * step),
    });
    over.hidden = false;
  }

  /** @param {SeenMap} map */
  function showMap({ shape: [rows, columns], hex, low, high }) {
    const step = Math.ceil(side / rows);
    // A place stands for the pixel in the middle of what it sees; the last ones are repeated, up to the edge.
    const lines = Array.from({ length: rows }, (_, i) => hex.slice(i * columns, (i + 1) * columns));
    const repeated = [...lines, lines[rows - 1]].map((line) => line + line[columns - 1]).join("");
    paintMap(over, { shape: [rows + 1, columns + 1], hex: repeated, low, high });
    layOver([rows + 1, columns + 1], [(1 - step) / 2, (1 - step) / 2], step);
  }

  /** @param {Int8Array} reads */
  function showReads(reads) {
    const many = side - digit + 1;
    paint(over, [many, many], (i) => COLOURS[reads[i]]);
    const context = /** @type {CanvasRenderingContext2D} */ (over.getContext("2d"));
    const image = context.getImageData(0, 0, many, many);
    for (let i = 0; i < many * many; i++) if (reads[i] === 0) image.data[4 * i + 3] = 0;
    context.putImageData(image, 0, 0);
    layOver([many, many], [(digit - 1) / 2, (digit - 1) / 2], 1);
  }

  /** @param {{values: number[]}} gate */
  function makeGates({ values }) {
    const paths = makeBarPaths();
    paths.draw(values);
    return make("div", {}, paths.element);
  }

  return {
    element,
    button,
    /**
     * Name the network that is shown from now on.
     * @param {string} network
     * @param {string} told in short what tells it from the first one; empty if it is that one
     * @param {boolean} there whether it has been loaded
     */
    name(network, told, there) {
      element.dataset.network = network;
      element.setAttribute("aria-busy", String(!there));
      setText(which, told);
    },
    /** @param {Seen} seen */
    show({ pixels, places, label, chances: sure, guess, map, peak: top, hit, gates, reads }) {
      const right = guess === label;
      answer.value = String(guess);
      answer.textContent = `${guess}`;
      answer.dataset.verdict = right ? "right" : "wrong";
      answer.dataset.value = String(guess);
      answer.append(make("small", {}, ` ${sure[guess].toFixed(2)}`));
      chances.forEach((bar, i) => {
        bar.style.setProperty("--attn-share", String(sure[i]));
        bar.classList.toggle("attn-play-label", i === label);
      });
      chart.setAttribute(
        "aria-label",
        `${words.chances} ${sure.map((share, i) => `${i}: ${share.toFixed(2)}`).join(", ")}`,
      );
      paint(under, [side, side], (i) => Array(3).fill(Math.round(255 * pixels[i])));
      picture.classList.toggle("attn-covered", Boolean(map || reads));
      over.hidden = true;
      const dots = [];
      let told = "";
      if (reads) {
        showReads(reads);
        const [good, tried] = [reads.filter((one) => one > 0).length, reads.filter((one) => one).length];
        told = words.reads.replace("{good}", String(good)).replace("{tried}", String(tried));
      } else if (map) {
        showMap(map);
        told = top === null ? words.no_peak : hit ? words.hit : words.miss;
        if (top) {
          const dot = make("i", { class: "attn-play-dot" });
          dot.style.left = `${(100 * (top[0] + 0.5)) / side}%`;
          dot.style.top = `${(100 * (top[1] + 0.5)) / side}%`;
          dots.push(dot);
        }
      }
      const showsGates = !map && !reads && gates.length > 0;
      picture.hidden = showsGates;
      bars.hidden = !showsGates;
      if (showsGates) bars.replaceChildren(...gates.map(makeGates));
      setText(peak, told);
      picture.setAttribute("aria-label", `${title}: ${told || words.no_map}`);
      marks.replaceChildren(...places.map((place) => makeFrame(place, digit, side)), ...dots);
    },
  };
}

/** @type {Record<number, number[]>} Okabe and Ito's green and vermilion, as far apart in lightness as in hue */
const COLOURS = { 1: [0, 158, 115], 0: [0, 0, 0], [-1]: [240, 130, 60] };
