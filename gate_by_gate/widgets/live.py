"""The live host: an explorer as an ipywidgets widget, computed by torch as its controls move."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, ClassVar

import traitlets

from gate_by_gate.widgets.controls import Control, key_of
from gate_by_gate.widgets.definition import Definition
from gate_by_gate.widgets.embedding import module_source
from gate_by_gate.widgets.publishable import Publishable
from gate_by_gate.widgets.texts import phrase

__all__ = ["Explorer"]


def control_trait(control: Control) -> traitlets.TraitType:
    """Make the synchronised trait of a control."""
    kinds = {bool: traitlets.Bool, int: traitlets.Int, str: traitlets.Unicode}
    told = phrase("control_help", label=control.label)
    return kinds[type(control.default)](control.default, help=told).tag(sync=True)


class Explorer(Publishable):
    """An explorer as a widget. A subclass names a definition, and gets a trait for each of its controls.

    Moving a control in the notebook, or setting its trait in Python (``explorer.reduction = 8``), computes
    the parts that depend on it. A trait takes every value that the block itself accepts, also one that the
    published page does not offer.

    Args:
        tab: the name of the panel that is in view; by default the first.
        **setting: where the controls start; each defaults to the definition's default.

    Raises:
        TypeError: a keyword is not a control.
        traitlets.TraitError: there is no such tab, or the block refuses a value, in the block's own words.
    """

    definition: ClassVar[Definition]

    module = "explorer"
    _esm = module_source("explorer")
    tab: traitlets.Enum[str]
    spec = traitlets.Dict().tag(sync=True)
    parts = traitlets.Dict().tag(sync=True)
    code = traitlets.Unicode(help="the Python that computes what is on screen").tag(sync=True)
    refusal = traitlets.Unicode(help="why the last move of a control was refused; empty if it was not").tag(
        sync=True
    )

    def __init_subclass__(cls, **keywords: Any) -> None:
        """Give a class that names a definition the traits of its controls."""
        if "definition" in vars(cls):
            for name, control in cls.definition.controls.items():
                trait = control_trait(control)
                trait.class_init(cls, name)
                setattr(cls, name, trait)
            tabs = [panel.name for panel in cls.definition.panels]
            tab = traitlets.Enum(tabs, tabs[0], help=phrase("tab_help")).tag(sync=True)
            tab.class_init(cls, "tab")
            cls.tab = tab
        super().__init_subclass__(**keywords)

    def __init__(self, *, tab: str | None = None, **setting: Any) -> None:
        controls = self.definition.controls
        unknown = sorted(set(setting) - set(controls))
        if unknown:
            raise TypeError(f"expected controls out of {sorted(controls)}; got {unknown}")
        start = self.definition.defaults | setting
        self._computed: dict[tuple[str, str, str], dict[str, object]] = {}
        super().__init__(
            spec=self.definition.spec() | {"start": start},
            parts=self._checked(start),
            code=self._write_code(start),
            **({} if tab is None else {"tab": tab}),
            **start,
        )
        self._register_validator(self._accept, list(controls))
        self.observe(self._recompute, list(controls))

    def __setattr__(self, name: str, value: Any) -> None:
        """Set a control, or whatever else the class has; a slip of the pen would otherwise move nothing.

        Raises:
            AttributeError: there is nothing of this name.
        """
        if not (name.startswith("_") or hasattr(type(self), name)):
            close = get_close_matches(name, self.definition.controls, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            known = ", ".join(self.definition.controls)
            raise AttributeError(f"expected a control out of {known}; got {name!r}{hint}")
        super().__setattr__(name, value)

    @property
    def setting(self) -> dict[str, Any]:
        """The value of every control."""
        return {name: getattr(self, name) for name in self.definition.controls}

    @property
    def record(self) -> dict[str, dict[str, object]]:
        """What is on screen, as the data of every part at the present setting."""
        return {name: next(iter(entries.values())) for name, entries in self.parts.items()}

    def _compute(self, setting: dict[str, Any]) -> dict[str, dict[str, dict[str, object]]]:
        """Compute the parts of a setting, each under its key; what was computed before is remembered."""
        computed = {}
        for part in self.definition.parts.values():
            key = part.key(setting)
            # A view control may have a value here that no page publishes, and the data then hold it too.
            memory = part.name, key, key_of(part.view_controls, setting)
            if memory not in self._computed:
                self._computed[memory] = part.data(setting)
            computed[part.name] = {key: self._computed[memory]}
        return computed

    def _checked(self, setting: dict[str, Any]) -> dict[str, dict[str, dict[str, object]]]:
        """Compute the parts of a setting; what a block refuses is a ``TraitError`` in the block's words."""
        try:
            for name, control in self.definition.controls.items():
                control.check(setting[name])
            return self._compute(setting)
        except (TypeError, ValueError) as error:
            raise traitlets.TraitError(str(error)) from error

    def _accept(self, owner: Explorer, proposal: dict[str, Any]) -> Any:
        """Refuse a value that the record cannot be computed for, so that a trait never holds one."""
        name, value = proposal["trait"].name, proposal["value"]
        self._checked(self.setting | {name: value})
        return value

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take over what the front end has moved; put back what a block refuses, and say why."""
        try:
            super().set_state(sync_data)
        except traitlets.TraitError as error:
            # Only now are the traits rolled back to what they were, and free to be sent.
            self.refusal = str(error)
            self.send_state(list(sync_data))
        else:
            self.refusal = ""

    def _recompute(self, change: dict[str, Any]) -> None:
        self.parts = self._compute(self.setting)
        self.code = self._write_code(self.setting)

    def _write_code(self, setting: dict[str, Any]) -> str:
        return self.definition.code(setting) if self.definition.code else ""

    def describe(self) -> str:
        """Return what a page shows where JavaScript is off."""
        return phrase("no_script", question=self.definition.question)

    def __repr__(self) -> str:
        """Say what is on screen, without a memory address, so that a stored output can be compared."""
        # The tab only where it is not the first, so that a stored output does not change with a new tab.
        tab = {"tab": self.tab} if self.tab != self.definition.panels[0].name else {}
        given = ", ".join(f"{name}={value!r}" for name, value in {**self.setting, **tab}.items())
        return f"{type(self).__name__}({given})"

    def stored_values(self) -> dict[str, Any]:
        """Return the record of every published setting, and the setting to open with."""
        payload = self.definition.payload()
        spec = payload["spec"] | {"start": self.setting, "tab": self.tab}
        return payload | {"spec": spec, "tab": self.tab} | self.setting
