// The canvas that the reader moves things on: a mouse or a finger drags the digit that it takes hold of, or draws; the
// arrow keys move the digit that was moved last.

import { paint } from "../../widgets/static/colours.js";
import { clamp, make } from "../../widgets/static/dom.js";
import { stepOf } from "../../widgets/static/pointing.js";

/** @import { Place } from "./scene.js" */

/**
 * Make the canvas.
 * @param {{side: number, digit: number}} sides of the canvas and of a digit, in pixels
 * @param {Record<string, string>} words
 * @param {object} tell
 * @param {() => Place[]} tell.places where the digits are
 * @param {(which: number, to: Place) => void} tell.move
 * @param {() => boolean} tell.draws whether a pointer draws
 * @param {(x: number, y: number) => void} tell.dot
 */
export function makeBoard({ side, digit }, words, { places, move, draws, dot }) {
  const canvas = make("canvas", { class: "attn-play-canvas", "aria-hidden": "true" });
  const frames = make("div", { "aria-hidden": "true" });
  const last = side - digit;
  // A slider in two directions: a native one carries it, which takes the focus and the keys and says where it stands.
  const input = make("input", {
    type: "range",
    min: 0,
    max: (last + 1) ** 2 - 1,
    step: 1,
    "data-control": "place",
    "aria-label": words.place,
  });
  const hint = make("p", { class: "attn-play-hint" }, words.draw_here);
  const element = make("div", { class: "attn-play-board" }, canvas, frames, hint, input);
  let held = 0; // the digit that was moved last

  /** @param {PointerEvent} event */
  function pixelAt(event) {
    const { left, top, width } = canvas.getBoundingClientRect();
    return [((event.clientX - left) / width) * side, ((event.clientY - top) / width) * side];
  }
  const inside = (/** @type {number} */ at) => clamp(Math.round(at), 0, last);

  /** @type {[number, number] | null} where in the digit's square it is held, or null while nothing is */
  let grip = null;
  /** @type {[number, number] | null} where the pen was last */
  let pen = null;

  function drawTo(x, y) {
    const [fromX, fromY] = pen ?? [x, y];
    // Dots so close that they make a line.
    const steps = Math.max(1, Math.ceil(Math.hypot(x - fromX, y - fromY)));
    for (let i = 1; i <= steps; i++)
      dot(fromX + ((x - fromX) * i) / steps, fromY + ((y - fromY) * i) / steps);
    pen = [x, y];
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    input.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    const [x, y] = pixelAt(event);
    if (draws()) return drawTo(x, y);
    // The digit whose middle is nearest; one that is not under the pointer comes there.
    const away = places().map(([left, top]) => Math.hypot(left + digit / 2 - x, top + digit / 2 - y));
    held = away.indexOf(Math.min(...away));
    const [left, top] = places()[held];
    const under = x >= left && y >= top && x < left + digit && y < top + digit;
    grip = under ? [x - left, y - top] : [digit / 2, digit / 2];
    move(held, [inside(x - grip[0]), inside(y - grip[1])]);
  });
  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = pixelAt(event);
    if (pen) drawTo(x, y);
    if (grip) move(held, [inside(x - grip[0]), inside(y - grip[1])]);
  });
  for (const end of ["pointerup", "pointercancel"])
    canvas.addEventListener(end, () => {
      grip = null;
      pen = null;
    });

  input.addEventListener("keydown", (event) => {
    const step = stepOf(event);
    if (step === undefined) return;
    event.preventDefault();
    const [left, top] = places()[held];
    const far = event.shiftKey ? 5 : 1;
    move(held, [inside(left + far * step[1]), inside(top + far * step[0])]);
  });
  // Home, End and what assistive technology sets.
  input.addEventListener("input", () => {
    const at = Number(input.value);
    move(held, [at % (last + 1), Math.floor(at / (last + 1))]);
  });

  return {
    element,
    canvas,
    /**
     * Show an image, the digits' frames, and where the one stands that the keys move.
     * @param {Float32Array} pixels
     * @param {boolean} blank whether the reader is still to draw
     */
    show(pixels, blank) {
      hint.hidden = !blank;
      paint(canvas, [side, side], (i) => Array(3).fill(Math.round(255 * pixels[i])));
      const all = places();
      held = Math.min(held, all.length - 1);
      frames.replaceChildren(...all.map((place) => makeFrame(place, digit, side)));
      const [left, top] = all[held];
      input.value = String(top * (last + 1) + left);
      input.setAttribute(
        "aria-valuetext",
        words.at.replace("{column}", String(left)).replace("{row}", String(top)),
      );
    },
  };
}

/**
 * Make the frame around a digit.
 * @param {Place} place
 * @param {number} digit
 * @param {number} side
 */
export function makeFrame([left, top], digit, side) {
  const frame = make("i", { class: "attn-box" });
  const shares = { left: left / side, top: top / side, width: digit / side, height: digit / side };
  for (const [name, share] of Object.entries(shares)) frame.style[name] = `${100 * share}%`;
  return frame;
}
