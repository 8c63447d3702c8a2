"""Where a widget of this package is shown, and what it shows there.

A cell's output depends on who asks, which the environment variable ``GATE_BY_GATE_OUTPUT`` tells:

- unset (a notebook that somebody runs): the live widget;
- ``"page"`` (set by ``sphinx_ext`` while the book is built): the widget's stored values as HTML, which the
  page's script draws without a kernel;
- ``"text"`` (set while stored outputs are written): the text alone, so that notebooks stay small and two runs
  of one notebook give the same file.

Every output carries the same short text, which is what ``pytest --nbval`` compares.
"""

from __future__ import annotations

import html
import itertools
import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from gate_by_gate.widgets import texts

__all__ = [
    "ITEMS",
    "OUTPUT_VARIABLE",
    "REM",
    "ROOM_WIDTHS",
    "STATIC",
    "by_key",
    "link",
    "module_source",
    "output_mode",
    "pack",
    "page_html",
    "share",
    "style_sheet",
]

REM = 16
"""Pixels of a rem, as browsers have it unless a reader has changed it."""

ROOM_WIDTHS = (1280, 375, 412)
"""The widths in pixels at which explorers are measured: a laptop, a phone and a larger phone."""

OUTPUT_VARIABLE = "GATE_BY_GATE_OUTPUT"

STATIC = Path(__file__).parent / "static"
"""The front-end modules and the style sheets that all kinds of items share."""

ITEMS = Path(__file__).parent / "items"
"""The kinds of items, one folder each, with a ``draw.js`` and perhaps a ``style.css``."""

LONG = 100
"""Letters of a text from which on it is worth storing once: of a map, or of the frames of one."""

ByKey: TypeAlias = "list[object] | dict[str, ByKey]"
"""Values as a list, as a dictionary that holds those of each key in the same way, or as of :func:`whole`."""

