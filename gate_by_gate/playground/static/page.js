// What a page of the book runs: see gate_by_gate.playground.bundle, which puts this into one classic script, and the
// worker's source into WORKER.

import { makeDigits } from "./digits.js";
import { makePhotograph } from "./photograph.js";
import { deliver, makeRunner } from "./runner.js";

const WORKER = "";

/** Give the address of a network's script, from the root of the book. */
const addressOf = (name) =>
  `${document.documentElement.dataset.content_root ?? ""}_static/networks/${name}.js`;

Object.assign(globalThis, {
  attnPlayground: {
    deliver,
    makeRunner: (options) => makeRunner(WORKER, addressOf, options),
    /** Draw the playground whose description stands in the JSON script of `element`. */
    mount(element) {
      const spec = JSON.parse(element.querySelector('script[type="application/json"]').textContent);
      const draw = { digits: makeDigits, photograph: makePhotograph }[element.dataset.playground];
      draw(element, spec, WORKER, addressOf);
    },
  },
});
