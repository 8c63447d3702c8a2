// The playgrounds of the digits: one canvas, and what every network makes of it. Nothing runs while nothing changes.

import { makeControl } from "../../widgets/static/controls.js";
import { keepKeys, make, setText } from "../../widgets/static/dom.js";
import { makeBoard } from "./board.js";
import { makeCard } from "./cards.js";
import { makeChooser } from "./chooser.js";
import { makeDetail } from "./detail.js";
import { judge, planOf } from "./jobs.js";
import { makeRunner, whenMet, whenUsed } from "./runner.js";
import { makeScene } from "./scene.js";

/** @import { Choice } from "./chooser.js" */
/** @import { Said } from "./jobs.js" */
/** @import { Supply } from "./scene.js" */

/**
 * @typedef {object} Spec
 * @property {Supply} supply
 * @property {Record<string, Choice>} networks for each card, by its title
 * @property {Record<string, any>} controls as the kit describes them
 * @property {Record<string, any>} start where the controls stand at first
 * @property {Record<string, Said>} opening what each card's network says of the picture at the start, as it is stored
 * @property {boolean} waits whether the networks are loaded when they are first used, not when the reader comes near
 * @property {Record<string, string>} words
 */

/** @typedef {{key: number, pixels: Float32Array}} Image an image that was on the canvas */

const STILL_MS = 500; // how long everything has stood still when what is seen is spoken
const MOST_COLUMNS = 4; // of cards
let drawn = 0;

/**
 * Draw the playground.
 * @param {HTMLElement} host
 * @param {Spec} spec
 * @param {string} workerSource
 * @param {(name: string) => string} addressOf where the script of a network lies
 */
