// Reads the item back from a page, for tests; see tests/browser/reading.js.

reading.cutout = (element) => {
  const { alt, map } = reading.map(element);
  const canvas = map.querySelector(".attn-mapped");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const letters = { 190: "g", 120: "h", 160: "i", 0: "j" };
  let cells = "";
  for (let i = 3; i < data.length; i += 4) cells += letters[data[i]];
  return {
    alt,
    picture: reading.under(map.querySelector(".attn-under")),
    shape: [canvas.height, canvas.width],
    cells,
  };
};
