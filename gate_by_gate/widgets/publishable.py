"""A widget that can be published: live in a notebook, stored values in a page, text in a stored output."""

from __future__ import annotations

from typing import Any, ClassVar

try:
    import anywidget
except ModuleNotFoundError as error:
    raise ImportError("explorers and exercises need anywidget: pip install -r requirements.txt") from error

from gate_by_gate.widgets.embedding import output_mode, page_html, style_sheet

__all__ = ["Publishable"]


class Publishable(anywidget.AnyWidget):
    """A widget with a front-end module in ``static``, a text and the values that a page stores.

    A subclass names its ``module`` and overrides :meth:`__repr__` (short, the same in every run),
    :meth:`describe` and :meth:`stored_values`.
    """

    module: ClassVar[str]
    room: ClassVar[tuple[float, ...] | None] = None
    """The height that a page keeps free until the widget is laid out, in rem: on a laptop, on a phone."""
    _css = style_sheet()

    def stored_values(self) -> dict[str, Any]:
        """Return everything that the module reads from its model."""
        raise NotImplementedError

    def describe(self) -> str:
        """Return what a page shows where JavaScript is off."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        text = repr(self)
        mode = output_mode()
        if mode == "text":
            return {"text/plain": text}
        if mode == "page":
            page = page_html(self.module, self.stored_values(), self.describe(), self.room)
            return {"text/plain": text, "text/html": page}
        displayed = super()._repr_mimebundle_(**kwargs)
        # ipywidgets returns the data alone, anywidget the data and its metadata.
        data, metadata = displayed if isinstance(displayed, tuple) else (displayed or {}, {})
        return {**data, "text/plain": text}, metadata
