"""By what a program updates its parameters: the operations of an update, and the gradient that enters it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import numpy as np

from tracer.graph.record import Literal
from tracer.programs.steps.parts import StepParts, StepTape

_SCALING = frozenset({"multiply", "divide", "negative", "positive"})
"""Operations with which a gradient is scaled by a learning rate."""

_OF_ITSELF = frozenset({"add", "subtract", "multiply", "divide", "write", "write_view", "copy", "clip", "where", "astype"})
"""Operations through which a parameter is made of its old value."""

_ADDING = frozenset({"add", "subtract", "write", "write_view"})
_ELEMENTS = frozenset({"take", "reshape", "transpose", "ravel", "squeeze"})

MAX_PATH = 5000
"""Operations that are searched for those between the old and the new value of a parameter."""


@dataclass(slots=True)
class Updates:
    """The operations that update parameters, and what is added to each: scaled by the learning rate, then without it."""

    operations: set[int] = field(default_factory=set)
    increments: dict[int, list[int]] = field(default_factory=dict)


def updates_of(tape: StepTape, parts: StepParts) -> Updates:
    """The updates of a step."""
    found = Updates(set(parts.step.updates.values()))
    for old, new in parts.step.updates.items():
        path = _path(tape, old, new)
        found.operations.update(path)
        chains = [chain for id in path for chain in _increments(tape, id, old, path, parts, found)]
        alike = [chain for chain in chains if tape.shape(chain[-1]) == tape.shape(old)]
        if len(alike) == 1 or len(chains) == 1:
            found.increments[old] = (alike or chains)[0]
    return found


def _path(tape: StepTape, old: int, new: int) -> list[int]:
    """The operations that make the new value of a parameter of its old one."""
    below: dict[int, int] = {}
    waiting = [new]
    for id in waiting:
        if len(waiting) > MAX_PATH:
            break
        if tape.op(id) not in _OF_ITSELF:
            continue
        for operand in tape.inputs[id]:
            if operand == old:
                path = [id]
                while path[-1] != new:
                    path.append(below[path[-1]])
                return path
            if operand > old and operand not in below:
                below[operand] = id
                waiting.append(operand)
    return [new]


def _increments(
    tape: StepTape, id: int, old: int, path: Collection[int], parts: StepParts, found: Updates
) -> Iterator[list[int]]:
    if tape.op(id) not in _ADDING:
        return
    for operand in tape.inputs[id]:
        if operand != old and operand not in path and operand in parts.updating:
            yield from _unscaled(tape, operand, old, found)


def _unscaled(tape: StepTape, id: int, old: int, found: Updates) -> Iterator[list[int]]:
    """What is added to a parameter, then the same without the learning rate: the values between, the last one unscaled."""
    if tape.op(id) in _ELEMENTS and tape.inputs[id][0] in (old, *found.operations):
        found.operations.add(id)
        return
    inputs = tape.inputs[id]
    if tape.op(id) in ("add", "subtract") and any(_is_element(tape, operand, old) for operand in inputs):
        found.operations.add(id)
        for operand in inputs:
            yield from _unscaled(tape, operand, old, found)
        return
    chain = [id]
    while tape.op(id) in _SCALING:
        scaled = [operand for operand in tape.inputs[id] if operand in tape.depends]
        if len(scaled) != 1 or not _are_numbers(tape, id, scaled[0]):
            break
        id = scaled[0]
        chain.append(id)
    yield chain


def _is_element(tape: StepTape, id: int, old: int) -> bool:
    return tape.op(id) in _ELEMENTS and tape.inputs[id][0] == old


def _are_numbers(tape: StepTape, id: int, scaled: int) -> bool:
    """Whether all operands but one are single numbers."""
    others = [operand for operand in tape.record.entries[id][1] if operand != scaled]
    return all(isinstance(each, Literal) or not np.ndim(tape.raw(each)) for each in others)
