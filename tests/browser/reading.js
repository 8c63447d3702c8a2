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
      const input = control.querySelectorAll("input[type=radio]")[at];
      // It makes no difference where a control stands that is of no use at the moment; a reader would move it before.
      input.disabled = false;
      input.click();
    }
  },

  /** Bring a panel into view, as a reader does by its tab. */
  open(figure, panel) {
    if (figure.querySelector(`[data-panel="${panel}"]`).hidden)
      figure.querySelector(`[data-tab="${panel}"]`).click();
  },

  /** Read the items of a part, each by the reader that its kind adds; of one that has nothing to show, why. */
  read(figure, spec, name) {
    const panel = spec.panels.find(({ parts }) => parts.some((one) => one.name === name));
    const part = panel.parts.find((one) => one.name === name);
    this.open(figure, panel.name);
    const element = figure.querySelector(`[data-part="${name}"]`);
    const [note, ...items] = element.children;
    if (element.classList.contains("attn-missing")) return { missing: note.textContent };
    const absent = (item) => getComputedStyle(item).visibility === "hidden";
    return Object.fromEntries(
      part.items.map((item, i) => [item.name, absent(items[i]) ? null : this[item.kind](items[i])]),
    );
  },

  output(element) {
    return { value: Number(element.dataset.value), text: element.textContent };
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

  /** Read what lies below a map, or is a picture: the name of its file, or its pixels as a payload has them. */
  under(canvas) {
    return canvas.dataset.picture ?? this.planes(this.pixels(canvas).colours);
  },

  /** Put all of red before green and blue, base64-coded as the payload of a picture. */
  planes(colours) {
    return btoa(
      [0, 1, 2].map((channel) => String.fromCharCode(...colours.map((colour) => colour[channel]))).join(""),
    );
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
    const box = map.querySelector(".attn-boxed");
    if (box.hasAttribute("hidden")) return null;
    const share = (side) => parseFloat(box.style.getPropertyValue(`--attn-box-${side}`)) / 100;
    return [share("left") * width, share("top") * height, share("width") * width, share("height") * height];
  },

  marks(map, style) {
    const numbers = (mark, names) => names.map((name) => Number(mark.getAttribute(name)));
    return {
      rects: [...map.querySelectorAll(`rect.attn-${style}`)].map((mark) =>
        numbers(mark, ["x", "y", "width", "height"]),
      ),
      points: [...map.querySelectorAll(`circle.attn-${style}`)].map((mark) => numbers(mark, ["cx", "cy"])),
    };
  },

  /** Read the picture in the legend, if there is one. */
  inset(element) {
    const canvas = element.querySelector(".attn-inset");
    return canvas && this.planes(this.pixels(canvas).colours);
  },

  legend(element) {
    return [...element.querySelectorAll(".attn-legend li")].map((entry) => entry.textContent);
  },
};
