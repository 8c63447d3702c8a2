// Reads the item back from a page, for tests; see tests/browser/reading.js.

reading.bars = (element) => {
  const { alt, map } = reading.map(element);
  // A bar takes 0.8 of its place, a line across it 0.96.
  const drawn = (look, taken = 0.8) =>
    [
      ...map
        .querySelector(`.attn-${look}`)
        .getAttribute("d")
        .matchAll(/M(\S+) (\S+?)h([.\d]+)(?:v([^h]+)|(?=M|$))/g),
    ].map(([, left, top, width, height]) => ({
      at: Math.floor(Number(left) * Math.round(taken / Number(width))),
      top: Number(top),
      height: Number(height),
    }));
  const bars = ["plain", "banded"]
    .flatMap((look) => drawn(look).map((bar) => ({ ...bar, banded: look === "banded" })))
    .sort((one, other) => one.at - other.at);
  const before = drawn("before", 0.96).map(({ top }) => top);
  const names = [...element.querySelectorAll(".attn-numbers span")].map((name) => name.textContent);
  const [high, low] = [...element.querySelectorAll(".attn-ends span")].map((end) => Number(end.textContent));
  return { alt, bars, before, names, low, high };
};
