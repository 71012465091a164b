"""Names of the values that a step of a program starts from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import numpy as np

from tracer.programs.steps.parts import StepTape
from tracer.recording.source import assigned_at, operand_name, operand_text

_MADE_ALIKE = re.compile(r"(?:\w+\.)?(?:arange|range|eye|identity|ones|zeros)\(")
"""Expressions that make the same array each time: `np.arange(n)`. Random numbers may be the same by chance."""


def leaf_name(tape: StepTape, leaf: int, inside: frozenset[int]) -> str:
    """The variable that a value was assigned to where it was computed, or that it is where the step uses it.

    Of a value that no variable holds, the expression that made it, such as `np.arange(n)`; empty if that is long.
    """
    return variable_name(tape, leaf, inside) or _expression(tape, leaf, inside)


def variable_name(tape: StepTape, leaf: int, inside: frozenset[int]) -> str:
    """The variable that holds a value that a step starts from; empty if none does."""
    record = tape.record
    _, _, _, _, context, offset = record.entries[leaf]
    if not tape.is_leaf(leaf) and leaf not in record.marks.unnamed:
        name = assigned_at(record.files, context.invocation, offset).name
        if name:
            return name
    for user, position in leaf_uses(tape, leaf, inside):
        if name := operand_name(record.files, record.entries[user], position):
            return name
    return ""


def _expression(tape: StepTape, leaf: int, inside: frozenset[int]) -> str:
    if not tape.is_leaf(leaf) or not isinstance(tape.raw(leaf), np.ndarray | np.generic):
        return ""  # a Python number is shown as it is
    record = tape.record
    texts = (operand_text(record.files, record.entries[user], position) for user, position in leaf_uses(tape, leaf, inside))
    return next(filter(None, texts), "")


def leaf_uses(tape: StepTape, leaf: int, inside: frozenset[int]) -> Iterator[tuple[int, int]]:
    """The operations of a step that use a value, in their order, each with the position of the operand."""
    return ((user, tape.operands(user).index(leaf)) for user in tape.users[leaf] if user in inside)


def same_leaves(tape: StepTape, names: Mapping[int, str]) -> dict[int, int]:
    """The leaves that `np.arange(n)` and the like make anew with each use, each with the first that has the same bits."""
    first: dict[object, int] = {}
    same: dict[int, int] = {}
    for leaf, name in names.items():
        if _MADE_ALIKE.match(name):
            value = np.asarray(tape.raw(leaf))
            known = first.setdefault((name, value.dtype, value.shape, value.tobytes()), leaf)
            if known != leaf:
                same[leaf] = known
    return same
