// Reads the item back from a page, for tests; see tests/browser/reading.js.

reading.number = (element) => {
  return reading.output(element.querySelector("output"));
};
