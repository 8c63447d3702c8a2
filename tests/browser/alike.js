// Hides the texts of a page whose contrast is that of another one; see axe.py.

globalThis.alike = {
  grounds: new Map([[null, "none"]]),
  texts: [],

  /** Give the colours behind an element's text; nothing if there is a picture, or it lies over what is not its own. */
  ground(element) {
    if (!this.grounds.has(element)) {
      const { backgroundColor, backgroundImage, opacity, position } = getComputedStyle(element);
      const opaque = backgroundColor.startsWith("rgb(");
      const inPlace = position === "static" || opaque;
      const plain = backgroundImage === "none" && opacity === "1" && inPlace;
      const below = plain && !opaque && this.ground(element.parentElement);
      const clear = backgroundColor === "rgba(0, 0, 0, 0)";
      this.grounds.set(element, plain && (clear ? below : `${backgroundColor} ${below}`));
    }
    return this.grounds.get(element);
  },

  hasText: (element) =>
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim()),

  /** Make all texts of a kind but the first invisible, which moves nothing; say how many. */
  hide() {
    const seen = new Set();
    for (const element of document.body.querySelectorAll("*")) {
      const { color, fontSize, fontWeight, textShadow, visibility } = getComputedStyle(element);
      if (visibility !== "visible" || !element.checkVisibility() || !this.hasText(element)) continue;
      const ground = !element.closest("svg") && this.ground(element);
      const kind = [color, fontSize, fontWeight, textShadow, ground].join("|");
      const now = ground && seen.has(kind) ? "hidden" : "visible";
      this.texts.push({ element, before: element.style.visibility, now });
      seen.add(kind);
    }
    for (const { element, now } of this.texts) element.style.visibility = now;
    return this.texts.filter(({ now }) => now === "hidden").length;
  },

  show() {
    for (const { element, before } of this.texts) element.style.visibility = before;
  },
};
