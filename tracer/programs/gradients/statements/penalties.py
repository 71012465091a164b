"""The gradient of a penalty of the weights that is missing, as text: `lam * w`, `2 * lam * w`, `lam / n * w`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from tracer.programs.gradients.attempts import Attempt
from tracer.programs.gradients.places.locating import Spot

MAX_FORMS = 3
"""Products for one number."""

CLOSE = 1e-6
"""Relative difference of a result, with the term, from a factor times the gradient."""


def missing_terms(attempt: Attempt, spot: Spot, numbers: Mapping[str, float], name: str) -> Iterator[str]:
    """Terms in the parameter, or in its sign, with which the result of a statement is the gradient in all steps.

    `numbers` are those of the program by their text, `name` is that of the parameter.
    """
    tape, steps = attempt.gradients.tape, attempt.gradients.looked
    label = steps[0].labels.get(spot.result)
    if label is None or any(label not in looked.ids or looked.before[spot.root] not in looked.truth.totals for looked in steps):
        return
    results = [tape.value(looked.ids[label]).astype(np.float64) for looked in steps]
    parameters = [tape.value(looked.before[spot.root]).astype(np.float64) for looked in steps]
    truths = [np.asarray(looked.truth.totals[looked.before[spot.root]], np.float64) for looked in steps]
    if any(not one.shape == other.shape == third.shape for one, other, third in zip(results, parameters, truths, strict=True)):
        return
    module = _module_of(tape.source(str(tape.record.path)))
    for form, values in (("{name}", parameters), (f"{module}.sign({{name}})", [np.sign(each) for each in parameters])):
        weight = _weight(results, truths, values)
        if weight is None:
            continue
        for text in _products(weight, numbers):
            yield f"{text}{form.format(name=name)}"


def _weight(results: list[np.ndarray], truths: list[np.ndarray], values: list[np.ndarray]) -> float | None:
    """What the values have to be multiplied by for a sum with the results to be a positive factor times the gradients."""
    wanted, true, own = (np.concatenate([each.ravel() for each in arrays]) for arrays in (results, truths, values))
    if not np.all(np.isfinite(np.concatenate([wanted, true, own]))) or wanted.size < 4:
        return None
    weights, _, rank, _ = np.linalg.lstsq(np.column_stack([true, own]), wanted, rcond=None)
    residual = float(np.linalg.norm(np.column_stack([true, own]) @ weights - wanted))
    if rank < 2 or weights[0] <= 0 or residual > CLOSE * float(np.linalg.norm(wanted)):
        return None
    return float(-weights[1])


def _products(weight: float, numbers: Mapping[str, float]) -> Iterator[str]:
    """A number as a product of numbers of the program, with the sign for a multiplication behind it."""
    found = {text: value for text, value in numbers.items() if value}
    forms: dict[str, float] = {}
    for text, value in found.items():
        forms |= {f"{text} * ": value, f"2 * {text} * ": 2 * value}
    for text, value in found.items():
        for other, divisor in found.items():
            if other != text:
                forms |= {f"{text} / {other} * ": value / divisor, f"2 * {text} / {other} * ": 2 * value / divisor}
    yield from sorted((text for text, value in forms.items() if abs(value / weight - 1) <= CLOSE), key=len)[:MAX_FORMS]
    if abs(float(f"{weight:.3g}") / weight - 1) <= CLOSE:
        yield f"{weight:.3g} * "


def _module_of(text: str) -> str:
    return "np" if "import numpy as np" in text else "numpy"