export function makeDigits(host, spec, workerSource, addressOf) {
  const { supply, networks, controls, start, opening, waits, words } = spec;
  const { side, digit } = supply;
  const many = side - digit + 1; // places along a side
  const scene = makeScene(supply);
  const names = Object.keys(networks);
  const state = structuredClone(start);
  const id = `attn-play-${drawn++}`;

  /** @type {ReturnType<typeof makeRunner> | undefined} */
  let runner;
  const graphs = {}; // of the networks that are loaded
  /** @type {Record<string, string>} the network of every card */
  const chosen = Object.fromEntries(names.map((name) => [name, networks[name].first]));
  let images = 0;
  /** @type {Image | null} whose gates are held */
  let held = null;
  /** @type {Image | null} the one that has been seen last */
  let last = null;
  /** @type {Image | null} the one before it */
  let before = null;
  const reads = Object.fromEntries(names.map((name) => [name, new Int8Array(many * many)]));
  let picked = state.picked;
  let sweeps = 0; // a sweep goes on as long as no other begins and nothing is moved
  let frames = 0;

  // ------------------------------------------------------------------ what is on the canvas
  const isDrawn = () => state.tool !== "move" || !scene.isBlank();
  const laid = () => [
    { digit: isDrawn() ? null : state.digit, place: state.place },
    ...(state.second ? [{ digit: (state.digit + 5) % 10, place: state.other }] : []),
  ];
  const paintScene = () => scene.paint({ digits: laid(), clutter: state.clutter, seed: state.seed });
  const first = paintScene().slice();
  /**
   * Give an image its key: that of the last one if it is the same.
   * @param {Float32Array} pixels
   * @returns {Image}
   */
  const known = (pixels) =>
    last?.pixels.every((value, i) => value === pixels[i]) ? last : { key: images++, pixels };

  const board = makeBoard(supply, words, {
    places: () => laid().map(({ place }) => place),
    move(which, to) {
      stopSweep();
      if (which === 0) state.place = to;
      else {
        state.other = to;
        forget();
      }
      changed();
    },
    draws: () => state.tool !== "move",
    dot(x, y) {
      scene.dot(x, y, state.place, state.tool === "wipe");
      forget();
      changed();
    },
  });

  /** Forget where networks have read the digit: it was another image, or another network. */
  function forget(...which) {
    for (const name of which.length ? which : names) reads[name].fill(0);
  }

  // ------------------------------------------------------------------ controls
  const made = Object.fromEntries(
    Object.values(controls).map((control) => {
      const change = (value) => set(control.name, value);
      return [control.name, makeControl(control, { id: `${id}-${control.name}`, pictures: [], change })];
    }),
  );

  function set(name, value) {
    stopSweep();
    state[name] = value;
    if (name === "gates") held = value === "held" ? known(paintScene().slice()) : null;
    if (["digit", "clutter", "gates"].includes(name)) forget();
    changed();
  }

  /** Make a button. */
  function makeButton(name, act) {
    const button = make("button", { type: "button", "data-control": name }, words[name]);
    button.addEventListener("click", () => {
      stopSweep();
      act(button);
      changed();
    });
    return button;
  }
  const buttons = [
    makeButton("shuffle", () => {
      state.seed += 1;
      forget();
    }),
    makeButton("second", (button) => {
      state.second = !state.second;
      button.setAttribute("aria-pressed", String(state.second));
      forget();
    }),
    makeButton("clear", () => {
      scene.clear();
      state.tool = start.tool;
      made.tool.show(start.tool);
      forget();
    }),
    makeButton("sweep", () => {
      state.view = "reads";
      made.view.show("reads");
      sweep().catch(complain);
    }),
  ];
  buttons[1].setAttribute("aria-pressed", String(state.second));

  /** Let the digit visit every place, one after the other, as fast as the networks follow. */
  async function sweep() {
    const mine = ++sweeps;
    for (let at = 0; at < many * many && mine === sweeps; at++) {
      const row = Math.floor(at / many);
      const column = at % many;
      // To and fro, so that it never jumps.
      state.place = [row % 2 ? many - 1 - column : column, row];
      await look();
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
  }
  function stopSweep() {
    sweeps++;
  }

  // ------------------------------------------------------------------ the networks
  const cards = Object.fromEntries(
    names.map((name) => [name, makeCard(name, supply, words, () => pick(name))]),
  );
  const choosers = Object.fromEntries(
    names.map((name, at) => [
      name,
      makeChooser(networks[name], `${id}-${at}`, (network) => choose(name, network).catch(complain)),
    ]),
  );
  const detail = makeDetail(words);
  function pick(name) {
    picked = name;
    for (const other of names) cards[other].button.setAttribute("aria-pressed", String(other === name));
    detail.offer(choosers[name].elements);
    changed();
  }

  /** @type {string[]} the cards that show what is stored, as long as their networks are not loaded */
  let stored = [];
  function findStored(pixels) {
    const isFirst =
      state.stage === start.stage &&
      state.gates === start.gates &&
      pixels.every((value, i) => value === first[i]);
    stored = Object.keys(opening).filter(
      (name) => isFirst && chosen[name] === networks[name].first && !(chosen[name] in graphs),
    );
  }

  /** Say which network a card shows. */
  function nameCard(name) {
    const network = chosen[name];
    const told = network === networks[name].first ? "" : choosers[name].told(network);
    const shows = network in graphs || stored.includes(name) || (waits && !runner);
    cards[name].name(network, told, shows);
  }

  /** Show another network of a card, once it is loaded. */
  async function choose(name, network) {
    stopSweep();
    const left = chosen[name];
    chosen[name] = network;
    forget(name);
    nameCard(name);
    try {
      await load(network);
    } catch (error) {
      if (chosen[name] === network) {
        chosen[name] = left;
        choosers[name].show(left);
      }
      throw error;
    } finally {
      nameCard(name);
    }
    changed();
  }

  async function load(network) {
    if (!runner) return; // it is loaded when all begin
    const { graph, simd } = await runner.load(network);
    graphs[network] = graph;
    element.dataset.simd = String(simd);
  }

  /** The image whose gates are used for another. */
  function sourceFor(image, previous) {
    if (state.gates === "held") return held;
    // At the first image there is none before it.
    return state.gates === "before" ? (previous ?? image) : null;
  }

  /** Run the networks on what is on the canvas, and show what they see. */
  async function look() {
    const pixels = paintScene().slice();
    board.show(pixels, isDrawn() && scene.isBlank());
    board.element.classList.toggle("attn-play-draws", state.tool !== "move");
    showKey();
    findStored(pixels);
    names.forEach(nameCard);
    const { stage, digit: label, place } = state;
    const places = laid().map((one) => one.place);
    const all = stored.map((name) => ({ name, network: chosen[name], said: opening[name] }));
    if (names.some((name) => chosen[name] in graphs)) {
      const answers = await ask(pixels, stage);
      if (answers === null) return; // the canvas has changed since
      all.push(...answers);
    } else if (!all.length) {
      if (runner) setText(status, words.loading);
      return;
    }
    const told = { right: 0, hits: 0, maps: 0 };
    for (const { name, network, said } of all) {
      const seen = judge(said, { side, digit, place });
      const right = seen.guess === label;
      reads[name][place[1] * many + place[0]] = right ? 1 : -1;
      told.right += Number(right);
      told.maps += Number(seen.map !== null);
      told.hits += Number(seen.hit);
      cards[name].show({
        pixels,
        places,
        label,
        ...seen,
        reads: state.view === "reads" ? reads[name] : null,
      });
      if (name === picked)
        detail.show([name, choosers[name].told(network)].join(" ").trim(), stage, seen.gates);
    }
    tell(told, all.length);
    element.dataset.ready = "true";
  }

  /**
   * Run the networks that are loaded; null if another image has overtaken this one.
   * @param {Float32Array} pixels
   * @param {number} stage
   * @returns {Promise<{name: string, network: string, said: Said}[] | null>}
   */
  async function ask(pixels, stage) {
    /** @type {Image | null} */
    let image = null;
    /** @type {Image | null} */
    let previous = null;
    /** @type {{name: string, plan: ReturnType<typeof planOf>}[]} */
    let plans = [];
    // Planned when the image before has been seen: it may be the one whose gates are used.
    const answer = await /** @type {NonNullable<typeof runner>} */ (runner).run(pixels, () => {
      image = known(pixels);
      previous = image === last ? before : last;
      const asked = { stage, open: state.gates === "open", source: sourceFor(image, previous) };
      plans = names
        .filter((name) => chosen[name] in graphs)
        .map((name) => ({ name, plan: planOf(chosen[name], graphs[chosen[name]], asked) }));
      return plans.map(({ plan }) => plan.job);
    });
    if (answer === null) return null;
    [last, before] = [image, previous];
    frames++;
    element.dataset.frames = String(frames);
    element.dataset.took = answer.took.toFixed(1);
    return plans.map(({ name, plan }, i) => ({
      name,
      network: plan.job.name,
      said: plan.read(answer.results[i]),
    }));
  }

  let asked = false;
  let looks = 0;
  /** Count the looks that have not shown what they see: with none, what is shown is of what was set last. */
  function count(more) {
    looks += more;
    element.dataset.looks = String(looks);
  }
  /** Look as soon as the browser draws next; however much has changed until then, once. */
  function changed() {
    if (asked) return;
    asked = true;
    count(1);
    requestAnimationFrame(() => {
      asked = false;
      look()
        .catch(complain)
        .finally(() => count(-1));
    });
  }

  // ------------------------------------------------------------------ in words and bars
  const status = make("p", { class: "attn-play-status" });
  const spoken = make("div", { class: "attn-spoken", "aria-live": "polite" });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  function tell({ right, hits, maps }, all) {
    const text = (maps ? words.told : words.told_alone)
      .replace("{right}", String(right))
      .replace("{all}", String(all))
      .replace("{hits}", String(hits))
      .replace("{maps}", String(maps));
    setText(status, text);
    clearTimeout(timer);
    // Nothing is spoken of a picture that the reader has done nothing to.
    if (runner) timer = setTimeout(() => setText(spoken, text), STILL_MS);
  }
  function complain(error) {
    setText(status, words.failed.replace("{why}", error.message));
    element.dataset.failed = "true";
  }

  // ------------------------------------------------------------------ the figure
  const key = make("ul", { class: "attn-play-key", "aria-hidden": "true" });
  /** Say what the signs of the cards mean that are shown now. */
  function showKey() {
    const signs = state.view === "reads" ? ["good", "bad", "chance"] : ["box", "dot", "chance"];
    const classes = { box: "attn-box" };
    key.replaceChildren(
      ...signs.map((sign) =>
        make("li", {}, make("i", { class: classes[sign] ?? `attn-play-${sign}` }), words[`key_${sign}`]),
      ),
    );
  }
  const beside = make("div", { class: "attn-play-beside" }, made.view.element, key);
  const cardGrid = make(
    "div",
    { class: "attn-play-cards" },
    ...names.map((name) => cards[name].element),
    beside,
  );
  cardGrid.style.setProperty("--attn-columns", String(Math.min(MOST_COLUMNS, names.length + 1)));
  const inStrip = Object.keys(made).filter((name) => name !== "view");
  const element = make(
    "figure",
    { class: "attn-playground", "data-playground": "digits", "data-ready": "false" },
    make("figcaption", {}, words.question),
    make("div", { class: "attn-play-strip" }, ...inStrip.map((name) => made[name].element)),
    make(
      "div",
      { class: "attn-play-main" },
      make(
        "div",
        { class: "attn-play-left" },
        board.element,
        make("div", { class: "attn-play-buttons" }, ...buttons),
        status,
      ),
      make("div", { class: "attn-play-right" }, cardGrid, detail.element),
    ),
    spoken,
  );
  for (const [name, control] of Object.entries(made)) control.show(state[name]);
  keepKeys(element);
  host.replaceWith(element);
  if (waits) setText(status, words.unread);
  pick(picked);

  /** Load the networks, one after the other, and show each as soon as it is there. */
  async function begin() {
    runner = makeRunner(workerSource, addressOf);
    for (const name of [picked, ...names.filter((other) => other !== picked)]) {
      await look();
      await load(chosen[name]);
    }
    await look();
    element.dataset.loaded = "true";
  }
  (waits ? whenUsed : whenMet)(element, () => begin().catch(complain));
}
