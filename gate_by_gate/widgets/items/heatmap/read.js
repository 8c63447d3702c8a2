// Reads the item back from a page, for tests; see tests/browser/reading.js.

reading.heatmap = (element) => {
  const { alt, map } = reading.map(element);
  const scale = element.querySelector(".attn-scale");
  const signed = scale.querySelector(".attn-signed") !== null;
  const picture = map.querySelector(".attn-under");
  const under = picture.hidden ? null : reading.under(picture);
  return {
    alt,
    ...reading.levels(
      map.querySelector(".attn-mapped"),
      signed ? reading.palettes.signed : reading.palettes.plain,
    ),
    caption: element.querySelector(".attn-label").textContent,
    signed,
    under,
    box: under && reading.box(map, [picture.height, picture.width]),
    spots: reading.marks(map, "query").rects,
    fields: reading.marks(map, "field"),
    legend: reading.legend(element),
    inset: reading.inset(element),
    low: Number(scale.firstChild.textContent),
    high: Number(scale.lastChild.textContent),
    sets: element.matches(".attn-sets"),
    set: element.matches(".attn-set"),
  };
};
