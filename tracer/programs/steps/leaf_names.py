"""Names of the values that a step of a program starts from."""

from __future__ import annotations

from tracer.programs.steps.parts import StepTape
from tracer.recording.source import assigned_at, operand_name


def leaf_name(tape: StepTape, leaf: int, inside: frozenset[int]) -> str:
    """The variable that a value was assigned to where it was computed, or that it is where the step uses it; empty if none."""
    record = tape.record
    _, _, _, _, context, offset = record.entries[leaf]
    if not tape.is_leaf(leaf) and leaf not in record.marks.unnamed:
        name = assigned_at(record.files, context.invocation, offset).name
        if name:
            return name
    for user in tape.users[leaf]:
        if user in inside:
            _, operands, _, _, context, offset = record.entries[user]
            if context.invocation is not None and offset >= 0:
                name = operand_name(record.files, context.invocation.code, offset, operands.index(leaf), len(operands))
                if name:
                    return name
    return ""
