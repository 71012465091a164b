"""Runs derivative rules of a single operation on plain arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tracer.ops.base import Op
from tracer.recording.autodiff import gradient_from
from tracer.recording.recorder import Recorder
from tracer.recording.tape import Entry


@dataclass(frozen=True, slots=True)
class RuleResult:
    """The gradient that a rule returned, its dtype before autodiff converted it, and the tape it was recorded on."""

    gradient: np.ndarray
    returned_dtype: np.dtype[Any]
    entries: Sequence[Entry]
    gradient_id: int
    cotangent_id: int

    @property
    def own_entries(self) -> Sequence[Entry]:
        """The entries recorded by the rule."""
        return self.entries[self.cotangent_id + 1 :]


class RuleRunner:
    """Runs the rules of an operation at given values with any cotangent.

    Inputs are read-only arrays, or literals: numbers and None.
    """

    def __init__(self, op: type[Op], out: np.ndarray, inputs: Sequence[Any], parameters: Mapping[str, Any]) -> None:
        self._op = op
        self._parameters = parameters
        self._recorder = recorder = Recorder()
        self._inputs = [recorder.leaf("data", "", x, copy=False) if isinstance(x, np.ndarray) else x for x in inputs]
        self._out = recorder.leaf("data", "", out, copy=False)

    def run(self, position: int, cotangent: np.ndarray) -> RuleResult:
        """Run the rule of the input at `position`. Exceptions of the rule propagate."""
        recorder, out = self._recorder, self._out
        g = recorder.leaf("data", "", cotangent, copy=False)
        with recorder.deriving(out.id, out.id):
            returned = self._op.gradient(position, g, out, self._inputs, self._parameters)
            gradient = gradient_from(returned, self._op, position, self._inputs[position])
        return RuleResult(gradient.value, returned.dtype, recorder.entries, gradient.id, g.id)
