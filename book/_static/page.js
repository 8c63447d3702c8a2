// What a page does beside its explorers: it unpacks folded code, remembers whether all code is shown, and lets a
// table that is wider than its box be scrolled by keyboard. A page without scripts shows the same, code included.

(() => {
  const CODE = "gate-by-gate.code";

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
