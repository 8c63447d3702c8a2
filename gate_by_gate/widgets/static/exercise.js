// Draws an exercise: a question, an answer field or options, and feedback. The answer, the tolerance and every
// sentence come from the model; what is compared here is a number against a number, or a text against a text.
//
// model.get("spec") is one of
//   {kind: "number", question, answer, within, unit, hints: [{value, text}], because}
//   {kind: "choice", question, answer, options: [{text, feedback}]}

import { onForget, recallAnswer, rememberAnswer } from "./answers.js";
import { keepKeys, make } from "./dom.js";
import { phrase } from "./texts.js";

let drawn = 0; // makes element ids unique
const session = Math.random().toString(36).slice(2, 8); // a notebook may load this module more than once

const LETTERS = { k: 1e3, m: 1e6, g: 1e9 };

/**
 * Read a number as people write it: 8,464 or 8 464 or 0.5 or 0,5 or 1e4 or 2**15 or 33k.
 * @returns {{value: number, half: number}} NaN for anything else; and by how much a rounded one, as 33k, may be off
 */
function readNumber(text) {
  const plain = text
    .trim()
    .replace(/[\s_\u00a0\u202f]/g, "")
    .replaceAll("\u2212", "-");
  const power = /^(.+?)(?:\*\*|\^)(.+)$/.exec(plain);
  if (power) return { value: readPlain(power[1]) ** readPlain(power[2]), half: 0 };
  const letter = /^(.*\d\.?)([kmg])$/i.exec(plain);
  if (!letter) return { value: readPlain(plain), half: 0 };
  const unit = LETTERS[letter[2].toLowerCase()];
  const decimals = letter[1].replace(",", ".").split(".")[1]?.length ?? 0;
  return { value: readPlain(letter[1]) * unit, half: (unit * 10 ** -decimals) / 2 };
}

function readPlain(text) {
  const thousands = /^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?$/.test(text);
  const plain = text.replaceAll(",", thousands ? "" : ".");
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) ? Number(plain) : NaN;
}

/** Return a form for a number, and a function that puts an answer in, as if it had been given. */
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
  const check = () => {
    const typed = input.value.trim();
    const { value: given, half } = readNumber(
      spec.unit && typed.endsWith(spec.unit) ? typed.slice(0, -spec.unit.length) : typed,
    );
    if (Number.isNaN(given)) return tell(null, phrase("no_number"), input.value);
    const near = (value) => Math.abs(given - value) <= Math.max(spec.within, half) + 1e-9 * Math.abs(value);
    if (near(spec.answer)) return tell(true, spec.because, input.value);
    const hint = spec.hints.find(({ value }) => near(value))?.text;
    tell(false, hint ?? phrase(given > spec.answer ? "less" : "more"), input.value);
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    check();
  });
  const put = (given) => {
    input.value = given;
    if (given) check();
  };
  return { answer: form, put };
}

/** Return a group of options, and a function that chooses one; none if it is the empty text. */
function choiceAnswer(spec, id, tell) {
  const group = make("fieldset", { "aria-labelledby": `${id}-question` });
  const inputs = spec.options.map(({ text, feedback }, i) => {
    const input = make("input", { type: "radio", name: id, id: `${id}-${i}` });
    input.addEventListener("change", () => tell(text === spec.answer, feedback, text));
    group.append(make("label", { for: input.id }, input, make("span", {}, text)));
    return input;
  });
  const put = (given) =>
    spec.options.forEach(({ text, feedback }, i) => {
      inputs[i].checked = text === given;
      if (text === given) tell(text === spec.answer, feedback, text);
    });
  return { answer: group, put };
}

/** Say the answer with its reason, for paper, where nothing can be checked. */
function solution(spec) {
  if (spec.kind === "number") {
    const number = `${spec.answer} ${spec.unit}`.trim();
    return `${number}. ${spec.because}`;
  }
  return `${spec.answer} ${spec.options.find(({ text }) => text === spec.answer).feedback}`;
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
  const tell = (right, text, given) => {
    feedback.dataset.verdict = right === null ? "none" : right ? "right" : "wrong";
    verdict.textContent = right === null ? "" : phrase(right ? "right" : "wrong");
    reason.textContent = text;
    const known = recallAnswer(spec.question);
    if (right !== null && (known?.given !== given || known.right !== right))
      rememberAnswer(spec.question, { given, right });
  };
  const { answer, put } = (spec.kind === "number" ? numberAnswer : choiceAnswer)(spec, id, tell);
  const section = make(
    "section",
    { class: "attn-exercise", "aria-labelledby": `${id}-question` },
    make("p", { id: `${id}-question` }, spec.question),
    answer,
    feedback,
    make("p", { class: "attn-on-paper" }, make("strong", {}, phrase("answer")), ` ${solution(spec)}`),
  );
  keepKeys(section);
  el.replaceChildren(section);
  put(recallAnswer(spec.question)?.given ?? "");
  onForget(() => {
    put("");
    tell(null, "", "");
  });
  section.dataset.ready = "true";
}

export default { render };
