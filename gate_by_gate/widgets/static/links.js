// Links of a text that set an explorer, such as `#se:reduction=8`, where the text is a notebook's. On a published page
// they change the address, which host.js follows; JupyterLab does not let them.

/**
 * Follow the links that name an explorer, the first that is in view of those with its name; return what ends it.
 * @param {HTMLElement} figure
 * @param {string} name
 * @param {(said: URLSearchParams) => void} go puts the explorer where a link says
 */
export function followLinks(figure, name, go) {
  /** @param {MouseEvent} event */
  function follow(event) {
    const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
    const fragment = link?.getAttribute("href")?.split("#")[1] ?? "";
    if (!fragment.startsWith(`${name}:`)) return;
    const namesakes = [...document.querySelectorAll(`figure[data-explorer="${name}"]`)];
    if (namesakes.find((one) => one.checkVisibility()) !== figure) return;
    event.preventDefault();
    event.stopPropagation();
    go(new URLSearchParams(fragment.slice(name.length + 1)));
    figure.scrollIntoView({ block: "nearest" });
  }
  document.addEventListener("click", follow, true);
  return () => document.removeEventListener("click", follow, true);
}
