// Reads the item back from a page, for tests; see tests/browser/reading.js.

reading.table = (element) => {
  const [corner, ...labels] = [...element.querySelectorAll("thead th")].map((cell) => cell.textContent);
  const rows = [...element.querySelectorAll("tbody tr")];
  const names = [...rows[0].querySelectorAll("output")].map((output) => output.dataset.name);
  const cell = (output) => {
    const { verdict } = output.dataset;
    return { ...reading.output(output), ...(verdict ? { right: verdict === "right" } : {}) };
  };
  return {
    head: corner,
    columns: labels.map((label, at) => ({ name: names[at], label })),
    rows: rows.map((row) => ({
      label: row.querySelector("th").textContent,
      cells: [...row.querySelectorAll("output")].map(cell),
    })),
  };
};
