// Reads the item back from a page, for tests; see tests/browser/reading.js.

reading.contrast = (element) => {
  const share = (shape, name) => parseFloat(shape.getAttribute(name)) / 100;
  const read = (plot, selector, ...names) =>
    [...element.querySelectorAll(`.attn-${plot} ${selector}`)].map((shape) =>
      names.map((name) => (name.includes("y") ? 1 - share(shape, name) : share(shape, name))),
    );
  const ticks = (plot, side, edge) =>
    [...element.querySelectorAll(`.attn-${plot} .attn-${side}ticks span`)].map((tick) => [
      parseFloat(tick.style[edge]) / 100,
      tick.textContent,
    ]);
  return {
    verdict: element.querySelector(".attn-verdict").textContent,
    rows: [...element.querySelectorAll("tbody tr")].map((row) =>
      [...row.children].map((cell) => cell.textContent),
    ),
    label: element.querySelector(".attn-both .attn-axis").textContent,
    dots: read("both", "circle", "cx", "cy"),
    lines: read("both", "line", "x1", "y1", "x2", "y2"),
    ends: ticks("both", "y", "bottom"),
    difference: read("difference", "circle", "cx"),
    interval: read("difference", ".attn-reach", "x1", "x2"),
    scale: ticks("difference", "x", "left"),
  };
};
