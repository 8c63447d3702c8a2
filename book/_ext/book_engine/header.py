"""The buttons above a page: one row of plain links instead of menus that need a script to open."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

__all__ = ["flatten"]


def flatten(buttons: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Replace every menu by its entries, as buttons of their own.

    The first entry takes over the menu's icon, and an entry without a label of its own the menu's label. Only
    what launches the page keeps its text; the others are icons that their tooltips name. A logo would be as
    large as its file, so a cloud stands in its place.
    """
    row = []
    for button in buttons:
        if button["type"] != "group":
            row.append(button)
            continue
        for position, entry in enumerate(button["buttons"]):
            label = entry.get("label", button["label"])
            text = entry["text"] if button["label"] == "launch-buttons" else None
            icon = button["icon"] if position == 0 else entry["icon"]
            icon = icon if icon.startswith("fa") else "fas fa-cloud"
            row.append({**entry, "label": label, "icon": icon, "text": text})
    return row


def _flatten_menus(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    context["header_buttons"] = flatten(context["header_buttons"])


def setup(app: Sphinx) -> ExtensionMetadata:
    """Flatten the menus after the theme, at priority 501, has filled them."""
    app.connect("html-page-context", _flatten_menus, priority=502)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
