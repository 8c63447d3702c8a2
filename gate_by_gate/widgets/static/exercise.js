// Draws an exercise: a question, an answer field or options, and feedback. The answer, the tolerance and every
// sentence come from the model; what is compared here is a number against a number, or a text against a text.
//
// model.get("spec") is one of
//   {kind: "number", question, answer, within, unit, hints: [{value, text}], because}
//   {kind: "choice", question, answer, options: [{text, feedback}]}

import { keepKeys, make } from "./dom.js";
import { phrase } from "./texts.js";

let drawn = 0; // makes element ids unique
const session = Math.random().toString(36).slice(2, 8); // a notebook may load this module more than once

/** Read a number as people write it: 8,464 or 8 464 or 0.5 or 0,5 or 1e4; NaN for anything else. */
function readNumber(text) {
  let plain = text
    .trim()
    .replace(/[\s_\u00a0\u202f]/g, "")
    .replace("\u2212", "-");
  const thousands = /^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?$/.test(plain);
  plain = plain.replaceAll(",", thousands ? "" : ".");
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) ? Number(plain) : NaN;
}

function numberAnswer(spec, id, tell) {
  const input = make("input", {
    type: "text",
    inputmode: "decimal",
    id: `${id}-answer`,
    autocomplete: "off",
    "aria-describedby": `${id}-question ${id}-feedback`,
  });
  const unit = make("span", {}, spec.unit);
  const form = make(
    "form",
    {},
    make("label", { for: `${id}-answer` }, phrase("your_prediction")),
    input,
    unit,
    make("button", { type: "submit" }, phrase("check")),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = readNumber(input.value);
    if (Number.isNaN(given)) return tell(null, phrase("no_number"));
    const near = (value) => Math.abs(given - value) <= spec.within + 1e-9 * Math.abs(value);
    if (near(spec.answer)) return tell(true, spec.because);
    tell(
      false,
      spec.hints.find(({ value }) => near(value))?.text ?? phrase(given > spec.answer ? "less" : "more"),
    );
  });
  return form;
}

function choiceAnswer(spec, id, tell) {
  const group = make("fieldset", { "aria-labelledby": `${id}-question` });
  spec.options.forEach(({ text, feedback }, i) => {
    const input = make("input", { type: "radio", name: id, id: `${id}-${i}` });
    input.addEventListener("change", () => tell(text === spec.answer, feedback));
    group.append(make("label", { for: input.id }, input, make("span", {}, text)));
  });
  return group;
}

function render({ model, el }) {
  const spec = model.get("spec");
  const id = `attn-exercise-${session}-${drawn++}`;
  const verdict = make("strong");
  const reason = make("span");
  const feedback = make(
    "p",
    { class: "attn-feedback", id: `${id}-feedback`, role: "status" },
    verdict,
    reason,
  );
  const tell = (right, text) => {
    feedback.dataset.verdict = right === null ? "none" : right ? "right" : "wrong";
    verdict.textContent = right === null ? "" : phrase(right ? "right" : "wrong");
    reason.textContent = text;
  };
  const answer = (spec.kind === "number" ? numberAnswer : choiceAnswer)(spec, id, tell);
  const section = make(
    "section",
    { class: "attn-exercise", "aria-labelledby": `${id}-question` },
    make("p", { id: `${id}-question` }, spec.question),
    answer,
    feedback,
  );
  keepKeys(section);
  el.replaceChildren(section);
  section.dataset.ready = "true";
}

export default { render };
