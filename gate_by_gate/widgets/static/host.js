// The static host: the part of an anywidget model that explorer.js and exercise.js use, over values that the page
// already holds. `widgets` maps a module's name to its default export; the page's bundle is put together by
// gate_by_gate.widgets.sphinx_ext.
//
// The address of the page holds where the controls of its explorers stand, as far as they were moved:
//   #se:reduction=8&bias=false;gate_swap:image=2
// and, as `tab`, which of its panels is in view, if it is not the first:
//   #se:tab=cost&reduction=8
// The second explorer of a name on a page is called `se.2`. Whatever in an address names no explorer, no control or no
// published value is passed over.

globalThis.attnLib = {
  widgets: {},

  /** Draw the widget whose values stand in the JSON script of `element`, in place of what the element shows. */
  mount(element) {
    const values = JSON.parse(element.querySelector('script[type="application/json"]').textContent);
    if (values.shared) values.parts = this.spread(values.parts, values.shared);
    for (const [name, packed] of Object.entries(values.parts ?? {})) values.parts[name] = this.unpack(packed);
    element.parentElement?.classList.add("attn-around"); // the page lets what stays in sight out of this box
    const listeners = {};
    const computed = {};
    const model = {
      get: (name) => (name in computed ? computed[name]() : values[name]),
      set: (name, value) => {
        values[name] = value;
      },
      save_changes: () => this.address.write(),
      on: (event, listener) => {
        listeners[event] = listener;
      },
      off: (event) => {
        delete listeners[event];
      },
    };
    if (values.spec.controls) {
      const explorer = this.address.add(element, values, (name) => listeners[`change:${name}`]?.());
      computed.code = () => this.fill(values);
      computed.link = () => this.address.link([explorer], true);
    }
    this.widgets[element.dataset.widget].render({ model, el: element });
  },

  /** Give back the texts that are stored once, in place of the `=3` that stands for the fourth of them. */
  spread(value, shared) {
    if (typeof value === "string") return /^=\d+$/.test(value) ? shared[Number(value.slice(1))] : value;
    if (Array.isArray(value)) return value.map((one) => this.spread(one, shared));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, this.spread(one, shared)]));
  },

  /** Give the entries of a part by their keys, as embedding.py has packed them. */
  unpack({ axes, keys, of, at }) {
    const crossed = () =>
      axes.reduce((heads, axis) => heads.flatMap((head) => axis.map((tail) => [...head, tail])), [[]]);
    const entries = of.flatMap((group) => this.rows(group));
    return Object.fromEntries(
      (keys ?? crossed().map((pieces) => pieces.join("|"))).map((key, i) => [key, entries[at[i]]]),
    );
  },

  /** Give the values that are stored as a list, as one such store for each key, or as `{"/100": whole numbers}`. */
  rows(store) {
    if (Array.isArray(store)) return store;
    const [[first, stored]] = Object.entries(store);
    if (first.startsWith("/")) {
      const divided = (value) => (Array.isArray(value) ? value.map(divided) : value / Number(first.slice(1)));
      return stored.map(divided);
    }
    const columns = Object.entries(store).map(([name, column]) => [name, this.rows(column)]);
    return columns[0][1].map((_, i) =>
      Object.fromEntries(columns.map(([name, column]) => [name, column[i]])),
    );
  },

  /** Write the code for the present setting: a template with the text of each field for the controls it depends on. */
  fill({ spec: { code }, ...values }) {
    return code.template.replace(/\{(\w+)\}/g, (_, field) => {
      const { depends, texts } = code.fields[field];
      return texts[depends.map((name) => JSON.stringify(values[name])).join("|")];
    });
  },

  address: {
    /** @type {{key: string, element: HTMLElement, values: any, changed: (name: string) => void}[]} */
    explorers: [],
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    timer: undefined,

    /** Take in an explorer, and put its controls where the address says. */
    add(element, values, changed) {
      const namesakes = this.explorers.filter((other) => other.values.spec.name === values.spec.name).length;
      const key = values.spec.name + (namesakes ? `.${namesakes + 1}` : "");
      const explorer = { key, element, values, changed };
      this.explorers.push(explorer);
      this.apply(explorer);
      return explorer;
    },

    /** Give what an address may say: for each control, and for the tab, the values and the one at the start. */
    movable({ controls, panels, start, tab }) {
      const names = panels.map(({ name }) => name);
      const entries = Object.entries(controls).map(([name, { values }]) => [
        name,
        { values, start: start[name] },
      ]);
      return { tab: { values: names, start: tab ?? names[0] }, ...Object.fromEntries(entries) };
    },

    /** Give what the address says of an explorer, or nothing. */
    names({ key }) {
      const piece = location.hash
        .slice(1)
        .split(";")
        .find((text) => text.startsWith(`${key}:`));
      return piece === undefined ? undefined : new URLSearchParams(piece.slice(key.length + 1));
    },

    /** Put the controls of an explorer where the address says; those that it does not name at their start. */
    apply(explorer) {
      const { values, changed } = explorer;
      const said = this.names(explorer) ?? new URLSearchParams();
      for (const [name, { values: known, start }] of Object.entries(this.movable(values.spec))) {
        const value = known.find((v) => String(v) === said.get(name)) ?? start;
        if (values[name] === value) continue;
        values[name] = value;
        changed(name);
      }
    },

    /** Bring the first explorer that the address names into sight. */
    show() {
      this.explorers.find((explorer) => this.names(explorer))?.element.scrollIntoView();
    },

    /** Give the page's address with the moved controls of explorers; `named`: also of one that has none. */
    link(explorers, named = false) {
      const pieces = explorers.map(({ key, values }) => {
        const moved = Object.entries(this.movable(values.spec)).filter(
          ([name, { start }]) => values[name] !== start,
        );
        if (!moved.length && !named) return "";
        return `${key}:${new URLSearchParams(moved.map(([name]) => [name, values[name]]))}`;
      });
      const hash = pieces.filter(Boolean).join(";");
      return location.href.split("#")[0] + (hash && `#${hash}`);
    },

    /** Write the address when the controls have come to rest: browsers limit how often a page may. */
    write() {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => {
        const address = this.link(this.explorers);
        const ours = this.explorers.some((explorer) => this.names(explorer));
        // With every control back at its start, an address that leads to a heading is left alone.
        if (address.includes("#") || ours) history.replaceState(history.state, "", address);
      }, 200);
    },
  },
};

// Who reloads the page or goes back or forward is brought by the browser to where they were.
const [arrival] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
let returns = arrival.type !== "navigate";
globalThis.navigation?.addEventListener("navigate", ({ navigationType }) => {
  returns = navigationType === "traverse";
});
addEventListener("load", () => {
  if (!returns) attnLib.address.show();
});
addEventListener("hashchange", () => {
  if (document.querySelector(":target")) return; // a heading: the explorers stay as the reader has set them
  for (const one of attnLib.address.explorers) attnLib.address.apply(one);
  if (!returns) attnLib.address.show();
});
// To follow a link to where the address stands already is no change of it, and no event but this one.
addEventListener("click", ({ target }) => {
  const link = target instanceof Element ? target.closest("a[href^='#']") : null;
  if (link instanceof HTMLAnchorElement && link.hash === location.hash) attnLib.address.show();
});
