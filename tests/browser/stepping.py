"""Moves the controls of the explorers of the built book, one step after another."""

from __future__ import annotations

from pathlib import Path

STEPS = """(figure) => [...figure.querySelectorAll("input, select")].flatMap((control) => {
    if (!control.closest(".attn-control, .attn-board").checkVisibility()) return [];  // another tab's
    if (control.type === "radio") return [() => control.click()];
    const [positions, event] = control.matches("select")
        ? [control.options.length, "change"] : [Number(control.max) + 1, "input"];
    return Array.from({ length: positions }, (_, at) => () => {
        control.value = at;
        control.dispatchEvent(new Event(event, { bubbles: true }));
    });
})"""
"""Gives one function for each value of each control of the tab in view, which moves it there."""

ALL_LAID_OUT = ".attn-host { content-visibility: visible !important; }"
"""Rules that lay out what is far from the screen, too, which a page leaves for later."""


def pages_with_explorers(book: Path) -> list[Path]:
    """Return the pages of a built book that hold an explorer."""
    pages = sorted(book.rglob("*.html"))
    return [path for path in pages if 'data-widget="explorer"' in path.read_text(encoding="utf-8")]
