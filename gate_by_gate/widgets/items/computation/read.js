// Reads the item back from a page, for tests; see tests/browser/reading.js.

reading.computation = (element) => {
  const cells = (grid) => [...grid.querySelectorAll(".attn-cell")];
  const [step, ...others] = element.querySelectorAll(".attn-shown");
  if (others.length) return { says: "several steps are seen at once" };
  const grids = [...step.querySelectorAll("[data-grid]")];
  const rows = (side) =>
    [...step.querySelectorAll(`.attn-${side}`)].map((row) =>
      [...row.querySelectorAll("[data-grid]")].map((grid) => grid.dataset.grid),
    );
  const key = (grid, name) =>
    grid.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true }));
  const lit = () =>
    Object.fromEntries(
      grids
        .map((grid) => [
          grid.dataset.grid,
          cells(grid).flatMap((cell, at) => (cell.classList.contains("attn-lit") ? [at] : [])),
        ])
        .filter(([, at]) => at.length),
    );
  // Every number that the step computes is pointed at by keys, from the first on, and what lights up is read.
  const [down, across] = ["ArrowDown", "ArrowRight"];
  const results = {};
  for (const grid of step.querySelectorAll(".attn-result [data-grid]")) {
    const read = {};
    const columns =
      grid.querySelectorAll(".attn-plane").length * grid.querySelector(".attn-plane").dataset.columns;
    const height = cells(grid).length / columns;
    for (let row = 0; row < height; row++) {
      key(grid, "Escape");
      key(grid, across); // from nowhere to the first number
      for (let i = 0; i < row; i++) key(grid, down);
      for (let column = 0; column < columns; column++) {
        if (column) key(grid, across);
        const here = cells(grid).findIndex((cell) => cell.classList.contains("attn-explained"));
        read[here] = [element.querySelector(".attn-readout").textContent, lit()];
      }
    }
    key(grid, "Escape");
    results[grid.dataset.grid] = read;
  }
  return {
    says: element.querySelector(".attn-says").textContent,
    operation: step.querySelector(".attn-operation")?.textContent ?? "",
    operands: rows("operand"),
    results: rows("result"),
    reel: [...element.querySelectorAll(".attn-frame-of")].map((one) => one.textContent),
    grids: Object.fromEntries(
      grids.map((grid) => [
        grid.dataset.grid,
        {
          alt: grid.getAttribute("aria-label"),
          label: grid.previousElementSibling.textContent,
          planes: [...grid.querySelectorAll(".attn-called")].map((name) => name.textContent),
          values: cells(grid).map((cell) => cell.textContent),
        },
      ]),
    ),
    computed: results,
  };
};
