// The playground of photographs: the reader's own picture through a network that finds a person in it, with its gates as
// they are, open, held, or those of another picture; in all of its blocks or in some.

import { makeBarPaths } from "../../widgets/static/bars.js";
import { makeControl } from "../../widgets/static/controls.js";
import { keepKeys, make, setText } from "../../widgets/static/dom.js";
import { inputOf, openCamera, readPicture, squareOf, Unreadable } from "./pictures.js";
import { fetchDelivery, makeRunner, whenNear } from "./runner.js";

/**
 * @typedef {object} PhotographSpec
 * @property {number} side of the network's input in pixels
 * @property {string} network
 * @property {string} album what the pictures to try are delivered as
 * @property {Record<string, string>} pictures names of the pictures to try
 * @property {string} start
 * @property {Record<string, any>} controls
 * @property {Record<string, string>} words
 */

const THRESHOLD = 0.5; // from which on a place belongs to the person
let figures = 0;

/**
 * Draw the playground.
 * @param {HTMLElement} host
 * @param {PhotographSpec} spec
 * @param {string} workerSource
 * @param {(name: string) => string} addressOf where a script lies
 */
export function makePhotograph(host, spec, workerSource, addressOf) {
  const { side, network, words, controls } = spec;
  const id = `attn-photo-${figures++}`;
  /** @type {any} */
  let graph;
  /** @type {ReturnType<typeof makeRunner>} */
  let runner;
  /** @type {Record<string, string>} */
  let album = {};
  let gates = "own";
  /** @type {Uint8ClampedArray | null} */
  let pixels = null;
  /** @type {Record<string, Float32Array> | null} what the network makes of the picture with gates of its own */
  let own = null;
  /** @type {Record<string, Float32Array> | null} */
  let held = null;
  /** @type {{video: HTMLVideoElement, stop: () => void} | null} */
  let camera = null;
  /** @type {Record<string, Record<string, Float32Array>>} the gates of the pictures to try, as far as they were asked for */
  const others = {};

  const canvas = make("canvas", {
    width: side,
    height: side,
    class: "attn-photo-canvas",
    role: "img",
    "aria-label": words.loading,
  });
  const status = make("p", { class: "attn-play-status", "aria-live": "polite" });
  const file = make("input", { type: "file", accept: "image/*", id: `${id}-file`, class: "attn-spoken" });
  const fileLabel = make("label", { for: file.id, class: "attn-photo-button" }, words.file);
  const cameraButton = make("button", { type: "button", "data-control": "camera" }, words.camera);
  const control = makeControl(controls.gates, {
    id: `${id}-gates`,
    pictures: [],
    change: (value) => setGates(value).catch(complain),
  });
  const menu = make("select", { id: `${id}-picture`, "data-control": "picture" });
  for (const [name, title] of Object.entries({ ...spec.pictures, "": words.yours }))
    menu.append(make("option", { value: name, ...(name === "" ? { hidden: "" } : {}) }, title));
  const rows = make("div", { class: "attn-photo-rows" });
  /** @type {{name: string, tensors: string[], input: HTMLInputElement, bars: ReturnType<typeof makeBarPaths>}[]} */
  let blocks = [];

  const element = make(
    "figure",
    { class: "attn-playground", "data-playground": "photograph", "data-ready": "false" },
    make("figcaption", {}, words.question),
    make(
      "div",
      { class: "attn-play-strip" },
      make(
        "div",
        { class: "attn-control attn-menu" },
        make("div", { class: "attn-head" }, make("label", { for: menu.id }, words.picture)),
        menu,
      ),
      make("div", { class: "attn-photo-own" }, file, fileLabel, cameraButton),
      control.element,
    ),
    make(
      "div",
      { class: "attn-play-main" },
      make("div", { class: "attn-play-left" }, canvas, status),
      make("div", { class: "attn-play-right" }, make("p", { class: "attn-label" }, words.rows), rows),
    ),
    make("p", { class: "attn-photo-private" }, words.private),
  );

  // ------------------------------------------------------------------ pictures
  function complain(error) {
    setText(
      status,
      error instanceof Unreadable ? words[error.message] : words.failed.replace("{why}", error.message),
    );
    element.dataset.failed = String(Number(element.dataset.failed ?? 0) + 1);
  }

  /** Take a picture of the reader's in place of the present one. */
  async function takeOwn(blob) {
    stopCamera();
    const bitmap = await readPicture(blob);
    menu.value = "";
    await show(squareOf(bitmap, bitmap.width, bitmap.height, side));
  }

  async function bytesOfPicture(name) {
    const bytes = Uint8Array.from(atob(album[name]), (letter) => letter.charCodeAt(0));
    const bitmap = await readPicture(new Blob([bytes], { type: "image/jpeg" }));
    return squareOf(bitmap, bitmap.width, bitmap.height, side);
  }

  async function takeSample(name) {
    stopCamera();
    await show(await bytesOfPicture(name));
  }

  async function show(data) {
    pixels = data;
    own = null;
    await look();
  }

  function stopCamera() {
    camera?.stop();
    camera = null;
    cameraButton.textContent = words.camera;
    cameraButton.setAttribute("aria-pressed", "false");
  }
  async function toggleCamera() {
    if (camera) return stopCamera();
    const opened = await openCamera();
    camera = opened;
    menu.value = "";
    cameraButton.textContent = words.camera_off;
    cameraButton.setAttribute("aria-pressed", "true");
    // Each picture is taken when the one before has been seen.
    while (camera === opened) {
      const { videoWidth, videoHeight } = opened.video;
      if (videoWidth) await show(squareOf(opened.video, videoWidth, videoHeight, side));
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
  }

  // ------------------------------------------------------------------ gates
  async function setGates(value) {
    gates = value;
    if (value === "held") held = own;
    if (value in spec.pictures && !others[value]) {
      const answer = await run(await bytesOfPicture(value), [{}]);
      others[value] = answer[0];
    }
    await look();
  }

  /** What the chosen blocks hold in place of their own gates. */
  function instead() {
    /** @type {Record<string, ArrayLike<number> | number>} */
    const values = {};
    const source = gates === "held" ? held : others[gates];
    for (const { name, tensors, input } of blocks) {
      if (!input.checked) continue;
      Object.entries(graph.blocks[name].neutral).forEach(([, neutral], i) => {
        values[tensors[i]] = source ? source[tensors[i]] : neutral;
      });
    }
    return values;
  }

  const gatesOf = (block) => Object.keys(block.neutral).map((map) => block.maps[map]);
  const wanted = () => [graph.logits, ...blocks.flatMap(({ tensors }) => tensors)];

  /** Run the network on pixels, once for each of what is held; asked again if another run overtakes it. */
  async function run(data, holds) {
    const jobs = holds.map((one) => ({ name: network, wanted: wanted(), held: one }));
    const answer = await runner.run(inputOf(data), jobs);
    return answer === null ? run(data, holds) : answer.results;
  }

  let turn = 0;
  /** Show what the network makes of the picture; a later call makes this one moot. */
  async function look() {
    if (!graph || !pixels) return;
    const mine = ++turn;
    const data = pixels;
    const before = own;
    const changed = gates !== "own";
    const results = await run(data, [...(before ? [] : [{}]), ...(changed ? [instead()] : [])]);
    if (mine !== turn) return;
    const alone = before ?? results[0];
    own = alone;
    const seen = changed ? results[results.length - 1] : alone;
    paintMask(data, seen[graph.logits]);
    for (const { tensors, bars } of blocks) bars.draw(tensors.flatMap((tensor) => [...seen[tensor]]));
    say(alone[graph.logits], seen[graph.logits], changed);
    element.dataset.ready = "true";
    element.dataset.frames = String(Number(element.dataset.frames ?? 0) + 1);
  }

  /** The person in colour, the rest dark and grey. */
  function paintMask(data, mask) {
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    const image = context.createImageData(side, side);
    for (let i = 0; i < side * side; i++) {
      const grey = (0.3 * (data[4 * i] + data[4 * i + 1] + data[4 * i + 2])) / 3 + 12;
      for (let channel = 0; channel < 3; channel++)
        image.data[4 * i + channel] =
          mask[i] * data[4 * i + channel] + (1 - mask[i]) * (grey + (channel === 2 ? 25 : 0));
      image.data[4 * i + 3] = 255;
    }
    context.putImageData(image, 0, 0);
  }

  /** Say how much of the picture is a person, and how far the masks with and without other gates agree. */
  function say(ownMask, mask, changed) {
    let [mineCount, count, both, either] = [0, 0, 0, 0];
    for (let i = 0; i < mask.length; i++) {
      const [a, b] = [ownMask[i] > THRESHOLD, mask[i] > THRESHOLD];
      mineCount += Number(a);
      count += Number(b);
      both += Number(a && b);
      either += Number(a || b);
    }
    const percent = (part) => String(Math.round((100 * part) / mask.length));
    const text = (changed ? words.told_changed : words.told)
      .replace("{own}", percent(mineCount))
      .replace("{share}", percent(count))
      .replace("{overlap}", either ? (both / either).toFixed(2) : "1.00");
    setText(status, text);
    canvas.setAttribute("aria-label", text);
  }

  // ------------------------------------------------------------------ what the reader does
  menu.addEventListener("change", () => takeSample(menu.value).catch(complain));
  file.addEventListener("change", () => {
    const [chosen] = file.files ?? [];
    if (chosen) takeOwn(chosen).catch(complain);
    file.value = ""; // the same file may be chosen again
  });
  cameraButton.addEventListener("click", () => toggleCamera().catch(complain));
  element.addEventListener("dragover", (event) => event.preventDefault());
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    const [dropped] = event.dataTransfer?.files ?? [];
    takeOwn(dropped ?? new Blob()).catch(complain);
  });
  document.addEventListener("paste", (event) => {
    const pasted = [...(event.clipboardData?.files ?? [])].find((one) => one.type.startsWith("image/"));
    // Only if nothing else on the page takes the paste.
    if (pasted && inSight()) takeOwn(pasted).catch(complain);
  });
  document.addEventListener("visibilitychange", () => document.hidden && stopCamera());
  function inSight() {
    const { top, bottom } = element.getBoundingClientRect();
    return bottom > 0 && top < innerHeight;
  }

  control.show(gates);
  keepKeys(element);
  host.replaceWith(element);
  setText(status, words.loading);

  async function begin() {
    runner = makeRunner(workerSource, addressOf);
    [{ graph }, album] = await Promise.all([
      runner.load(network),
      fetchDelivery(spec.album, addressOf(spec.album)),
    ]);
    blocks = Object.entries(graph.blocks).map(([name, block], at) => {
      const input = make("input", {
        type: "checkbox",
        id: `${id}-block-${at}`,
        "data-control": `block_${at}`,
      });
      input.checked = true;
      input.addEventListener("change", () => look().catch(complain));
      const bars = makeBarPaths();
      const title = name.replace(".attention", "");
      rows.append(
        make(
          "div",
          { class: "attn-photo-row" },
          make("label", { for: input.id }, input, title),
          make("div", { class: "attn-play-gates", "aria-hidden": "true" }, make("div", {}, bars.element)),
        ),
      );
      return { name, tensors: gatesOf(block), input, bars };
    });
    menu.value = spec.start;
    await takeSample(spec.start);
    element.dataset.loaded = "true";
  }
  whenNear(element, () => begin().catch(complain));
}
