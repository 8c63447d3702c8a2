// Reads the item back from a page, for tests; see tests/browser/reading.js.

reading.picture = (element) => {
  const { alt, map } = reading.map(element);
  const picture = map.querySelector(".attn-under");
  const shape = [picture.height, picture.width];
  return {
    alt,
    shape,
    planes: reading.under(picture),
    box: reading.box(map, shape),
    fields: reading.marks(map, "field"),
    legend: reading.legend(element),
    inset: reading.inset(element),
  };
};
