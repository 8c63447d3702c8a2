// Reads the item back from a page, for tests; see tests/browser/reading.js.

reading.picks = (element) => {
  const buttons = [...element.querySelectorAll("button")];
  return {
    texts: buttons.map((button) => button.querySelector("span").textContent),
    numbers: buttons.map((button) =>
      [...button.querySelectorAll("b")].map((cell) => Number(cell.textContent)),
    ),
    pressed: buttons.map((button) => button.getAttribute("aria-pressed") === "true"),
  };
};
