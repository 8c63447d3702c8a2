// Reads the item back from a page, for tests; see tests/browser/reading.js.

reading.text = (element) => {
  return { text: element.textContent };
};
