// What a reader of an open notebook sees of it before running it; counted for test_jupyterlab.py.

globalThis.chapters = {
  notebook: () => jupyterapp.shell.currentWidget.content,

  /** Open a notebook, without a kernel. */
  async open(path) {
    await jupyterapp.restored;
    const kernelPreference = { autoStartDefault: false, canStart: false, shouldStart: false };
    await jupyterapp.commands.execute("docmanager:open", { path, kernelPreference });
  },

  close: () => jupyterapp.shell.currentWidget.dispose(),

  /** Say whether all texts are there. */
  drawn() {
    const panel = globalThis.jupyterapp?.shell.currentWidget;
    if (!panel?.context?.isReady) return false;
    const notebook = panel.content;
    return notebook.widgets.length > 0
      && notebook.widgets.every((cell) => cell.model.type !== "markdown" || this.shown(cell)?.innerText.trim());
  },

  shown: (cell) => cell.node.querySelector(".jp-MarkdownOutput, .myst"),

  /** Give the text without code and formulas, which may hold what a role or a label looks like. */
  text(element) {
    const copy = element.cloneNode(true);
    copy.querySelectorAll("pre, .katex, mjx-container, script").forEach((one) => one.remove());
    return copy.innerText;
  },

  /** Give the fragments that lead into the notebook. */
  fragments() {
    const { node } = this.notebook();
    const ids = (name) => [...node.querySelectorAll(`[${name}]`)].map((one) => one.getAttribute(name));
    return [...ids("id"), ...ids("data-jupyter-id")];
  },

  /** Give the links as [words, page, fragment]; the page is "" within the notebook, and undefined elsewhere. */
  links(element) {
    const anchors = [...element.querySelectorAll("a")].filter((one) => !one.innerText.startsWith("¶")
      && !one.getAttribute("title")?.startsWith("Link to this"));
    return anchors.map((one) => {
      const href = one.getAttribute("href") ?? "";
      if (href.startsWith("#")) return [one.innerText.trim(), "", decodeURIComponent(href.slice(1))];
      const { origin, pathname, hash } = new URL(href, location.href);
      const page = origin === location.origin ? pathname.replace("/files/book/", "") : undefined;
      return [one.innerText.trim(), page, decodeURIComponent(hash.slice(1))];
    });
  },

  isVisible: (element) => Boolean(element?.checkVisibility()),

  /** Count what is not as the page has it. */
  survey() {
    const seen = { fences: 0, roles: 0, labels: 0, formulas: 0, links: [], figures: 0, missing: 0, answers: 0 };
    for (const cell of this.notebook().widgets) {
      if (cell.model.type === "markdown") {
        const shown = this.shown(cell);
        const text = this.text(shown);
        const blocks = [...shown.querySelectorAll("pre")].map((one) => one.innerText);
        for (const [, body] of cell.model.sharedModel.source.matchAll(/^```\{[^\n]*\n(.*?)\n```$/gms)) {
          seen.fences += blocks.some((block) => block.includes(body.split("\n")[0]));
        }
        seen.roles += [...text.matchAll(/\{[a-z:]+\}/g)].length
          + shown.querySelectorAll('[title="Citation Not Found"]').length;
        seen.labels += [...text.matchAll(/\([\w-]+\)=/g)].length;
        seen.formulas += shown.querySelectorAll('.katex-display, mjx-container[display="true"]').length;
        seen.links.push(...this.links(shown));
      } else if (cell.model.type === "code") {
        for (let i = 0; i < cell.model.outputs.length; i++) {
          if (!Object.keys(cell.model.outputs.get(i).data).some((mime) => mime.startsWith("image/"))) continue;
          seen.figures += 1;
          const output = cell.node.querySelectorAll(".jp-OutputArea-child")[i];
          seen.missing += !output?.querySelector("img, svg");
        }
        const tags = cell.model.getMetadata("tags") ?? [];
        seen.answers += tags.some((tag) => /^(hide|remove)-/.test(tag))
          && this.isVisible(cell.node.querySelector(".jp-InputArea-editor"));
      }
    }
    return seen;
  },
};
