// What a reader sees of an explorer, item by item, read back from the page: texts, geometry and pixels, never the
// payload. `palettes` is set from outside: the colours of a map from low to high, plain and signed.

globalThis.reading = {
  /** Move a control to a position as a reader would: the value changes and the page is told. */
  set(figure, name, at) {
    const control = figure.querySelector(`[data-control="${name}"]`);
    // A control that stands there already is left alone, as by a reader.
    if (control.matches("input[type=range]")) {
      if (control.value === String(at)) return;
      control.value = at;
      control.dispatchEvent(new Event("input", { bubbles: true }));
    } else if (control.matches("select")) {
      if (control.value === String(at)) return;
      control.value = at;
      control.dispatchEvent(new Event("change", { bubbles: true }));
    } else {
      control.querySelectorAll("input[type=radio]")[at].click();
    }
  },

  /** Read the items of a part; of one that has nothing to show, why. */
  read(figure, spec, name) {
    const part = spec.panels.flatMap(({ parts }) => parts).find((one) => one.name === name);
    const element = figure.querySelector(`[data-part="${name}"]`);
    const [note, ...items] = element.children;
    if (element.classList.contains("attn-missing")) return { missing: note.textContent };
    const absent = (item) => getComputedStyle(item).visibility === "hidden";
    return Object.fromEntries(part.items.map((item, i) =>
      [item.name, absent(items[i]) ? null : this[item.kind](items[i])]));
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

  table(element) {
    const [corner, ...labels] = [...element.querySelectorAll("thead th")].map((cell) => cell.textContent);
    const rows = [...element.querySelectorAll("tbody tr")];
    const names = [...rows[0].querySelectorAll("output")].map((output) => output.dataset.name);
    const cell = (output) => {
      const { verdict } = output.dataset;
      return { ...this.output(output), ...(verdict ? { right: verdict === "right" } : {}) };
    };
    return {
      head: corner,
      columns: labels.map((label, at) => ({ name: names[at], label })),
      rows: rows.map((row) => ({ label: row.querySelector("th").textContent,
        cells: [...row.querySelectorAll("output")].map(cell) })),
    };
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

  pixels(canvas) {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const colours = [];
    for (let i = 0; i < data.length; i += 4) colours.push([data[i], data[i + 1], data[i + 2]]);
    return { shape: [canvas.height, canvas.width], colours };
  },

  /** Put all of red before green and blue, base64-coded as the payload of a picture. */
  planes(colours) {
    return btoa([0, 1, 2].map((channel) => String.fromCharCode(...colours.map((colour) => colour[channel]))).join(""));
  },

  /** Read a map's pixels as hexadecimal levels: the nearest colour of a palette, and how far off the worst one is. */
  levels(canvas, palette) {
    const { shape, colours } = this.pixels(canvas);
    let off = 0;
    const steps = new Map(); // a map has few colours, and each is looked up once
    const hex = colours.map((colour) => {
      const known = steps.get(colour.join());
      if (known !== undefined) return known;
      const distances = palette.map((step) => Math.max(...step.map((c, i) => Math.abs(c - colour[i]))));
      const least = Math.min(...distances);
      off = Math.max(off, least);
      steps.set(colour.join(), distances.indexOf(least).toString(16));
      return steps.get(colour.join());
    });
    return { shape, hex: hex.join(""), off };
  },

  box(map, [height, width]) {
    const box = map.querySelector(".attn-box");
    if (box.hidden) return null;
    const share = (side) => parseFloat(box.style[side]) / 100;
    return [share("left") * width, share("top") * height, share("width") * width, share("height") * height];
  },

  marks(map, style) {
    const numbers = (mark, names) => names.map((name) => Number(mark.getAttribute(name)));
    return {
      rects: [...map.querySelectorAll(`rect.attn-${style}`)].map((mark) => numbers(mark, ["x", "y", "width", "height"])),
      points: [...map.querySelectorAll(`circle.attn-${style}`)].map((mark) => numbers(mark, ["cx", "cy"])),
    };
  },

  legend(element) { return [...element.querySelectorAll(".attn-legend li")].map((entry) => entry.textContent); },

  picture(element) {
    const { alt, map } = this.map(element);
    const { shape, colours } = this.pixels(map.querySelector(".attn-under"));
    return { alt, shape, planes: this.planes(colours), box: this.box(map, shape), fields: this.marks(map, "field"),
      legend: this.legend(element) };
  },

  bars(element) {
    const { alt, map } = this.map(element);
    const bars = [...map.querySelectorAll("rect")].map((bar) => ({
      top: Number(bar.getAttribute("y")), height: Number(bar.getAttribute("height")),
      banded: bar.classList.contains("attn-banded"),
    }));
    const before = [...map.querySelectorAll("line")].map((line) => Number(line.getAttribute("y1")));
    const names = [...element.querySelectorAll(".attn-numbers span")].map((name) => name.textContent);
    const [high, low] = [...element.querySelectorAll(".attn-ends span")].map((end) => Number(end.textContent));
    return { alt, bars, before, names, low, high };
  },

  heatmap(element) {
    const { alt, map } = this.map(element);
    const scale = element.querySelector(".attn-scale");
    const signed = scale.querySelector(".attn-signed") !== null;
    const picture = map.querySelector(".attn-under");
    const under = picture.hidden ? null : this.planes(this.pixels(picture).colours);
    return { alt, ...this.levels(map.querySelector(".attn-mapped"), signed ? this.palettes.signed : this.palettes.plain),
      caption: element.querySelector(".attn-label").textContent, signed, under,
      box: under && this.box(map, [picture.height, picture.width]),
      spots: this.marks(map, "query").rects, fields: this.marks(map, "field"), legend: this.legend(element),
      low: Number(scale.firstChild.textContent), high: Number(scale.lastChild.textContent) };
  },

  strips(element) {
    const strip = (side) => this.levels(element.querySelector(`.attn-${side}`), this.palettes.plain);
    return { height: strip("left"), width: strip("top"), product: this.heatmap(element) };
  },

  contrast(element) {
    const share = (shape, name) => parseFloat(shape.getAttribute(name)) / 100;
    const read = (plot, selector, ...names) => [...element.querySelectorAll(`.attn-${plot} ${selector}`)]
      .map((shape) => names.map((name) => (name.includes("y") ? 1 - share(shape, name) : share(shape, name))));
    const ticks = (plot, side, edge) => [...element.querySelectorAll(`.attn-${plot} .attn-${side}ticks span`)]
      .map((tick) => [parseFloat(tick.style[edge]) / 100, tick.textContent]);
    return {
      verdict: element.querySelector(".attn-verdict").textContent,
      rows: [...element.querySelectorAll("tbody tr")].map((row) => [...row.children].map((cell) => cell.textContent)),
      label: element.querySelector(".attn-both .attn-axis").textContent,
      dots: read("both", "circle", "cx", "cy"),
      lines: read("both", "line", "x1", "y1", "x2", "y2"),
      ends: ticks("both", "y", "bottom"),
      difference: read("difference", "circle", "cx"),
      interval: read("difference", ".attn-reach", "x1", "x2"),
      scale: ticks("difference", "x", "left"),
    };
  },

  chart(element) {
    const { alt, map } = this.map(element);
    const share = (element, name) => parseFloat(element.getAttribute(name)) / 100;
    const table = element.querySelector("details");
    table.open = true;
    table.dispatchEvent(new Event("toggle"));
    const lines = [...map.querySelectorAll(".attn-lines > path.attn-series")];
    const frames = [...map.querySelectorAll("svg.attn-dot")];
    const markers = (style) => frames.filter((frame) => frame.firstChild.matches(style))
      .map((frame) => [share(frame, "x"), 1 - share(frame, "y")]);
    const ticks = (side, edge) => [...element.querySelectorAll(`.attn-${side}ticks span`)]
      .map((tick) => [parseFloat(tick.style[edge]) / 100, tick.textContent]);
    return {
      alt,
      labels: [...element.querySelectorAll(".attn-axis")].map((label) => label.textContent),
      ticks: { x: ticks("x", "left"), y: ticks("y", "bottom") },
      lines: lines.map((line) => line.getAttribute("d")).map((d) => ({
        steps: /[HV]/.test(d), path: d.match(/[-\d.e]+/g).map(Number),
      })),
      dots: markers(".attn-series"),
      rings: markers(".attn-here"),
      letters: frames.filter((frame) => frame.querySelector("text")).map((frame) => frame.lastChild.textContent),
      intervals: [...map.querySelectorAll(".attn-interval")].map((line) =>
        [share(line, "x1"), 1 - share(line, "y1"), 1 - share(line, "y2")]),
      legend: this.legend(element),
      rows: [...table.querySelectorAll("tbody tr")].map((row) => [...row.children].map((cell) => cell.textContent)),
      said: element.querySelector(".attn-readout").textContent,
    };
  },
};
