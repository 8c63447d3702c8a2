// Runs networks off the main thread. Each message is answered by one, with the same `id`:
//   {load: name, graph, weights, simd}  by {simd}: whether the product runs in WebAssembly
//   {run: x, jobs: [{name, held, borrowed, wanted}]}  by {results: [{tensor: values}], took}: what each network was asked for, and
//   in how many milliseconds
// or by {failed: why}.

import { compile } from "./executor.js";

const networks = {};
const lent = {}; // for each network what it has borrowed from an image, and the key of the image

/** Give what tensors of a network hold for another image; it is run again only for an image with another key. */
function borrow(name, { key, x, tensors }) {
  if (lent[name]?.key !== key) {
    networks[name].run(x);
    lent[name] = { key, values: Object.fromEntries(tensors.map((one) => [one, networks[name].read(one)])) };
  }
  return lent[name].values;
}

function answer({ load, graph, weights, simd, run, jobs }) {
  if (load !== undefined) {
    networks[load] = compile(graph, new Uint16Array(weights), { simd });
    return { simd: networks[load].simd };
  }
  const began = performance.now();
  const results = jobs.map(({ name, held, borrowed, wanted }) => {
    networks[name].run(run, borrowed ? { ...held, ...borrow(name, borrowed) } : held);
    return Object.fromEntries(wanted.map((tensor) => [tensor, networks[name].read(tensor)]));
  });
  return { results, took: performance.now() - began };
}

addEventListener("message", ({ data: { id, ...request } }) => {
  try {
    postMessage({ id, ...answer(request) });
  } catch (error) {
    postMessage({ id, failed: String(error) });
  }
});
