// Reads the item back from a page, for tests; see tests/browser/reading.js.

reading.shapes = (element) => {
  return {
    rows: [...element.querySelectorAll("li")].map((row) => ({
      step: row.firstElementChild.textContent,
      shape: row.querySelector('[data-name="shape"]').textContent,
    })),
  };
};
