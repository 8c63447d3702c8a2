// Reads the item back from a page, for tests; see tests/browser/reading.js.

reading.stacks = (element) => {
  const { alt, map } = reading.map(element);
  const columns = [...map.children];
  const texts = (at) => columns.map((column) => column.children[at].textContent);
  const heights = (at) =>
    columns.map((column) => parseFloat(column.children[0].children[at].style.height) / 100);
  return { name: texts(1), added: heights(0), own: heights(1), text: texts(2), more: texts(3), alt };
};
