"""Operations that the program did not compute, behind the end of its tape: the loss of a step in which it computes none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tracer.graph.record import Literal, Phase
from tracer.ops import registry
from tracer.ops.base import Op
from tracer.programs.gradients.implied import activation_of
from tracer.programs.record import ProgramRecord
from tracer.recording.replaying.instructions import as_recorded
from tracer.recording.tape import NO_PARAMETERS, Context, Entry

_ALL = {"axis": None, "keepdims": False}
"""The parameters of a sum over all elements."""


class Addition:
    """A tape with operations added behind its end."""

    def __init__(self, record: ProgramRecord) -> None:
        self.record = record
        self.start = len(record.entries)
        self._entries: list[Entry] = list(record.entries)
        self._names: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def result(self) -> ProgramRecord:
        """The record with what was added."""
        if len(self._entries) == self.start:
            return self.record
        marks = replace(self.record.marks, names={**self.record.marks.names, **self._names})
        return replace(self.record, entries=tuple(self._entries), marks=marks)

    def value(self, id: int) -> Any:
        """The value of an entry."""
        return self._entries[id][3]

    def operands(self, id: int) -> Sequence[int | Literal]:
        """The operands of an entry, with numbers."""
        return self._entries[id][1]

    def leaf(self, value: np.ndarray, name: str) -> int:
        """Add a value."""
        self._entries.append(("constant", (), NO_PARAMETERS, value, Context(Phase.FORWARD), -1))
        self._names[len(self._entries) - 1] = name
        return len(self._entries) - 1

    def compute(self, op: type[Op], operands: Sequence[int | Literal], parameters: Mapping[str, Any], like: int) -> int:
        """Add an operation; its place in the code is that of another entry. Raises what the operation raises."""
        given = [operand.value if isinstance(operand, Literal) else self.value(operand) for operand in operands]
        with np.errstate(all="ignore"):
            value = as_recorded(op.value(*given, **parameters), given)
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
        context, offset = self._entries[like][4:]
        self._entries.append((op, tuple(operands), parameters, value, context, offset))
        return len(self._entries) - 1

    def named(self, name: str, *operands: int | float, like: int) -> int:
        """Add an operation by its name."""
        op = registry.named(name)
        assert op is not None
        literals = [operand if isinstance(operand, int) else Literal(operand) for operand in operands]
        return self.compute(op, literals, _ALL if name == "sum" else NO_PARAMETERS, like)

    def name(self, id: int, name: str) -> int:
        """Name an entry that was added, instead of the variable at its place."""
        self._names[id] = name
        return id

    def name_of(self, id: int) -> str:
        """The name of an entry that was added; empty if it was not, or has none."""
        return self._names.get(id, "")

    # Losses.

    def sum_of(self, losses: Sequence[int], name: str) -> int:
        """The sum of several losses."""
        total = losses[0]
        for loss in losses[1:]:
            total = self.named("add", total, loss, like=loss)
        return self.name(total, name)

    def squared_error(self, residual: int) -> int:
        """Half of the sum of the squares of a residual, whose gradient is the residual."""
        squares = self.named("sum", self.named("square", residual, like=residual), like=residual)
        return self.name(self.named("multiply", 0.5, squares, like=residual), "squared_error")

    def cross_entropy(self, output: int, before: int, target: np.ndarray, like: int) -> int | None:
        """The cross-entropy of an output of a sigmoid or softmax; None for another activation."""
        kind, _, _ = activation_of(np.asarray(self.value(output)), np.asarray(self.value(before)), target)
        if kind == "identity":
            return None
        wanted = self.leaf(np.asarray(target, np.float64), "target")
        terms = self.named("multiply", wanted, self.named("log", output, like=like), like=like)
        if kind == "sigmoid":
            rest = self.named("log", self.named("subtract", 1.0, output, like=like), like=like)
            others = self.named("multiply", self.named("subtract", 1.0, wanted, like=like), rest, like=like)
            terms = self.named("add", terms, others, like=like)
        elif kind != "softmax":
            return None
        return self.name(self.named("negative", self.named("sum", terms, like=like), like=like), "cross_entropy")
