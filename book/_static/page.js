// What a page does beside its explorers: it unpacks folded code, remembers whether all code is shown, counts the
// exercises that are solved, and lets a table that is wider than its box be scrolled by keyboard. A page without scripts shows the same, code included.

(() => {
  const CODE = "gate-by-gate.code";
  const ANSWERS = "gate-by-gate.answers"; // as the exercises keep them

  /** Read what this browser remembers, if it may: a reader can forbid it, and a folder on disk may have no place. */
  function recall(key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  }

  function remember(key, value) {
    try {
      localStorage.setItem(key, value);
    } catch {
      // then it holds for this page alone
    }
  }

  let unpacked = 0;

  /** Put the code of a fold into the page, with the button that copies it, as sphinx-copybutton gives to any other. */
  function unpack(fold) {
    const packed = fold.querySelector("noscript");
    if (!packed) return;
    packed.insertAdjacentHTML("beforebegin", packed.textContent);
    packed.remove();
    const model = document.querySelector(".copybtn");
    for (const code of fold.querySelectorAll("div.highlight pre")) {
      code.id ||= `unpacked-code-${unpacked++}`;
      const button = model?.cloneNode(true);
      if (!(button instanceof HTMLElement)) continue;
      button.dataset.clipboardTarget = `#${code.id}`;
      code.after(button);
    }
  }

  /** Add the switch for all code of the page below its title. */
  function addCodeSwitch(folds) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "code-switch";
    const show = (all) => {
      button.textContent = all ? "Hide all code" : "Show all code";
      for (const fold of folds) fold.open = all;
    };
    button.addEventListener("click", () => {
      const all = button.textContent === "Show all code";
      remember(CODE, all ? "shown" : "folded");
      show(all);
    });
    show(recall(CODE) === "shown");
    pageLine().append(button);
  }

  /** Return the line below the title, made when it is first asked for. */
  function pageLine() {
    let line = document.querySelector(".page-line");
    if (!line) {
      line = document.createElement("p");
      line.className = "page-line";
      document.querySelector(".bd-article h1")?.after(line);
    }
    return line;
  }

  /** Write into the contents how many exercises of a page are solved, and offer to forget the answers of this one. */
  function countAnswers() {
    let answers = {};
    try {
      answers = JSON.parse(recall(ANSWERS) ?? "{}");
    } catch {
      // what is no JSON is no answer
    }
    /** @type {NodeListOf<HTMLElement>} */
    const notes = document.querySelectorAll(".toc-note[data-exercises]");
    for (const note of notes) {
      note.dataset.minutes ??= note.textContent ?? "";
      const solved = Object.values(answers[note.dataset.page ?? ""] ?? {}).filter(
        ({ right }) => right,
      ).length;
      const count = `${solved}/${note.dataset.exercises}`;
      note.textContent = `${note.dataset.minutes}, ${count}`;
      note.title = `${count} exercises solved`;
    }
    forget.hidden = !Object.keys(answers[here] ?? {}).length;
    if (!forget.hidden && !forget.parentElement) pageLine().append(forget);
  }

  const here = (location.pathname.split("/").pop() ?? "").replace(/\.html$/, "");
  const forget = document.createElement("button");
  forget.type = "button";
  forget.textContent = "Forget my answers on this page";
  forget.addEventListener("click", () => {
    const { [here]: _, ...others } = JSON.parse(recall(ANSWERS) ?? "{}");
    remember(ANSWERS, JSON.stringify(others));
    document.dispatchEvent(new CustomEvent("attn-forget-answers"));
    countAnswers();
  });
  document.addEventListener("attn-answered", countAnswers);
  countAnswers();

  /** @type {NodeListOf<HTMLDetailsElement>} */
  const folds = document.querySelectorAll("details.code-fold");
  for (const fold of folds) fold.addEventListener("toggle", () => fold.open && unpack(fold));
  if (folds.length) addCodeSwitch(folds);

  /** @type {NodeListOf<HTMLElement>} */
  const boxes = document.querySelectorAll(".pst-scrollable-table-container, .result-table");
  const check = () => {
    for (const box of boxes) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };
  const observer = new ResizeObserver(check);
  for (const box of boxes) observer.observe(box);
  document.fonts.ready.then(check);
})();
