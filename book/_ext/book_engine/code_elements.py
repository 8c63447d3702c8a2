"""Code elements: of highlighted code, an element stands for what has a colour of its own, and only for that.

Pygments writes an element for every name, bracket and space; they are most of the elements of a page, and
many look like text without one. Those go, and what has one colour, side by side, stands in one element.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from book_engine.output import pages

__all__ = ["coloured_only", "looks"]

_RULE = re.compile(r"([^{}]*)\{([^{}]*)\}")
_SELECTOR = re.compile(r"^(.*)\.highlight(?: \.(\w+))?$")
_CODE = re.compile(r'(<div class="highlight"><pre>)(.*?)(</pre></div>)', re.DOTALL)
_TOKEN = re.compile(r'<span(?: class="(\w+)")?>([^<>]*)</span>|([^<]+)')


def looks(css: str) -> dict[str, str]:
    """Return for each class of highlighted code the first that looks the same; nothing if it looks like text.

    Args:
        css: the style sheet that Sphinx writes for the two themes.
    """
    colours: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for selectors, declarations in _RULE.findall(re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)):
        for selector in selectors.split(","):
            if found := _SELECTOR.match(selector.strip()):
                style = {
                    name.strip(): value.strip()
                    for name, _, value in (
                        one.partition(":") for one in declarations.split(";") if ":" in one
                    )
                }
                if not found[2]:
                    style = {name: value for name, value in style.items() if name != "background"}
                colours[found[2] or ""][found[1]] = repr(sorted(style.items()))
    first: dict[str, str] = {repr(sorted(colours.get("", {}).items())): ""}
    return {
        name: first.setdefault(repr(sorted(styles.items())), name) for name, styles in colours.items() if name
    }


def coloured_only(page: str, look: dict[str, str]) -> str:
    """Return a page whose code has an element only where its look changes."""

    def shorter(code: re.Match[str]) -> str:
        tokens: list[tuple[str, str]] = []
        at = 0
        for token in _TOKEN.finditer(code[2]):
            if token.start() != at:  # an element in an element, such as a link: as it is
                return code[0]
            at = token.end()
            name = look.get(token[1], "") if token[1] else ""
            text = token[3] if token[2] is None else token[2]
            if tokens and (tokens[-1][0] == name or not text.strip()):  # space has no colour
                tokens[-1] = (tokens[-1][0], tokens[-1][1] + text)
            elif text:
                tokens.append((name, text))
        if at != len(code[2]):
            return code[0]
        written = "".join(f'<span class="{name}">{text}</span>' if name else text for name, text in tokens)
        return f"{code[1]}{written}{code[3]}"

    return _CODE.sub(shorter, page)


def _shorten(app: Sphinx, error: Exception | None) -> None:
    sheet = Path(app.outdir, "_static", "pygments.css")
    if error or app.builder.name != "html" or not sheet.is_file():
        return
    look = looks(sheet.read_text("utf-8"))
    for page in pages(Path(app.outdir)):
        text = page.read_text("utf-8")
        if (shorter := coloured_only(text, look)) != text:
            page.write_text(shorter, "utf-8")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Shorten the pages before the style sheets lose the rules that match nothing."""
    app.connect("build-finished", _shorten, priority=750)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
