// What a reader sees of an explorer, item by item, read back from the page: texts, geometry and pixels, never the
// payload. Evaluated on the figure; returns {read(spec), set(name, index)} through `globalThis.reading`.

globalThis.reading = {
  /** Move a control to a position as a reader would: the value changes and the page is told. */
  set(figure, name, at) {
    const control = figure.querySelector(`[data-control="${name}"]`);
    if (control.matches("input[type=range]")) {
      control.value = at;
      control.dispatchEvent(new Event("input", { bubbles: true }));
    } else {
      control.querySelectorAll("input[type=radio]")[at].click();
    }
  },

  read(figure, spec) {
    const seen = {};
    for (const panel of spec.panels) {
      for (const part of panel.parts) {
        const element = figure.querySelector(`[data-part="${part.name}"]`);
        const items = [...element.children].slice(1); // the first child is the note
        seen[part.name] = Object.fromEntries(part.items.map((item, i) => [item.name, this[item.kind](items[i])]));
      }
    }
    return seen;
  },

  output(element) { return { value: Number(element.dataset.value), text: element.textContent }; },

  number(element) { return this.output(element.querySelector("output")); },

  text(element) { return { text: element.textContent }; },

  terms(element) {
    const rows = [...element.querySelectorAll("tbody tr")].map((row) => {
      const [label, formula, product] = [...row.children].map((cell) => cell.textContent);
      return { label, formula, product, name: row.querySelector("output").dataset.name,
        ...this.output(row.querySelector("output")) };
    });
    return { rows, total: this.output(element.querySelector("tfoot output")) };
  },

  shapes(element) {
    return { rows: [...element.querySelectorAll("li")].map((row) => ({
      step: row.firstElementChild.textContent,
      shape: row.querySelector('[data-name="shape"]').textContent,
    })) };
  },

  map(element) {
    const map = element.querySelector('[data-name="map"][role="img"]');
    return { alt: map.getAttribute("aria-label"), map };
  },

  pixels(element) {
    const canvas = element.querySelector("canvas");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const colours = [];
    for (let i = 0; i < data.length; i += 4) colours.push([data[i], data[i + 1], data[i + 2]]);
    return { shape: [canvas.height, canvas.width], colours };
  },

  picture(element) {
    const { alt, map } = this.map(element);
    const { shape, colours } = this.pixels(map);
    const style = map.querySelector(".attn-box").style;
    const share = (side) => parseFloat(style[side]) / 100;
    const box = [share("left") * shape[1], share("top") * shape[0], share("width") * shape[1], share("height") * shape[0]];
    return { alt, shape, grey: colours.map(([red]) => red), box };
  },

  bars(element) {
    const { alt, map } = this.map(element);
    const bars = [...map.querySelectorAll("rect")].map((bar) => ({
      top: Number(bar.getAttribute("y")), height: Number(bar.getAttribute("height")),
    }));
    const [high, low] = [...element.querySelectorAll(".attn-ends span")].map((end) => Number(end.textContent));
    return { alt, bars, low, high };
  },

  heatmap(element) {
    const { alt, map } = this.map(element);
    const scale = element.querySelector(".attn-scale");
    return { alt, ...this.pixels(map), caption: element.querySelector(".attn-label").textContent,
      low: Number(scale.firstChild.textContent), high: Number(scale.lastChild.textContent) };
  },
};
