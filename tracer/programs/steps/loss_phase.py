"""Which operations compute the loss, after the forward pass."""

from __future__ import annotations

from tracer.programs.found import LOSS_NAMES
from tracer.programs.steps.parts import StepParts, Tape
from tracer.recording.source import Invocation


def loss_phase(tape: Tape, parts: StepParts) -> set[int]:
    """The operations of the statement that computes the loss, and of the functions that it calls."""
    loss = parts.step.loss
    place = tape.record.place(loss)
    found = {loss}
    if place is None:
        return found
    function = _loss_function(place.invocation)
    made_of = set(parts.made_of)
    for id in reversed(parts.made_of):
        if id in found or not all(user in found for user in tape.uses.users[id] if user in made_of):
            continue
        at = tape.record.place(id)
        while at is not None:
            if at.invocation is function or (at.code is place.code and at.line == place.line):
                found.add(id)
                break
            at = at.caller
    return found


def _loss_function(invocation: Invocation) -> Invocation | None:
    """The call of the function that computes nothing but the loss: its name says so."""
    while invocation.caller is not None:
        if LOSS_NAMES.fullmatch(invocation.code.co_name):
            return invocation
        invocation = invocation.caller
    return None
