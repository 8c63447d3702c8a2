// Networks of a page, run by a worker that is made of a text: a page that was opened from a folder may not load a worker
// by its address. The weights of a network are a script, which may be loaded from there; it calls `deliver`.

/**
 * @typedef {{graph: any, weights: string}} Network its weights as base64
 * @typedef {{key: number, x: Float32Array, tensors: string[]}} Borrowed
 *   what some tensors hold for another image, which is known by its key
 * @typedef {{name: string, held?: Record<string, ArrayLike<number> | number>, borrowed?: Borrowed, wanted: string[]}} Job
 * @typedef {{results: Record<string, Float32Array>[], took: number}} Answer
 */

/** @type {Record<string, (delivered: any) => void>} */
const deliveries = {};
/** @type {Record<string, any>} what came before anybody asked for it */
const early = {};

/**
 * Hand something over: what a script does that is loaded for it.
 * @param {string} name
 * @param {any} delivered
 */
export function deliver(name, delivered) {
  if (name in deliveries) deliveries[name](delivered);
  else early[name] = delivered;
}

/**
 * Load the script that delivers something, and give what it delivers.
 * @param {string} name
 * @param {string} address
 * @returns {Promise<any>}
 */
export function fetchDelivery(name, address) {
  if (name in early) return Promise.resolve(early[name]);
  return new Promise((resolve, reject) => {
    deliveries[name] = resolve;
    const script = document.createElement("script");
    script.src = address;
    script.addEventListener("error", () => reject(new Error(`${address} cannot be loaded`)));
    script.addEventListener("load", () => script.remove());
    document.head.append(script);
  });
}

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

/**
 * Make what runs networks.
 * @param {string} source the worker's
 * @param {(name: string) => string} addressOf where the script of a network lies
 * @param {{simd?: boolean}} [options]
 */
export function makeRunner(source, addressOf, { simd = true } = {}) {
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(address);
  URL.revokeObjectURL(address);
  /** @type {Map<number, {resolve: (answer: any) => void, reject: (error: Error) => void}>} */
  const open = new Map();
  let asked = 0;
  worker.addEventListener("message", ({ data: { id, failed, ...answer } }) => {
    const { resolve, reject } = /** @type {any} */ (open.get(id));
    open.delete(id);
    if (failed === undefined) resolve(answer);
    else reject(new Error(failed));
  });
  worker.addEventListener("error", ({ message }) => {
    for (const { reject } of open.values()) reject(new Error(message));
    open.clear();
  });
  function ask(request, transfer = []) {
    const id = asked++;
    return new Promise((resolve, reject) => {
      open.set(id, { resolve, reject });
      worker.postMessage({ id, ...request }, transfer);
    });
  }

  /** @type {Record<string, Promise<any>>} */
  const loaded = {};
  /** @type {(() => void) | undefined} the run that waits for the one in progress, told when it is overtaken */
  let overtake;
  /** @type {Promise<unknown>} */
  let running = Promise.resolve();

  return {
    /**
     * Load a network, if it is not there, and give its graph.
     * @param {string} name
     */
    load(name) {
      loaded[name] ??= fetchDelivery(name, addressOf(name)).then(async (/** @type {Network} */ delivered) => {
        const { graph, weights } = delivered;
        const { buffer } = bytesOf(weights);
        const { simd: fast } = await ask({ load: name, graph, weights: buffer, simd }, [buffer]);
        return { graph, simd: fast };
      });
      loaded[name].catch(() => {
        delete loaded[name]; // it can be tried again
      });
      return loaded[name];
    },

    /**
     * Run loaded networks on an image. While one run is in progress one other waits, and the last that was asked for takes
     * its place: gives null to one that was overtaken.
     * @param {Float32Array} x
     * @param {Job[] | (() => Job[])} jobs or what makes them, called when the run before has been answered
     * @returns {Promise<Answer | null>}
     */
    run(x, jobs) {
      overtake?.();
      const turn = new Promise((resolve) => {
        overtake = () => resolve(false);
        running.then(() => resolve(true));
      });
      const answer = turn.then((mine) => {
        if (!mine) return null;
        overtake = undefined;
        return ask({ run: x, jobs: typeof jobs === "function" ? jobs() : jobs });
      });
      // Without its value: else every answer there ever was would be kept.
      const over = () => {};
      running = Promise.all([running, answer.then(over, over)]).then(over);
      return answer;
    },

    stop: () => worker.terminate(),
  };
}

/**
 * Start something once, when the reader uses an element: points at something in it, presses a key there or sets a control.
 * @param {Element} element
 * @param {() => void} start
 */
export function whenUsed(element, start) {
  const used = new AbortController();
  for (const kind of ["pointerdown", "keydown", "input"])
    element.addEventListener(
      kind,
      () => {
        used.abort();
        start();
      },
      { capture: true, signal: used.signal },
    );
}

/**
 * Start something once, when the reader comes near an element.
 * @param {Element} element
 * @param {() => void} start
 */
export function whenNear(element, start) {
  const watch = new IntersectionObserver(
    (entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      watch.disconnect();
      start();
    },
    { rootMargin: "200px" },
  );
  watch.observe(element);
}

/**
 * Start something once, when the reader has come near an element and has shown that they are there: by moving the mouse, by
 * scrolling, by a key or a touch. A page that is only loaded does no work.
 * @param {Element} element
 * @param {() => void} start
 */
export function whenMet(element, start) {
  const shown = new AbortController();
  const sign = new Promise((resolve) => {
    for (const kind of ["pointerdown", "keydown", "wheel", "focusin"])
      addEventListener(kind, resolve, { capture: true, passive: true, signal: shown.signal });
    // A pointer that lies where a page appears is told of, too: only one that then moves is moved by someone.
    /** @type {string} */
    let lies;
    addEventListener(
      "pointermove",
      ({ screenX, screenY }) => {
        const at = `${screenX} ${screenY}`;
        if (lies !== undefined && at !== lies) resolve(null);
        lies = at;
      },
      { capture: true, passive: true, signal: shown.signal },
    );
    // The page's own: boxes in it are scrolled by scripts, too.
    addEventListener("scroll", resolve, { passive: true, signal: shown.signal });
  });
  const near = new Promise((resolve) => whenNear(element, () => resolve(null)));
  Promise.all([near, sign]).then(() => {
    shown.abort();
    start();
  });
}
