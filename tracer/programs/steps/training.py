"""What was found in a program: its loss, its parameters and its steps, by the ids of the tape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tracer.programs.record import ProgramRecord


@dataclass(frozen=True, slots=True)
class FoundStep:
    """A pass of the loop that updates: its loss, and the new value of each parameter by the old one.

    `start` is the number of entries before it.
    """

    loss: int
    updates: Mapping[int, int]
    start: int


@dataclass(frozen=True, slots=True)
class FoundTraining:
    """The values of each parameter by its name, the steps, and the line of the loop that they are passes of (0: none).

    `record` is that of the program; behind its end it may have operations that the program did not compute: `added` is the id of
    the first. With them the loss of a step is computed that the program does not compute in every step, or not at all.
    """

    record: ProgramRecord
    loss_name: str
    parameters: Mapping[str, Sequence[int]]
    steps: Sequence[FoundStep]
    added: int
    loop_line: int = 0
