"""The true gradients of a step: reverse mode over what was recorded of the forward pass, cut at every update."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tracer.errors import TracerError
from tracer.graph.record import Literal, Phase
from tracer.programs.gradients.tape import ProgramTape
from tracer.recording.autodiff import gradients
from tracer.recording.recorder import Recorder
from tracer.recording.tape import NO_PARAMETERS, Context, Entry
from tracer.recording.tensor import Tensor


@dataclass(frozen=True, slots=True)
class Truth:
    """The gradients of a loss.

    `forward` are the entries between the parameters and the loss, in order, with both. `totals` has the gradient with respect to
    an entry, `uses` what one operation contributes to it, by the entry and the operation. `problem` is set where it could not be
    computed.
    """

    forward: tuple[int, ...]
    totals: Mapping[int, np.ndarray] = field(default_factory=dict)
    uses: Mapping[tuple[int, int], np.ndarray] = field(default_factory=dict)
    problem: str = ""


def true_gradients(
    tape: ProgramTape, seeds: Mapping[int, np.ndarray], parameters: Collection[int], cut: Collection[int]
) -> Truth:
    """The gradients of the sum of `seed * entry` over the seeds, with respect to parameters and everything between.

    `cut` are the values of parameters: what they were computed from is not looked at.
    """
    reached = tape.ancestors(seeds, stop=cut)
    forward = _between(tape, parameters, reached, cut)
    if not any(seed in forward for seed in seeds):
        return Truth(())
    recorder, places = _part(tape, forward)
    here = {id: place for place, id in places.items()}
    try:
        with np.errstate(all="ignore"):
            output = _weighted(recorder, {here[id]: seed for id, seed in seeds.items() if id in here})
            wanted = [recorder.tensor(here[id]) for id in parameters if id in here]
            found = gradients(output, wanted)
    except (TracerError, ValueError, TypeError, NotImplementedError) as error:
        return Truth(forward, problem=str(error))
    totals = {places[id]: np.asarray(tensor.value) for id, tensor in found.items() if id in places}
    uses: dict[tuple[int, int], np.ndarray] = {}
    for gradient, (of, rule) in recorder.marks.contributions.items():
        if of in places and rule in places:
            key, value = (places[of], places[rule]), np.asarray(recorder.value(gradient))
            uses[key] = uses[key] + value if key in uses else value
    return Truth(forward, totals, uses, _hidden_path(tape, parameters, reached))


def _hidden_path(tape: ProgramTape, parameters: Collection[int], reached: set[int]) -> str:
    """Says of the first value that is not recorded, was computed from parameters, and has part in the loss; "" if there is none.

    The gradient through it is missing in the true one.
    """
    unknown = tape.record.unknown
    if reached.isdisjoint(unknown):
        return ""
    depends: set[int] = set(parameters)
    for id in range(min(parameters), max(reached) + 1):
        if any(operand in depends for operand in unknown.get(id, tape.inputs[id])):
            depends.add(id)
    hidden = sorted(id for id in reached if id in unknown and id in depends)
    return f"the value computed on line {tape.line(hidden[0])} is not recorded" if hidden else ""


def _between(tape: ProgramTape, parameters: Collection[int], reached: set[int], cut: Collection[int]) -> tuple[int, ...]:
    found: set[int] = set()
    for id in sorted(reached):
        if id in parameters or (id not in cut and any(operand in found for operand in tape.varying(id))):
            found.add(id)
    return tuple(sorted(found))


def _part(tape: ProgramTape, forward: tuple[int, ...]) -> tuple[Recorder, dict[int, int]]:
    """A recorder with a part of the tape, where everything else is constant; and the ids of the tape by those of the recorder."""
    recorder = Recorder()
    places: dict[int, int] = {}
    new: dict[int, int] = {}
    inside = set(forward)
    context = Context(Phase.FORWARD)

    def enter(entry: Entry, id: int) -> None:
        new[id] = len(recorder.entries)
        recorder.entries.append(entry)

    for id in forward:
        op, operands, parameters, value, _, _ = tape.record.entries[id]
        mine = [operand for operand in operands if isinstance(operand, int)] if not isinstance(op, str) else []
        is_source = isinstance(op, str) or not any(operand in inside for operand in mine)
        if is_source:
            enter(("constant", (), NO_PARAMETERS, _floating(value), context, -1), id)
        else:
            for operand in mine:
                if operand not in new:
                    enter(("constant", (), NO_PARAMETERS, tape.raw(operand), context, -1), operand)
            remapped = tuple(each if isinstance(each, Literal) else new[each] for each in operands)
            enter((op, remapped, parameters, _floating(value), context, -1), id)
        places[new[id]] = id
    return recorder, places


def _floating(value: Any) -> Any:
    """A value that depends on a parameter that starts as an integer, as in `w = 0`: it has a gradient too."""
    if type(value) is int:
        return float(value)
    return value.astype(np.float64) if isinstance(value, np.ndarray) and value.dtype.kind in "iu" else value


def _weighted(recorder: Recorder, seeds: Mapping[int, np.ndarray]) -> Tensor:
    total: Tensor | None = None
    with recorder.deriving(-1):
        for id, seed in seeds.items():
            term: Tensor = np.sum(recorder.tensor(id) * seed)
            total = term if total is None else total + term
    assert total is not None
    return total
