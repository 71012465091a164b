"""The derivative of an activation, as text."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from tracer.programs.gradients.attempts import Attempt
from tracer.programs.gradients.places.derivatives import input_of_activation

_TEXTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "(1 - {name} ** 2)": lambda h: 1 - h**2,
    "{name} * (1 - {name})": lambda h: h * (1 - h),
    "({name} > 0)": lambda h: (h > 0).astype(float),
}
"""By the text, what it computes: tanh, sigmoid, ReLU, of their results."""


def derivative_texts(attempt: Attempt, id: int, name: str) -> Iterator[str]:
    """The texts that are the derivative of an activation in all steps; `id` is its result in the first step, with that name."""
    tape, steps = attempt.gradients.tape, attempt.gradients.looked
    source = input_of_activation(tape, steps[0], id)
    if source is None:
        return
    outer, inner = steps[0].labels[id], steps[0].labels.get(source)
    for text, derivative in _TEXTS.items():
        is_right = bool(steps)
        for looked in steps:
            at, before = looked.ids.get(outer), looked.ids.get(inner) if inner is not None else None
            above = None if at is None else looked.truth.totals.get(at)
            below = None if before is None else looked.truth.totals.get(before)
            if at is None or above is None or below is None or above.shape != below.shape:
                is_right = False
                break
            slope = derivative(tape.value(at).astype(np.float64))
            is_right = is_right and bool(
                np.allclose(above * slope, below, rtol=1e-6, atol=1e-9 * float(np.abs(below).max(initial=0)))
            )
        if is_right:
            yield text.format(name=name)