_IMPORT = re.compile(r'^import \{[^}]*\} from "(\.[\w./]*\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|class) )", re.MULTILINE)
_PHRASE = re.compile(r"\bphrase\(([^()]*?)[,)]")
_QUOTED = re.compile(r'"(\w+)"')
_SHARED = re.compile(r"=\d+")
_TEXTS = "const TEXTS = {};\n"
_COMMENT = re.compile(r"\s*/\*.*?\*/", re.DOTALL)
_NAME = re.compile(r"^(?:async )?(?:function|const|let|class) (\w+)", re.MULTILINE)


def output_mode() -> str:
    """Return ``"live"``, ``"page"`` or ``"text"``.

    Raises:
        ValueError: the environment variable holds something else.
    """
    mode = os.environ.get(OUTPUT_VARIABLE, "live")
    if mode not in ("live", "page", "text"):
        raise ValueError(f"{OUTPUT_VARIABLE} must be 'live', 'page' or 'text'; got {mode!r}")
    return mode


def page_html(
    module: str, values: Mapping[str, object], text: str, room: tuple[float, ...] | None = None
) -> str:
    """Write the element that ``static/host.js`` turns into a widget, and the call that does it.

    The call stands right behind the element, so that the widget is drawn before what follows is laid out.
    Without JavaScript the reader sees ``text``.

    Args:
        module: name of the front-end module: ``"explorer"`` or ``"exercise"``.
        values: what the module reads from its model.
        text: a plain-text equivalent.
        room: the height that the page keeps free until the widget is laid out, in rem, at each of
            ``ROOM_WIDTHS``; a page guesses if it is not known.
    """
    kept = f' style="{_kept(*room)}"' if room else ""
    if isinstance(parts := values.get("parts"), Mapping):
        packed, shared = share({name: pack(entries) for name, entries in parts.items()})
        values = {**values, "parts": packed, **({"shared": shared} if shared else {})}
    # `<` never appears inside the script element, so no label can close it.
    data = json.dumps(values, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
    return (
        f'<div class="attn-host" data-widget="{module}"{kept}>'
        f'<script type="application/json">{data}</script>'
        f"<p>{html.escape(text)}</p></div>"
        "<script>window.attnLib?.mount(document.currentScript.previousElementSibling)</script>"
    )


def _kept(laptop: float, phone: float, large_phone: float) -> str:
    """Write heights as properties of CSS; between two phones, and beyond, the page draws a line."""
    _, narrow, wide = ROOM_WIDTHS
    slope = REM * (large_phone - phone) / (wide - narrow)
    return f"--attn-kept: {laptop}rem; --attn-kept-phone: {phone}rem; --attn-grows: {slope:.2f}"


def pack(entries: Mapping[str, object]) -> dict[str, object]:
    """Store equal entries of a part once; ``static/host.js`` unpacks them.

    Returns:
        Under ``of`` the entries without repetition: those that have the same keys stand together, as
        :func:`by_key` stores them. Under ``at`` for each key the number of its entry. The keys themselves are
        listed under ``keys``; or, if they are all combinations of the values of some controls, those values
        stand under ``axes``, and the last one changes fastest.
    """
    # Keys of different lengths, or a value with a `|` in it, make axes that do not cross to the keys.
    columns = zip(*(key.split("|") for key in entries), strict=False)
    axes = [list(dict.fromkeys(column)) for column in columns]
    crossed = ["|".join(pieces) for pieces in itertools.product(*axes)] == list(entries)
    texts = [json.dumps(entry) for entry in entries.values()]
    alike: dict[object, dict[str, object]] = {}
    for text in dict.fromkeys(texts):
        entry = json.loads(text)
        alike.setdefault(keys_of(entry), {})[text] = entry
    places = {text: place for place, text in enumerate(itertools.chain.from_iterable(alike.values()))}
    return {
        **({"axes": axes} if crossed else {"keys": list(entries)}),
        "of": [by_key(list(group.values())) for group in alike.values()],
        "at": [places[text] for text in texts],
    }


def share(parts: Any) -> tuple[Any, list[str]]:
    """Store long texts that occur more than once only once, be it in different parts.

    Returns:
        The parts with ``"=3"`` in place of the fourth of these texts, and the texts.

    Raises:
        ValueError: a text of the parts is written like that.
    """
    counts = Counter(text for text in strings(parts) if len(text) >= LONG)
    shared = [text for text, count in counts.items() if count > 1]
    if confused := next((text for text in strings(parts) if _SHARED.fullmatch(text)), None):
        raise ValueError(f"expected no text like those that stand for a shared one; got {confused!r}")
    places = {text: f"={place}" for place, text in enumerate(shared)}

    def shortened(value: Any) -> Any:
        if isinstance(value, str):
            return places.get(value, value)
        if isinstance(value, Mapping):
            return {name: shortened(one) for name, one in value.items()}
        return [shortened(one) for one in value] if isinstance(value, list) else value

    return (shortened(parts) if shared else parts), shared


def strings(value: Any) -> Iterator[str]:
    """Yield every text of nested lists and dictionaries."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | Mapping):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from strings(one)


def keys_of(value: object) -> object:
    """Return the keys of a dictionary, with those of its values; and of anything else whether it is there."""
    if isinstance(value, Mapping):
        return tuple((name, keys_of(one)) for name, one in value.items())
    return value is not None


def by_key(values: Sequence[object]) -> ByKey:
    """Turn a list of dictionaries into a dictionary of lists, where they all have the same keys.

    ``[{"a": 2, "b": 3}, {"a": 5, "b": 7}]`` becomes ``{"a": [2, 5], "b": [3, 7]}``, and the lists in it are
    treated alike; any other list stays as it is, but for its numbers, see :func:`whole`. What is alike then
    stands together, which a page compresses better: that of CBAM by a tenth.
    """
    first = values[0] if values else None
    if not isinstance(first, Mapping) or not first:
        return whole(values)
    rows = [value for value in values if isinstance(value, Mapping) and value.keys() == first.keys()]
    if len(rows) < len(values):
        return list(values)
    return {name: by_key([row[name] for row in rows]) for name in first}


def whole(values: Sequence[object]) -> ByKey:
    """Store numbers with up to three decimals, or lists of them, as whole numbers.

    ``[0.25, 3]`` becomes ``{"/100": [25, 300]}``, which says the decimal point once. Whatever else the list
    holds, it stays as it is; so does one of whole numbers.
    """
    numbers = list(leaves(values))
    if any(isinstance(one, float) for one in numbers) and all(type(one) in (int, float) for one in numbers):
        for factor in (10, 100, 1000):
            if all(round(one * factor) / factor == one for one in numbers):
                return {f"/{factor}": scaled(values, factor)}
    return list(values)


def leaves(value: Any) -> Iterator[Any]:
    """Yield whatever nested lists hold."""
    if isinstance(value, list):
        for one in value:
            yield from leaves(one)
    else:
        yield value


def scaled(value: Any, factor: int) -> Any:
    """Multiply the numbers of nested lists, and round them."""
    return [scaled(one, factor) for one in value] if isinstance(value, list) else round(value * factor)


def module_source(name: str) -> str:
    """Return a front-end module and all that it needs as one ES module without imports.

    An explorer needs the drawings of every kind of item, which it does not import: a kind is found by its
    folder.

    Args:
        name: the file in ``static``, without its ending.

    Raises:
        ValueError: as in :func:`link`, or a file exports or imports in another form than the house's.
    """
    drawings = sorted(ITEMS.glob("*/draw.js")) if name == "explorer" else []
    linked = link(*drawings, STATIC / f"{name}.js")
    loose = [line for line in linked.splitlines() if line.startswith(("import ", "export "))]
    if loose != ["export default { render };"]:
        raise ValueError(f"{name}.js must export `{{ render }}` as its default and nothing else; got {loose}")
    return linked


def link(*files: Path) -> str:
    """Return front-end files and all that they import as one source without imports.

    The files share one scope then, so no two of them may declare the same name at their top level, and none
    may rename what it imports. The texts that they show come from the catalogue of the language.

    Raises:
        ValueError: two files declare one name, or a text is not in the catalogue.
    """
    pieces: dict[Path, str] = {}

    def collect(file: Path) -> None:
        source = file.read_text(encoding="utf-8")
        for imported in _IMPORT.findall(source):
            if (needed := (file.parent / imported).resolve()) not in pieces:
                collect(needed)
        pieces[file] = _EXPORT.sub("", _IMPORT.sub("", source))

    for file in files:
        if (file := file.resolve()) not in pieces:
            collect(file)
    name, linked = files[-1].stem, "\n".join(pieces.values())
    declared = _NAME.findall(linked)
    twice = sorted({one for one in declared if declared.count(one) > 1})
    if twice:
        raise ValueError(f"the files of {name}.js declare more than once: {', '.join(twice)}")
    shown = json.dumps(texts_of(name, linked), ensure_ascii=False)
    return linked.replace(_TEXTS, f"const TEXTS = {shown};\n")


def texts_of(name: str, source: str) -> dict[str, str]:
    """Return the texts that the source of a module shows, in the language of the interface."""
    known = texts.catalogue(texts.language())
    keys = {key for argument in _PHRASE.findall(source) for key in _QUOTED.findall(argument)}
    if unknown := sorted(keys - known.keys()):
        raise ValueError(f"{name}.js shows texts that no catalogue has: {', '.join(unknown)}")
    return {key: text for key, text in known.items() if key in keys}


def style_sheet() -> str:
    """Return the style sheet of explorers and exercises: what all share, then the kinds of items in turn.

    Comments are left out.
    """
    shared = [STATIC / f"{name}.css" for name in ("frame", "plate", "exercise")]
    files = [*shared, *sorted(ITEMS.glob("*/style.css"))]
    return "\n".join(_COMMENT.sub("", file.read_text(encoding="utf-8")) for file in files)
