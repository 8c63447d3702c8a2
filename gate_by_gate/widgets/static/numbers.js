// Items of words and numbers: number, text, terms, shapes, table. Each maker returns {element, update(data)}; elements are
// made once and updated in place, so that nothing jumps and the focus stays where it is.

import { make, makeOutput } from "./dom.js";

export function makeNumber(item) {
  const output = makeOutput(item.name);
  const element = make("p", { class: "attn-number" }, make("span", {}, item.label), output);
  return { element, update({ value, text }) { output.dataset.value = value; output.textContent = text; } };
}

export function makeText(item) {
  const element = make("p", { class: "attn-text", "data-name": item.name });
  return { element, update({ text }) { element.textContent = text; } };
}

export function makeTerms(item) {
  const body = make("tbody");
  const total = makeOutput(item.name);
  const element = make("table", { class: "attn-terms" }, make("caption", {}, item.label), body,
    make("tfoot", {}, make("tr", {}, make("th", { scope: "row", colspan: 3 }, "total"), make("td", {}, total))));
  return {
    element,
    update(data) {
      body.replaceChildren(...data.rows.map((row) => {
        const count = makeOutput(row.name);
        count.dataset.value = row.value;
        count.textContent = row.text;
        return make("tr", {}, make("th", { scope: "row" }, row.label), make("td", {}, row.formula),
          make("td", {}, row.product), make("td", {}, count));
      }));
      total.dataset.value = data.total.value;
      total.textContent = data.total.text;
    },
  };
}

export function makeRows(item) {
  const head = make("thead");
  const body = make("tbody");
  const element = make("table", { class: "attn-table" }, make("caption", {}, item.label), head, body);
  return {
    element,
    update(data) {
      const heading = (scope, text) => make("th", { scope }, text);
      head.replaceChildren(make("tr", {}, heading("col", data.head),
        ...data.columns.map(({ label }) => heading("col", label))));
      body.replaceChildren(...data.rows.map(({ label, cells }) => make("tr", {}, heading("row", label),
        ...cells.map(({ value, text, right }, at) => {
          const output = makeOutput(data.columns[at].name);
          output.dataset.value = value;
          output.textContent = text;
          if (right !== undefined) output.dataset.verdict = right ? "right" : "wrong";
          return make("td", {}, output);
        }))));
    },
  };
}

export function makeShapes(item) {
  const list = make("ol", { class: "attn-shapes" });
  const element = make("div", {}, make("p", { class: "attn-label" }, item.label), list);
  return {
    element,
    update({ rows }) {
      list.replaceChildren(...rows.map(({ step, shape }) =>
        make("li", {}, make("span", {}, step), make("code", { "data-name": "shape" }, shape))));
    },
  };
}
