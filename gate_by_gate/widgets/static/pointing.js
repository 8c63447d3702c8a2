// Pointing: with a mouse, a finger or the arrow keys, at bars, cells and points alike.

import { clamp } from "./dom.js";

/** @type {Record<string, [number, number]>} */
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/**
 * Give the step of an arrow key, down and across, or nothing for another key.
 * @param {KeyboardEvent} event
 */
export function stepOf(event) {
  return STEPS[event.key];
}

/**
 * Give the cell that an event lies on, of so many rows and columns that fill an element.
 * @param {HTMLElement} element
 * @param {MouseEvent} event
 * @param {number[]} shape rows and columns
 * @returns {[number, number]} row and column
 */
export function cellAt(element, event, [rows, columns]) {
  const { left, top, width, height } = element.getBoundingClientRect();
  return [
    clamp(Math.floor(((event.clientY - top) / height) * rows), 0, rows - 1),
    clamp(Math.floor(((event.clientX - left) / width) * columns), 0, columns - 1),
  ];
}

/**
 * Let a reader point at things in an element.
 *
 * A mouse points while it is over the element, a finger where it has touched last. The focus shows the first thing to a
 * reader who comes by keyboard, and takes it back from one who only passes by; the arrow keys go on from there, Escape
 * points at nothing.
 * @template T
 * @param {HTMLElement} element what takes the pointer and the focus
 * @param {object} things
 * @param {(event: MouseEvent) => T | null} things.at what lies under an event
 * @param {() => T | null} things.first the first thing, if there is one
 * @param {() => T | null} things.pointed what is pointed at
 * @param {(from: T | null, step: [number, number]) => T | null | undefined} things.next
 *   what a step down and across leads to; undefined for a step that means nothing here
 * @param {(to: T | null) => void} things.point points at a thing, or at nothing
 * @param {boolean} [things.letsGo] whether nothing is pointed at any more once the focus has gone elsewhere
 */
export function makePointable(element, { at, first, pointed, next, point, letsGo = false }) {
  let passing = false;
  element.addEventListener("pointermove", (event) => point(at(event)));
  element.addEventListener("pointerdown", (event) => point(at(event)));
  element.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "mouse") point(null);
  });
  element.addEventListener("focus", () => {
    passing = element.matches(":focus-visible") && pointed() === null;
    if (passing) point(first());
  });
  element.addEventListener("blur", () => {
    if (passing || letsGo) point(null);
  });
  element.addEventListener("keydown", (event) => {
    if (event.key === "Escape") point(null);
    const step = stepOf(event);
    if (step === undefined) return;
    passing = false;
    const to = next(pointed(), step);
    if (to === undefined) return;
    event.preventDefault();
    point(to);
  });
}
