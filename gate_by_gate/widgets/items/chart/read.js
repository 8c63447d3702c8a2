// Reads the item back from a page, for tests; see tests/browser/reading.js.

reading.chart = (element) => {
  const { alt, map } = reading.map(element);
  const share = (element, name) => parseFloat(element.getAttribute(name)) / 100;
  const table = element.querySelector("details");
  table.open = true;
  table.dispatchEvent(new Event("toggle"));
  const lines = [...map.querySelectorAll(".attn-lines > path.attn-series")];
  const dots = [...map.querySelectorAll("svg.attn-dot")];
  const rings = [...map.querySelectorAll(".attn-here")];
  const ticks = (side, edge) =>
    [...element.querySelectorAll(`.attn-${side}ticks span`)].map((tick) => [
      parseFloat(tick.style[edge]) / 100,
      tick.textContent,
    ]);
  return {
    alt,
    labels: [...element.querySelectorAll(".attn-axis")].map((label) => label.textContent),
    ticks: { x: ticks("x", "left"), y: ticks("y", "bottom") },
    lines: lines
      .map((line) => line.getAttribute("d"))
      .map((d) => ({
        steps: /[HV]/.test(d),
        path: d.match(/[-\d.e]+/g).map(Number),
      })),
    dots: dots.map((dot) => [share(dot, "x"), 1 - share(dot, "y")]),
    rings: rings.map((ring) => [share(ring, "cx"), 1 - share(ring, "cy")]),
    letters: [...map.querySelectorAll(".attn-letter")].map((letter) => letter.textContent),
    intervals: [...map.querySelectorAll(".attn-interval")].map((line) => [
      share(line, "x1"),
      1 - share(line, "y1"),
      1 - share(line, "y2"),
    ]),
    legend: reading.legend(element),
    rows: [...table.querySelectorAll("tbody tr")].map((row) =>
      [...row.children].map((cell) => cell.textContent),
    ),
    said: element.querySelector(".attn-readout").textContent,
  };
};
