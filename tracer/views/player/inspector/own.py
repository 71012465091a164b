"""The gradients that a program computes itself, beside the true ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from tracer.graph.own_gradients import agreement_in
from tracer.graph.record import Step
from tracer.views.own_gradients import change_of


def own_gradients(step: Step) -> dict[str, list[Any]]:
    """How the gradient that the program has of a value compares with the true one, by the id of the value.

    `same`, `times`, `differs`, or `unknown` where values are missing; the factor; the largest difference and its position; and
    "add" or "subtract" where the program changes a parameter by it as it is.
    """
    return {str(value): _compared(step, value) for value in step.own_gradients}


def _compared(step: Step, value: int) -> list[Any]:
    found = agreement_in(step, value)
    if found is None:
        return ["unknown", None, None, 0, ""]
    verdict = "same" if found.is_same else "differs" if found.factor is None else "times"
    own, true = (step.nodes[id].value for id in (step.own_gradients[value], step.gradients[value]))
    difference, at = None, 0
    if own.size == true.size and own.size and own.dtype.kind in "fiub":
        with np.errstate(all="ignore"):
            distances = np.abs(own.ravel().astype(np.float64) - true.ravel())
        at = int(np.argmax(np.where(np.isnan(distances), np.inf, distances)))
        difference = float(distances[at])
    return [verdict, found.factor, difference, at, change_of(step, value)]
