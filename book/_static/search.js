// The results of a search: for each page that Sphinx's index finds, the sections that hold the words, quoted. The texts
// come with the search page, in searchtexts.js, so that it fetches nothing and works in a folder on disk.

(() => {
  const MOST_SECTIONS = 3; // of a page
  const AROUND = 110; // characters that an excerpt has on either side of the first word found

  /** Return an expression that finds each of the words, or what begins with its stem. */
  function expression(searched, typed) {
    const stems = [...new Set([...typed, ...searched])].map((word) =>
      word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"),
    );
    return new RegExp(`(?<![\\p{L}\\p{N}])(?:${stems.join("|")})[\\p{L}\\p{N}]*`, "giu");
  }

  /** Count how many different words of a search a text holds, and how often it holds any. */
  function hits(text, words) {
    const found = [...text.matchAll(words.any)].map(([word]) => word.toLowerCase());
    const kinds = words.typed.filter((typed) => found.some((word) => sameStem(word, typed, words.searched)));
    return { kinds: kinds.length, times: found.length };
  }

  function sameStem(word, typed, searched) {
    return word.startsWith(typed) || searched.some((stem) => typed.startsWith(stem) && word.startsWith(stem));
  }

  /** Return the sections of a page that hold most of the words, best first. */
  function best(page, words) {
    const scored = (SEARCH_TEXTS[page] ?? []).map(([anchor, title, text]) => {
      const inTitle = hits(title, words);
      const inAll = hits(`${title} ${text}`, words);
      return {
        anchor,
        title,
        text,
        score: 100 * inAll.kinds + 20 * inTitle.kinds + Math.min(inAll.times, 19),
      };
    });
    const most = Math.max(0, ...scored.map(({ score }) => Math.floor(score / 100)));
    return scored
      .filter(({ score }) => most && score >= 100 * most)
      .sort((one, other) => other.score - one.score)
      .slice(0, MOST_SECTIONS);
  }

  /** Write the part of a text around its first hit, cut at words, with every hit marked. */
  function excerpt(text, words) {
    const first = text.search(words.any);
    let begin = Math.max(0, first - AROUND);
    let end = Math.min(text.length, Math.max(first, 0) + AROUND);
    if (begin) begin = text.indexOf(" ", begin) + 1;
    if (end < text.length) end = Math.max(text.lastIndexOf(" ", end), first + 1);
    const quoted = text.slice(begin, end);
    const line = document.createElement("p");
    line.className = "context";
    if (begin) line.append("… ");
    line.append(...marked(quoted, words), end < text.length ? " …" : "");
    return line;
  }

  /** Split a text into its hits, marked, and what stands between them. */
  function marked(text, words) {
    const parts = [];
    let at = 0;
    for (const { 0: word, index } of text.matchAll(words.any)) {
      const mark = document.createElement("mark");
      mark.textContent = word;
      parts.push(text.slice(at, index), mark);
      at = index + word.length;
    }
    return [...parts, text.slice(at)];
  }

  function link(page, anchor, ...text) {
    const element = document.createElement("a");
    element.href = `${page}${DOCUMENTATION_OPTIONS.LINK_SUFFIX}${anchor && `#${anchor}`}`;
    element.append(...text);
    return element;
  }

  /** Return the text of a piece of HTML. */
  function plain(html) {
    return new DOMParser().parseFromString(html, "text/html").body.textContent ?? "";
  }

  /** Show a page with its sections, or a documented object. */
  function show([page, title, anchor, description], words) {
    const entry = document.createElement("li");
    const found = best(page, words);
    if (description) {
      entry.append(link(page, anchor.replace(/^#/, ""), plain(title)), ` (${plain(description)})`);
    } else {
      const [whole] = SEARCH_TEXTS[page] ?? [["", plain(title), ""]];
      entry.append(link(page, "", ...marked(whole[1], words)));
      for (const section of found) {
        if (section.anchor !== whole[0]) {
          const heading = document.createElement("p");
          heading.className = "section";
          heading.append(link(page, section.anchor, ...marked(section.title, words)));
          entry.append(heading);
        }
        entry.append(excerpt(section.text, words));
      }
      if (!found.length)
        entry.append(Object.assign(document.createElement("p"), { textContent: "In its code." }));
    }
    Search.output.append(entry);
  }

  Search.query = (query) => {
    const [text, searched, excluded, typed, objects] = Search._parseQuery(query);
    const words = {
      any: expression(searched, typed),
      typed: [...typed],
      searched: [...searched],
    };
    const pages = new Set();
    const results = Search._performSearch(text, searched, excluded, typed, objects)
      .reverse()
      .filter(([page, , , description]) => description || (!pages.has(page) && pages.add(page)));
    for (const result of results) show(result, words);
    _finishSearch(results.length);
  };
})();
