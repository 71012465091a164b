"""The base of operations with several results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tracer.ops.base import Array, Call, Op


class SeveralResults(Op):
    """Base of operations with several results, such as the pieces of an array that is split.

    Every result is recorded as an operation of its own, whose parameter `part` is its position among them: `value` and the
    rules take it.
    """

    @classmethod
    def result_count(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> int:
        """The number of results. Of the inputs only shapes are looked at."""
        raise NotImplementedError

    @classmethod
    def call_of_part(cls, part: int, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> Call:
        """The inputs and parameters of the operation that one result is recorded as; by default those of the call."""
        return tuple(inputs), {**parameters, "part": part}

    @classmethod
    def combined(cls, results: list[Any]) -> Any:
        """The results as NumPy returns them: a list, a tuple, or a named tuple."""
        return results
