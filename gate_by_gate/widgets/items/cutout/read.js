// Reads the item back from a page, for tests; see tests/browser/reading.js.

reading.cutout = (element) => {
  const { alt, map } = reading.map(element);
  const canvas = map.querySelector(".attn-mapped");
  const [height, width] = map.dataset.shape.split(",").map(Number);
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const letters = { 190: "g", 120: "h", 160: "i", 0: "j" };
  let cells = "";
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      // The middle of the cell: its edges run smoothly into those beside it.
      const y = Math.floor(((row + 0.5) * canvas.height) / height);
      const x = Math.floor(((column + 0.5) * canvas.width) / width);
      cells += letters[data[4 * (y * canvas.width + x) + 3]];
    }
  return { alt, picture: reading.under(map.querySelector(".attn-under")), shape: [height, width], cells };
};
