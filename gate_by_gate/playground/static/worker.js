// Runs networks off the main thread. Each message is answered by one, with the same `id`:
//   {load: name, graph, weights, simd}  by {simd}: whether the product runs in WebAssembly
//   {run: x, jobs: [{name, held, wanted}]}  by {results: [{tensor: values}], took}: what each network was asked for, and
//   in how many milliseconds
// or by {failed: why}.

import { compile } from "./executor.js";

const networks = {};

function answer({ load, graph, weights, simd, run, jobs }) {
  if (load !== undefined) {
    networks[load] = compile(graph, new Uint16Array(weights), { simd });
    return { simd: networks[load].simd };
  }
  const began = performance.now();
  const results = jobs.map(({ name, held, wanted }) => {
    networks[name].run(run, held);
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
