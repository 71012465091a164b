"""One derivative rule of an operation, run on plain arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tracer.autodiff import gradient_from
from tracer.entries import Entry
from tracer.op import Op
from tracer.recorder import Recorder


@dataclass(frozen=True, slots=True)
class RuleResult:
    """The gradient that a rule gave, the dtype in which it gave it, and what was recorded on the way to it."""

    gradient: np.ndarray
    returned_dtype: np.dtype[Any]
    entries: Sequence[Entry]
    gradient_id: int


def run_rule(
    op: type[Op], position: int, cotangent: np.ndarray, out: Any, inputs: Sequence[Any], parameters: Mapping[str, Any]
) -> Iterator[RuleResult]:
    """Run the rule of the input at that position, again for every result that is asked for; what it raises passes through.

    Inputs are read-only arrays, or the numbers and None that stand in the code.
    """
    recorder = Recorder()
    tensors = [recorder.leaf("data", "", x, copy=False) if isinstance(x, np.ndarray) else x for x in inputs]
    result = recorder.leaf("data", "", out, copy=False)
    g = recorder.leaf("data", "", cotangent, copy=False)
    while True:
        with recorder.deriving(result.id, result.id), np.errstate(all="ignore"):
            returned = op.gradient(position, g, result, tensors, parameters)
            gradient = gradient_from(returned, op, position, tensors[position])
        yield RuleResult(gradient.value, returned.dtype, recorder.entries, gradient.id)
