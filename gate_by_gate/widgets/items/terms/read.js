// Reads the item back from a page, for tests; see tests/browser/reading.js.

reading.terms = (element) => {
  const rows = [...element.querySelectorAll("tbody tr")].map((row) => {
    const [label, formula, product] = [...row.children].map((cell) => cell.textContent);
    return {
      label,
      formula,
      product,
      name: row.querySelector("output").dataset.name,
      ...reading.output(row.querySelector("output")),
    };
  });
  return { rows, total: reading.output(element.querySelector("tfoot output")) };
};
