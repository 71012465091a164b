"""Which input elements of an operation carry a NaN or an infinity into its output.

An input element carries if the output is still not finite when every other number that is not finite is replaced. So a number
that `where`, an index or `minimum` discards carries nothing, whatever the operation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from tracer.analysis.computing_again import Computable

Carriers: TypeAlias = dict[int, list[tuple[int, int]]]
"""The inputs that carry, by output element: position of the input and element, as flat indices."""

MAX_ELEMENTS = 8
"""Maximum number of elements of an array that are followed."""

_STAND_IN = 0.5
"""Replaces a number that is not finite; few functions have a pole there."""


def not_finite(value: Any) -> np.ndarray:
    """A flag for each element, in a flat array: whether it is NaN or infinite."""
    return _flags(value, lambda array: ~np.isfinite(array))


def is_nan(value: Any) -> np.ndarray:
    """A flag for each element, in a flat array: whether it is NaN."""
    return _flags(value, np.isnan)


def _flags(value: Any, test: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    array = np.asarray(value)
    return test(array).ravel() if array.dtype.kind in "fc" else np.zeros(array.size, dtype=bool)


def carriers(
    op: Computable,
    inputs: Sequence[Any],
    parameters: Mapping[str, Any],
    shape: tuple[int, ...],
    wanted: Sequence[int],
    flagged: Callable[[Any], np.ndarray] = not_finite,
) -> Carriers:
    """The input elements that carry into each wanted output element, at most MAX_ELEMENTS of each input.

    None of them for an element that the operation itself makes NaN or infinite. `shape` is that of the output; `flagged` selects
    the numbers that are followed.

    >>> from tracer.ops import registry
    >>> where = registry.named("where")
    >>> carriers(where, [np.array([True, False]), np.array([1.0, np.nan]), np.array([np.nan, np.inf])], {}, (2,), [1])
    {1: [(2, 1)]}
    """
    experiment = _Experiment(op, inputs, parameters, shape, flagged)
    turned = [] if flagged is is_nan else experiment.infinite_without_nan(wanted)
    found = experiment.carriers([element for element in wanted if element not in turned])
    # The operation alone makes an infinity here, and a NaN among its inputs makes NaN of it: the NaN is followed.
    return found | (_Experiment(op, inputs, parameters, shape, is_nan).carriers(turned) if turned else {})


class _Experiment:
    """An operation computed again with some of the flagged input elements kept, and all others replaced."""

    def __init__(
        self,
        op: Computable,
        inputs: Sequence[Any],
        parameters: Mapping[str, Any],
        shape: tuple[int, ...],
        flagged: Callable[[Any], np.ndarray],
    ) -> None:
        self._op, self._inputs, self._parameters, self._shape = op, inputs, parameters, shape
        self._flagged = flagged
        self._at = [np.flatnonzero(flagged(value)) if value is not None else np.empty(0, dtype=np.intp) for value in inputs]
        self._clean = [_with_stand_ins(value, at) for value, at in zip(inputs, self._at, strict=True)]
        self._single: dict[tuple[int, int], np.ndarray] = {}

    def carriers(self, wanted: Sequence[int]) -> Carriers:
        made_by_op = self._outcome({})
        found: Carriers = {element: [] for element in wanted}
        carried = [element for element in wanted if not made_by_op[element]]
        positions = [position for position, at in enumerate(self._at) if at.size] if carried else []
        for position in positions:
            outcome = self._outcome({position: self._inputs[position]})
            for element in carried:
                if outcome[element]:
                    found[element] += [(position, each) for each in self._carrying(position, element)]
        for element in carried:
            if not found[element]:  # only together, as both inputs of maximum(-inf, -inf)
                for position in positions:
                    found[element] += [(position, each) for each in self._candidates(position, element)[:MAX_ELEMENTS]]
        return found

    def infinite_without_nan(self, wanted: Sequence[int]) -> list[int]:
        """The wanted elements that are NaN, and infinite if all inputs are replaced."""
        computed, replaced = (np.ravel(self._op.value(*inputs, **self._parameters)) for inputs in (self._inputs, self._clean))
        return [element for element in wanted if np.isnan(computed[element]) and np.isinf(replaced[element])]

    def _outcome(self, kept: Mapping[int, Any]) -> np.ndarray:
        """The flags of the output if the inputs at some positions are these, and all others have stand-ins."""
        inputs = [kept.get(position, value) for position, value in enumerate(self._clean)]
        return self._flagged(self._op.value(*inputs, **self._parameters))

    def _carrying(self, position: int, element: int) -> list[int]:
        """The elements of an input that carry into an output element by themselves; if none does, all that may."""
        candidates = self._candidates(position, element)
        if len(candidates) == 1:
            return candidates
        tried = candidates[:MAX_ELEMENTS]
        return [each for each in tried if self._outcome_of_one(position, each)[element]] or tried

    def _candidates(self, position: int, element: int) -> list[int]:
        """The flagged elements of an input that an output element is computed from, NaN first."""
        from tracer.ops.indices import flat_indices

        index = tuple(int(at) for at in np.unravel_index(element, self._shape)) if self._shape else ()
        at = self._at[position]
        parts = self._op.parts(index, self._inputs, self._parameters)
        if parts is not None:
            part = parts[position]
            at = at[:0] if part is None else np.intersect1d(at, flat_indices(part, np.shape(self._inputs[position]), 1))
        is_infinite = ~np.isnan(np.ravel(self._inputs[position])[at])
        return [int(each) for each in at[np.argsort(is_infinite, kind="stable")]]

    def _outcome_of_one(self, position: int, candidate: int) -> np.ndarray:
        key = position, candidate
        if key not in self._single:
            value = np.array(self._clean[position])
            value.flat[candidate] = np.ravel(self._inputs[position])[candidate]
            self._single[key] = self._outcome({position: value})
        return self._single[key]


def _with_stand_ins(value: Any, at: np.ndarray) -> Any:
    if not at.size:
        return value
    if not isinstance(value, np.ndarray):
        return type(value)(_STAND_IN)
    replaced = value.copy()
    replaced.flat[at] = _STAND_IN
    return replaced


def can_compute_again(op: Computable, inputs: Sequence[Any], parameters: Mapping[str, Any], shape: tuple[int, ...]) -> bool:
    """Whether the inputs of an operation give a result of that shape: a record from a file may be forged."""
    try:
        return op.accepts_shapes([np.shape(each) for each in inputs], parameters, shape) and (
            np.shape(op.value(*inputs, **parameters)) == shape
        )
    except Exception:  # an operation may raise anything if the inputs do not fit it
        return False
