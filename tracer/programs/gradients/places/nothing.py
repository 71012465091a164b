"""Why a program has no update of a parameter, or no loss that updates can be held against."""

from __future__ import annotations

from tracer.errors import similar_names
from tracer.i18n.message import Message
from tracer.programs.gradients.attempts import Program
from tracer.programs.gradients.losses import last_name, returned_by
from tracer.programs.gradients.single_pass import unused_value


def why_nothing(program: Program) -> Message:
    """The reason, for a program that was looked through in vain."""
    file = program.tape.record.path.name
    if program.wanted is not None and (reason := _of_named(program, program.wanted, file)) is not None:
        return reason
    if program.updates.following:
        return Message("backprop_no_loss") if program.roots else Message("backprop_not_measured", {"file": file})
    unused = unused_value(program)
    if unused is not None:
        return Message("backprop_unused", {"file": file, "name": unused.name, "line": unused.line, "of": unused.of})
    return Message("backprop_nothing_updated", {"reason": Message("backprop_no_updates"), "file": file})


def _of_named(program: Program, loss: str, file: str) -> Message | None:
    """What is wrong with a loss that the user named; None if it is one number, and nothing is updated."""
    tape = program.tape
    names: dict[str, list[int]] = {}
    for id in range(len(tape)):
        full = tape.name(id)
        for name in {full, last_name(full), returned_by(tape, id)} - {""}:
            names.setdefault(name, []).append(id)
    if loss not in names:
        if near := similar_names(loss, sorted(names)):
            return Message("backprop_near_name", {"file": file, "name": loss, "near": tuple(near)})
        return Message("backprop_no_name", {"file": file, "name": loss})
    numbers = [id for id in names[loss] if tape.value(id).size == 1 and tape.is_float(id)]
    line = tape.line((numbers or names[loss])[0])
    if not numbers:
        return Message("backprop_no_number", {"file": file, "name": loss, "line": line})
    return Message("backprop_not_of_updates", {"file": file, "name": loss, "line": line}) if program.updates.following else None
