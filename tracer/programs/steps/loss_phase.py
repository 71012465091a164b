"""Which operations compute the loss, after the forward pass."""

from __future__ import annotations

from tracer.programs.gradients.losses import is_loss_name
from tracer.programs.steps.parts import StepParts, StepTape
from tracer.recording.source import Invocation


def loss_phase(tape: StepTape, parts: StepParts) -> set[int]:
    """The operations of the statement that computes the loss, and of the functions that it calls."""
    loss = parts.step.loss
    place = tape.record.place(loss)
    found = {loss}
    if place is None:
        return found
    function = _loss_function(place.invocation)
    made_of = set(parts.made_of)
    for id in reversed(parts.made_of):
        if id in found or not all(user in found for user in tape.users[id] if user in made_of):
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
        if is_loss_name(invocation.code.co_name):
            return invocation
        invocation = invocation.caller
    return None
