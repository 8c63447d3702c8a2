"""Exercises that check themselves: predict a number or a choice, then see at once whether it holds.

The answer is computed in the notebook, by the code that the chapter is about, so it cannot go stale.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import traitlets

from gate_by_gate.widgets.embedding import module_source
from gate_by_gate.widgets.publishable import Publishable

__all__ = ["Exercise", "choose", "predict"]


class Exercise(Publishable):
    """A question with an answer field and feedback; made by :func:`predict` and :func:`choose`."""

    module = "exercise"
    _esm = module_source("exercise")
    spec = traitlets.Dict().tag(sync=True)

    def __init__(self, spec: dict[str, Any]) -> None:
        super().__init__(spec=spec)

    def __repr__(self) -> str:
        """Give the question and a fingerprint of everything else.

        The fingerprint makes a stored output change when an answer does, without giving the answer away.
        """
        canonical = json.dumps(self.spec, sort_keys=True, ensure_ascii=False)
        return f"{self.spec['question']} [{hashlib.sha256(canonical.encode()).hexdigest()[:8]}]"

    def describe(self) -> str:
        """Return the question."""
        return str(self.spec["question"])

    def stored_values(self) -> dict[str, Any]:
        """Return the one value that the module reads."""
        return {"spec": self.spec}


def predict(
    question: str,
    answer: float,
    *,
    because: str,
    within: float = 0,
    unit: str = "",
    hints: Mapping[float, str] | None = None,
) -> Exercise:
    """Ask for a number.

    Args:
        question: one sentence, in plain text.
        answer: the number, computed where the exercise stands.
        because: what a reader sees under a right answer.
        within: how far an answer may be off; 0 asks for the exact number.
        unit: written behind the answer field.
        hints: for each likely wrong answer, what probably went wrong.

    Raises:
        ValueError: ``within`` is negative, or a hint would be given for a right answer.
    """
    if within < 0:
        raise ValueError(f"`within` must be at least 0; got {within}")
    hints = hints or {}
    for wrong in hints:
        if abs(wrong - answer) <= within:
            raise ValueError(f"a hint is given for {wrong}, which is right: the answer is {answer}")
    return Exercise(
        {
            "kind": "number",
            "question": question,
            "answer": answer,
            "within": within,
            "unit": unit,
            "hints": [{"value": wrong, "text": text} for wrong, text in hints.items()],
            "because": because,
        }
    )


def choose(question: str, options: Mapping[str, str], answer: str) -> Exercise:
    """Ask for one of several options.

    Args:
        question: one sentence, in plain text.
        options: each option, and what a reader sees on choosing it.
        answer: the right option.

    Raises:
        ValueError: ``answer`` is not an option.
    """
    if answer not in options:
        raise ValueError(f"`answer` must be one of {list(options)}; got {answer!r}")
    pairs = [{"text": text, "feedback": feedback} for text, feedback in options.items()]
    return Exercise({"kind": "choice", "question": question, "options": pairs, "answer": answer})
