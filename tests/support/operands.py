"""The number that an element of a page is said to be made of, computed from what the page says."""

from __future__ import annotations

from typing import Any

import numpy as np

from tracer.graph.record import Step
from tracer.ops import registry

NAMES = {
    "abs": np.abs, "exp": np.exp, "log": np.log, "sqrt": np.sqrt, "square": np.square, "where": np.where, "max": max,
    "logaddexp": np.logaddexp, "erf": registry.named("erf").value, "tanh": np.tanh,
}  # fmt: skip


def number(step: Step, operand: Any) -> float:
    if not isinstance(operand, list):
        return float(operand)
    id, at = operand
    return float(step.nodes[id].value.ravel()[at])


def given_by(step: Step, worked: dict[str, Any]) -> float | None:
    """The number that an element is said to be; None if terms are left out."""
    if "moved" in worked:
        return number(step, worked["moved"])
    if "terms" in worked:
        products = [float(np.prod([number(step, factor) for factor in term])) for term in worked["terms"]]
        return max(products) if worked.get("isExtreme") else sum(products) / worked.get("divisor", 1)
    if any(isinstance(piece, dict) for piece in worked["pieces"]):
        return None
    text = "".join(piece if isinstance(piece, str) else f"({number(step, piece)!r})" for piece in worked["pieces"])
    return float(eval(text, {}, NAMES))
