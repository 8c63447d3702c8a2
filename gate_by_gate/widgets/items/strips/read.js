// Reads the item back from a page, for tests; see tests/browser/reading.js.

reading.strips = (element) => {
  const strip = (side) => reading.levels(element.querySelector(`.attn-${side}`), reading.palettes.plain);
  return { height: strip("left"), width: strip("top"), product: reading.heatmap(element) };
};
