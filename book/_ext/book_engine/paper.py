"""Paper: a page is printed in the colours of light mode, whatever its reader has on the screen.

In each style sheet, the rules for dark mode are kept from paper, and those for light mode hold on paper in
both modes. This is done by style sheets alone, so that a page without scripts, and a browser that prints by a
command, do the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tinycss2
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from book_engine.output import sheets

__all__ = ["light_on_paper"]

_DARK = re.compile(r"""\[data-(?:bs-)?theme=["']?dark["']?\]""")
_LIGHT = re.compile(r"""\[data-((?:bs-)?theme)=["']?light["']?\]""")
_NESTING = ("media", "supports", "layer", "container")


def _selectors(prelude: list[Any]) -> Iterator[str]:
    """Split a list of selectors at its commas, but not at those inside brackets."""
    selector: list[Any] = []
    for token in [*prelude, ","]:
        if token == ",":
            yield tinycss2.serialize(selector).strip()
            selector = []
        else:
            selector.append(token)


def _rules(rules: list[Any], paper: list[str]) -> Iterator[str]:
    """Yield the rules of a sheet, dark mode's kept from paper; put copies of light mode's into ``paper``."""
    for rule in rules:
        if rule.type == "at-rule" and rule.content is not None and rule.lower_at_keyword in _NESTING:
            inside: list[str] = []
            inner = "".join(_rules(tinycss2.parse_rule_list(rule.content), inside))
            condition = f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}"
            yield f"{condition}{{{inner}}}"
            paper += [f"{condition}{{{copy}}}" for copy in inside]
            continue
        css = rule.serialize()
        if rule.type != "qualified-rule" or not (_DARK.search(css) or _LIGHT.search(css)):
            yield css
            continue
        selectors = list(_selectors(rule.prelude))
        content = f"{{{tinycss2.serialize(rule.content)}}}"
        dark = [selector for selector in selectors if _DARK.search(selector)]
        if others := [selector for selector in selectors if selector not in dark]:
            yield ",".join(others) + content
        if dark:
            yield f"@media not print{{{','.join(dark)}{content}}}"
        if light := [selector for selector in selectors if _LIGHT.search(selector)]:
            # As specific as it was, so that it gives way to what it gave way to.
            paper.append(",".join(_LIGHT.sub(r"[data-\1=dark]", selector) for selector in light) + content)


def light_on_paper(css: str) -> str:
    """Return a style sheet by which paper has the colours of light mode in dark mode, too."""
    paper: list[str] = []
    screen = "".join(_rules(tinycss2.parse_stylesheet(css), paper))
    return screen + (f"@media print{{{''.join(paper)}}}" if paper else "")


def _light_on_paper(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.name != "html":
        return
    for sheet in sheets(Path(app.outdir)):
        css = sheet.read_text("utf-8")
        if _DARK.search(css) or _LIGHT.search(css):
            sheet.write_text(light_on_paper(css), "utf-8")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Change the style sheets before those rules of them are cut that no page uses."""
    app.connect("build-finished", _light_on_paper, priority=790)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
