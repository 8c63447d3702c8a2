"""The words of the interface: one catalogue for each language, a JSON file beside this one.

Another language is another file, with the same keys as ``en.json``. What an explorer says about its subject
is not here: it stands in the explorer's definition.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path

__all__ = ["CATALOGUES", "LANGUAGE_VARIABLE", "catalogue", "language", "phrase"]

LANGUAGE_VARIABLE = "GATE_BY_GATE_LANGUAGE"
"""The environment variable that names the language; English if it is not set."""

CATALOGUES = Path(__file__).parent
"""Where the catalogues stand."""


def language() -> str:
    """Return the language of the interface: ``"en"`` unless the environment names another."""
    return os.environ.get(LANGUAGE_VARIABLE, "en")


def catalogue(language: str) -> dict[str, str]:
    """Return the texts of a language by their keys, complete: a key that it lacks is said in English.

    Raises:
        ValueError: there is no such catalogue, or it has keys that English has not.
    """
    return _read(CATALOGUES, language)


@cache
def _read(folder: Path, language: str) -> dict[str, str]:
    file = folder / f"{language}.json"
    if not file.exists():
        known = sorted(one.stem for one in folder.glob("*.json"))
        raise ValueError(f"expected a language out of {known}, or a file {file.name}; got {language!r}")
    texts: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    english = texts if language == "en" else _read(folder, "en")
    strange = sorted(set(texts) - set(english))
    if strange:
        raise ValueError(f"{file.name} must have the keys of en.json; got also {', '.join(strange)}")
    return {**english, **texts}


def phrase(key: str, **values: object) -> str:
    """Return a text of the interface, with values in its fields."""
    return catalogue(language())[key].format(**values)
