// Reads the item back from a page, for tests; see tests/browser/reading.js.

reading.chain = (element) => {
  const { alt, map } = reading.map(element);
  const share = (text) => Number(text.replace("%", "")) / 100;
  const [caption, ...heads] = element.querySelector(".attn-heads").children;
  const links = [...map.querySelectorAll(".attn-link")];
  const slots = (link, chosen) =>
    [...link.querySelectorAll(`.attn-slot${chosen}`)].map((slot) => slot.dataset.slot);
  return {
    alt,
    caption: caption.textContent,
    keyed: !caption.firstChild.hidden,
    stages: links.map((link) => {
      const box = link.querySelector(".attn-box-of");
      return {
        name: link.querySelector(".attn-stage").textContent,
        times: link.querySelector(".attn-times").textContent,
        width: share(box.getAttribute("width")),
        height: share(box.getAttribute("height")),
        skips: link.querySelector(".attn-plus") !== null,
        slots: slots(link, ":has([data-place])"),
        filled: slots(link, ".attn-filled"),
      };
    }),
    columns: heads.map((head, at) => ({
      label: head.firstChild.textContent,
      sums: Object.fromEntries(
        [...head.querySelectorAll("output")].map((output) => [output.dataset.name, reading.output(output)]),
      ),
      costs: links.map((link) => {
        const [words, bar] = link.querySelectorAll(".attn-cost")[at].children;
        return {
          texts: [...words.children].map((text) => text.textContent),
          shares: [...bar.children].map((part) => share(part.style.width)),
        };
      }),
    })),
  };
};
