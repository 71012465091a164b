"""The instructions of a plan, executed one by one, and as one Python function once they have been executed often."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

COMPILED_AFTER = 50
"""Executions after which the instructions are compiled: that takes as long as it saves in about as many."""

MAX_COMPILED = 1_000
"""Instructions up to which they are compiled: Python's compiler needs 20 microseconds for each, and memory."""


class Instruction(NamedTuple):
    """How the value of an operation after the loss is computed: a function of earlier values, or a constant."""

    function: Callable[..., Any] | None
    operands: tuple[int, ...]
    parameters: Mapping[str, Any]
    constant: Any


@dataclass(slots=True, eq=False)
class Instructions:
    """What follows the loss, in order. Values are numbered: `literals` first, then those before the loss, then the results."""

    literals: tuple[Any, ...]
    instructions: tuple[Instruction, ...]
    _executions: int = 0
    _compiled: Callable[..., list[Any]] | None = None

    def results(self, before: Sequence[Any]) -> list[Any]:
        """The results, for the values before the loss."""
        if self._compiled is not None:
            return self._compiled(*self.literals, *before)
        self._executions += 1
        if self._executions == COMPILED_AFTER and len(self.instructions) <= MAX_COMPILED:
            self._compiled = compiled(self.instructions, len(self.literals) + len(before))
        values = [*self.literals, *before]
        start = len(values)
        for function, operands, parameters, constant in self.instructions:
            if function is None:
                value = constant
            elif parameters:
                value = function(*[values[operand] for operand in operands], **parameters)
            elif len(operands) == 2:
                value = function(values[operands[0]], values[operands[1]])
            else:
                value = function(*[values[operand] for operand in operands])
            if type(value) is not np.ndarray:
                value = as_recorded(value, [values[operand] for operand in operands])
            values.append(value)
        return values[start:]


def compiled(instructions: Sequence[Instruction], start: int) -> Callable[..., list[Any]]:
    """A function of the values before the instructions, `start` in number, with a line of Python for each instruction.

    It computes the same as a loop over them, a third faster: the line of `multiply(v3, v8)` finds its operands and its function
    without looking into lists. Functions, constants and parameters are names in its module: `f9`, `c9`, `axis_9`.
    """
    names: dict[str, Any] = {"ndarray": np.ndarray, "as_recorded": as_recorded}
    lines = []
    for number, (function, operands, parameters, constant) in enumerate(instructions, start):
        if function is None:
            names[f"c{number}"] = constant
            lines.append(f"v{number} = c{number}")
            continue
        given = ", ".join(f"v{operand}" for operand in operands)
        options = [f"{name}={name}_{number}" for name in parameters]
        names |= {f"f{number}": function, **{f"{name}_{number}": value for name, value in parameters.items()}}
        lines.append(f"v{number} = f{number}({', '.join([given, *options])})")
        lines.append(f"if type(v{number}) is not ndarray: v{number} = as_recorded(v{number}, [{given}])")
    arguments = ", ".join(f"v{number}" for number in range(start))
    results = ", ".join(f"v{number}" for number in range(start, start + len(instructions)))
    text = "\n    ".join([f"def results({arguments}):", *lines, f"return [{results}]"])
    exec(compile(text, "<instructions after the loss>", "exec"), names)
    made: Callable[..., list[Any]] = names["results"]
    return made


def as_recorded(value: Any, given: Sequence[Any]) -> Any:
    """A result that is no array as the tape holds it: NumPy returns scalars for arrays without axes.

    A result computed from Python numbers alone stays one.
    """
    for each in given:
        if not isinstance(each, (int, float, complex)):
            return np.asarray(value)
    return value.item() if isinstance(value, np.generic) else value
