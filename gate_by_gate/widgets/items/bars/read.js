// Reads the item back from a page, for tests; see tests/browser/reading.js.

reading.bars = (element) => {
  const { alt, map } = reading.map(element);
  const bars = [...map.querySelectorAll("rect")].map((bar) => ({
    top: Number(bar.getAttribute("y")),
    height: Number(bar.getAttribute("height")),
    banded: bar.classList.contains("attn-banded"),
  }));
  const before = [...map.querySelectorAll("line")].map((line) => Number(line.getAttribute("y1")));
  const names = [...element.querySelectorAll(".attn-numbers span")].map((name) => name.textContent);
  const [high, low] = [...element.querySelectorAll(".attn-ends span")].map((end) => Number(end.textContent));
  return { alt, bars, before, names, low, high };
};
