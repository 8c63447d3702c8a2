"""The code that a reader can take away: a template whose fields a setting fills."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gate_by_gate.widgets.controls import Control, Value, key_of

__all__ = ["Code"]

_FIELD = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Code:
    """Python that computes what an explorer shows at a setting.

    A page without a kernel fills the template too, with the texts that :meth:`spec` gives it, so there is no
    second place where code is put together.

    Args:
        template: Python with fields: ``{reduction}`` is the Python literal of that control's value.
        words: fields that are written in another way: for each its control, or several, and the function
            from their values to the text.

    Example:
        >>> code = Code("SE(64, reduction={reduction})  # {kind}", {"kind": ("bias", lambda b: "biased" * b)})
        >>> code({"reduction": 4, "bias": True})
        'SE(64, reduction=4)  # biased'
    """

    template: str
    words: Mapping[str, tuple[str | tuple[str, ...], Callable[..., str]]] = field(default_factory=dict)

    def __call__(self, setting: Mapping[str, Value]) -> str:
        """Fill the template."""
        return _FIELD.sub(lambda found: self._text(found[1], setting), self.template)

    def _field(self, name: str) -> tuple[tuple[str, ...], Callable[..., str]]:
        """Return the controls of a field, and how it is written."""
        controls, write = self.words.get(name, (name, repr))
        return (controls,) if isinstance(controls, str) else controls, write

    def _text(self, name: str, setting: Mapping[str, Value]) -> str:
        controls, write = self._field(name)
        return write(*(setting[control] for control in controls))

    def controls(self) -> set[str]:
        """Name the controls that the fields of the template are filled from."""
        return {control for name in _FIELD.findall(self.template) for control in self._field(name)[0]}

    def spec(self, controls: Mapping[str, Control]) -> dict[str, object]:
        """Give the template, and for each field its controls and its text for their published values."""
        fields = {}
        for name in dict.fromkeys(_FIELD.findall(self.template)):
            depends, write = self._field(name)
            settings = [
                dict(zip(depends, values, strict=True))
                for values in itertools.product(*(controls[control].values for control in depends))
            ]
            texts = {key_of(depends, setting): write(*setting.values()) for setting in settings}
            fields[name] = {"depends": list(depends), "texts": texts}
        return {"template": self.template, "fields": fields}
