// The playground of the digits: one canvas, and what every network makes of it.
//
// Everything about the networks comes from their graphs: which tensors are maps, where each block's spatial map is, and
// what a map holds when its gates are open. Nothing runs while nothing changes.

import { makeControl } from "../../widgets/static/controls.js";
import { keepKeys, make, setText } from "../../widgets/static/dom.js";
import { makeBoard } from "./board.js";
import { makeCard } from "./cards.js";
import { makeRunner, whenNear } from "./runner.js";
import { makeScene } from "./scene.js";
import { byChannel, isInside, largest, peakOf, probabilities } from "./seen.js";

/** @import { Supply } from "./scene.js" */

/**
 * @typedef {object} Spec
 * @property {Supply} supply
 * @property {Record<string, string>} networks titles by name
 * @property {Record<string, any>} controls as the kit describes them
 * @property {Record<string, any>} start where the controls stand at first
 * @property {Record<string, string>} words
 */

const STILL_MS = 500; // how long everything has stood still when what is seen is spoken
let drawn = 0;

/**
 * Draw the playground.
 * @param {HTMLElement} host
 * @param {Spec} spec
 * @param {string} workerSource
 * @param {(name: string) => string} addressOf where the script of a network lies
 */
export function makeDigits(host, { supply, networks, controls, start, words }, workerSource, addressOf) {
  const { side, digit } = supply;
  const many = side - digit + 1; // places along a side
  const scene = makeScene(supply);
  const names = Object.keys(networks);
  const state = structuredClone(start);
  const id = `attn-play-${drawn++}`;

  /** @type {ReturnType<typeof makeRunner> | undefined} */
  let runner;
  const graphs = {}; // of the networks that are loaded
  /** @type {Record<string, Record<string, Float32Array>> | null} what is held, by network and tensor */
  let held = null;
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

  /** Forget where the networks have read the digit: it was another image. */
  function forget() {
    for (const read of Object.values(reads)) read.fill(0);
  }

  // ------------------------------------------------------------------ controls
  const made = Object.fromEntries(
    Object.values(controls).map((control) => {
      const change = (value) => set(control.name, value);
      return [control.name, makeControl(control, { id: `${id}-${control.name}`, pictures: [], change })];
    }),
  );

  async function set(name, value) {
    stopSweep();
    state[name] = value;
    if (name === "gates") held = value === "held" ? await holdNow() : null;
    if (name === "digit") scene.clear();
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
      state.tool = "move";
      made.tool.show("move");
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
    names.map((name) => [name, makeCard(name, networks[name], supply, words, () => pick(name))]),
  );
  function pick(name) {
    picked = name;
    for (const other of names) cards[other].button.setAttribute("aria-pressed", String(other === name));
    changed();
  }

  /** The block of a network at the chosen stage, if it has one. */
  const blockOf = (name) => {
    const blocks = Object.entries(graphs[name].blocks);
    return blocks.find(([path]) => path.startsWith(`layer${state.stage}.`))?.[1];
  };
  const gatesOf = (block) => Object.keys(block?.neutral ?? {}).map((map) => [map, block.maps[map]]);

  function jobOf(name) {
    const { logits, blocks, tensors } = graphs[name];
    const block = blockOf(name);
    const shown = gatesOf(block).filter(([, tensor]) => tensors[tensor][1] > 1);
    const wanted = [logits, ...shown.map(([, tensor]) => tensor)];
    if (block?.spatial_map) wanted.push(block.spatial_map);
    /** @type {Record<string, ArrayLike<number> | number>} */
    let instead = {};
    if (state.gates === "open")
      for (const { maps, neutral } of Object.values(blocks))
        for (const [map, value] of Object.entries(neutral)) instead[maps[map]] = value;
    if (state.gates === "held" && held) instead = held[name] ?? {};
    return { name, wanted, held: instead };
  }

  /** Take all gates as they are on the canvas now. */
  async function holdNow() {
    const there = Object.keys(graphs);
    const jobs = there.map((name) => ({
      name,
      wanted: Object.values(graphs[name].blocks).flatMap((block) =>
        gatesOf(block).map(([, tensor]) => tensor),
      ),
    }));
    // Asked again if another run overtakes it.
    let answer = null;
    while (runner && answer === null) answer = await runner.run(paintScene(), jobs);
    return answer && Object.fromEntries(there.map((name, i) => [name, answer.results[i]]));
  }

  function paintScene() {
    const { clutter, seed } = state;
    return scene.paint({ digits: laid(), clutter, seed });
  }

  /** Run the networks on what is on the canvas, and show what they see. */
  async function look() {
    const pixels = paintScene().slice();
    board.show(pixels);
    board.element.classList.toggle("attn-play-draws", state.tool !== "move");
    showKey();
    const [places, label, at] = [laid().map(({ place }) => place), state.digit, state.place];
    const jobs = Object.keys(graphs).map(jobOf);
    if (!runner || jobs.length === 0) return;
    const answer = await runner.run(pixels, jobs);
    if (answer === null) return; // the canvas has changed since
    frames++;
    const told = { right: 0, hits: 0, maps: 0 };
    jobs.forEach(({ name }, i) => {
      const [graph, result] = [graphs[name], answer.results[i]];
      const chances = probabilities(result[graph.logits]);
      const right = largest(chances) === label;
      reads[name][at[1] * many + at[0]] = right ? 1 : -1;
      const block = blockOf(name);
      const spatial = block?.spatial_map;
      const map = spatial ? { values: result[spatial], shape: graph.tensors[spatial] } : null;
      const gates = gatesOf(block).flatMap(([gate, tensor]) => {
        const values = result[tensor] && byChannel(result[tensor], graph.tensors[tensor]);
        return values ? [{ name: gate, values }] : [];
      });
      const peak = map && peakOf(map.values, map.shape, side);
      told.right += Number(right);
      told.maps += Number(Boolean(map));
      told.hits += Number(Boolean(peak && isInside(peak, places[0], digit)));
      const seen = { pixels, places, label, chances, map, gates };
      cards[name].show({ ...seen, reads: state.view === "reads" ? reads[name] : null });
      if (name === picked) showGates(name, gates);
    });
    element.dataset.ready = "true";
    element.dataset.frames = String(frames);
    element.dataset.took = answer.took.toFixed(1);
    tell(told, jobs.length);
  }

  let asked = false;
  /** Look as soon as the browser draws next; however much has changed until then, once. */
  function changed() {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      look().catch(complain);
    });
  }

  // ------------------------------------------------------------------ in words and bars
  const status = make("p", { class: "attn-play-status" });
  const spoken = make("div", { class: "attn-spoken", "aria-live": "polite" });
  const gatesTitle = make("p", { class: "attn-label" });
  const gateRows = make("div", { class: "attn-play-rows" });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  function tell({ right, hits, maps }, all) {
    const text = words.told
      .replace("{right}", String(right))
      .replace("{all}", String(all))
      .replace("{hits}", String(hits))
      .replace("{maps}", String(maps));
    setText(status, text);
    clearTimeout(timer);
    timer = setTimeout(() => setText(spoken, text), STILL_MS);
  }
  function complain(error) {
    setText(status, words.failed.replace("{why}", error.message));
    element.dataset.failed = "true";
  }

  /** Show the gates of the picked network: a bar for each channel. */
  function showGates(name, gates) {
    const where = words.gates_of.replace("{name}", networks[name]).replace("{stage}", String(state.stage));
    setText(gatesTitle, gates.length ? where : `${where} ${words.none}`);
    gateRows.replaceChildren(
      ...gates.map(({ name: gate, values }) => {
        const bars = values.map((value) => {
          const bar = make("i", { title: value.toFixed(3) });
          bar.style.height = `${100 * Math.min(1, Math.max(0, value))}%`;
          return bar;
        });
        const label = `${gate}: ${values.map((value) => value.toFixed(2)).join(", ")}`;
        const [least, most] = [Math.min(...values), Math.max(...values)].map((value) => value.toFixed(2));
        return make(
          "div",
          { class: "attn-play-row" },
          make("span", {}, gate, make("small", {}, `${least} … ${most}`)),
          make(
            "div",
            { class: "attn-play-gates", role: "img", "aria-label": label },
            make("div", {}, ...bars),
          ),
        );
      }),
    );
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
  const element = make(
    "figure",
    { class: "attn-playground", "data-playground": "digits", "data-ready": "false" },
    make("figcaption", {}, words.question),
    make("div", { class: "attn-play-strip" }, ...Object.values(made).map((control) => control.element)),
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
      make(
        "div",
        { class: "attn-play-right" },
        make("div", { class: "attn-play-cards" }, ...names.map((name) => cards[name].element), key),
        make("div", { class: "attn-play-detail" }, gatesTitle, gateRows),
      ),
    ),
    spoken,
  );
  for (const [name, control] of Object.entries(made)) control.show(state[name]);
  keepKeys(element);
  host.replaceWith(element);
  setText(status, words.loading);
  pick(picked);

  /** Load the networks, one after the other, and show each as soon as it is there. */
  async function begin() {
    runner = makeRunner(workerSource, addressOf);
    for (const name of [picked, ...names.filter((other) => other !== picked)]) {
      const { graph, simd } = await runner.load(name);
      graphs[name] = graph;
      element.dataset.simd = String(simd);
      await look();
    }
    element.dataset.loaded = "true";
  }
  whenNear(element, () => begin().catch(complain));
}
