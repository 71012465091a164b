"""The results of torch.autograd.Functions: which Function gave them, and of which values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tracer.torch.operation import function_text

if TYPE_CHECKING:
    from tracer.torch.tape import StepTape


@dataclass(frozen=True, slots=True)
class Applied:
    """A call of a Function: its name with the line of its backward pass, the number of its autograd node, and the operations of
    its inputs, None if unknown.
    """

    function: str
    sequence: int
    inputs: tuple[int | None, ...]


class Functions:
    """The calls of Functions in a step, by the operations that hold their results."""

    def __init__(self) -> None:
        self.by_result: dict[int, list[Applied]] = {}
        self._gave_none: set[tuple[int, int]] = set()
        """The numbers of autograd nodes and the positions of their inputs that they gave no gradient to."""
        self._seen: set[tuple[int, int]] = set()

    def learn(self, tape: StepTape, function: Any, id: int) -> None:
        """Note that an operation is a result of a Function, from the autograd node of that."""
        key = function._sequence_nr(), id
        if key not in self._seen:
            self._seen.add(key)
            inputs = tuple(
                None if before is None else tape.value_behind(before, output) for before, output in function.next_functions
            )
            self.by_result.setdefault(id, []).append(Applied(function_text(function), key[0], inputs))

    def leave(self, function: Any, results: Sequence[Any]) -> None:
        """Note what a Function gives back no gradient to."""
        sequence = function._sequence_nr()
        for position, each in enumerate(results):
            if each is None:
                self._gave_none.add((sequence, position))
            else:
                self._gave_none.discard((sequence, position))

    def without_gradient(self, call: Applied) -> list[int]:
        """The positions of the inputs that a call gave no gradient to."""
        return [position for position in range(len(call.inputs)) if (call.sequence, position) in self._gave_none]

    def said(self) -> list[Any]:
        """The calls without the numbers of their autograd nodes."""
        return [
            (id, one.function, one.inputs, self.without_gradient(one)) for id, calls in self.by_result.items() for one in calls
        ]
