// Reads the item back from a page, for tests; see tests/browser/reading.js.

reading.picture = (element) => {
  const { alt, map } = reading.map(element);
  const { shape, colours } = reading.pixels(map.querySelector(".attn-under"));
  return {
    alt,
    shape,
    planes: reading.planes(colours),
    box: reading.box(map, shape),
    fields: reading.marks(map, "field"),
    legend: reading.legend(element),
    inset: reading.inset(element),
  };
};
