// What this browser remembers of a reader's answers, for each page and question. Nothing of it leaves the browser; one
// that may not remember forgets with the page. The book's page.js reads the same store, for its counts.

const STORE = "gate-by-gate.answers";
const FORGET = "attn-forget-answers";
const ANSWERED = "attn-answered";

/** Name the page: the last part of its address. */
function pageName() {
  return (location.pathname.split("/").pop() ?? "").replace(/\.html$/, "");
}

/**
 * Return all answers, by page and question.
 * @returns {Record<string, Record<string, {given: string, right: boolean}>>}
 */
function allAnswers() {
  try {
    return JSON.parse(localStorage.getItem(STORE) ?? "{}");
  } catch {
    return {};
  }
}

/**
 * Return what was answered to a question of this page.
 * @param {string} question
 */
export function recallAnswer(question) {
  return allAnswers()[pageName()]?.[question];
}

/**
 * Remember an answer to a question of this page.
 * @param {string} question
 * @param {{given: string, right: boolean}} answer
 */
export function rememberAnswer(question, answer) {
  const answers = allAnswers();
  answers[pageName()] = { ...answers[pageName()], [question]: answer };
  try {
    localStorage.setItem(STORE, JSON.stringify(answers));
  } catch {
    // then it holds for this page alone
  }
  document.dispatchEvent(new CustomEvent(ANSWERED));
}

/**
 * Call a function when all answers are to be forgotten.
 * @param {() => void} clear
 */
export function onForget(clear) {
  document.addEventListener(FORGET, clear);
}
