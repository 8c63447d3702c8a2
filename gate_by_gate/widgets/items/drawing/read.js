// Reads the item back from a page, for tests; see tests/browser/reading.js.

reading.drawing = (element) => ({
  label: element.querySelector(".attn-sheet .attn-label").textContent,
  map: [...element.querySelectorAll(".attn-stroke")].map((cell) => Number(cell.dataset.drawn)),
  pressed: [...element.querySelectorAll(".attn-stroke")].map(
    (cell) => cell.getAttribute("aria-pressed") === "true",
  ),
  results: Object.fromEntries(
    [...element.querySelectorAll(".attn-answers [data-grid]")].map((grid) => [
      grid.dataset.grid,
      {
        label: grid.previousElementSibling.textContent,
        columns: Number(grid.querySelector(".attn-plane").dataset.columns),
        values: [...grid.querySelectorAll(".attn-cell")].map((cell) => cell.textContent),
      },
    ]),
  ),
});
