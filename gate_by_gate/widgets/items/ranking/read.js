// Reads the item back from a page, for tests; see tests/browser/reading.js.

reading.ranking = (element) => ({
  rows: [...element.querySelectorAll("tr")].map((row) => {
    const { value, text } = reading.output(row.querySelector("output"));
    const drawn = Number.parseFloat(row.querySelector("i").style.width) / 100;
    return {
      name: row.querySelector("th").textContent,
      value: Math.abs(drawn - value) < 1e-6 ? value : `a bar of ${drawn} for ${value}`,
      text,
      ...(row.classList.contains("attn-marked") ? { marked: true } : {}),
    };
  }),
});
