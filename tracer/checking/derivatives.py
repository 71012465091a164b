"""The derivatives that a step recorded, of first and second order, and what they are the derivatives of."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from typing import Any

import numpy as np

from tracer.checking.complex_step import check_finite
from tracer.checking.error_scale import computed_by, computed_in, magnitudes
from tracer.errors import UsageError
from tracer.graph.record import Node, Phase, Step
from tracer.recording.autodiff import gradients
from tracer.recording.recorder import Recorder
from tracer.recording.replay import record_again
from tracer.recording.tensor import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Derivatives:
    """What is compared: the derivatives that were recorded, by the ids of the parameters, and how to get their magnitudes.

    They are the derivatives of a sum over the nodes in `ends` of their values times weights; one node may be there twice, as
    the gradient of two parameters. Nodes have at most `largest` elements.
    """

    order: int
    parameters: Sequence[Node]
    recorded: Mapping[int, np.ndarray]
    magnitudes: Callable[[], Mapping[int, np.ndarray]]
    ends: Sequence[tuple[int, np.ndarray]]
    largest: int


def first_order(step: Step) -> Derivatives:
    """The gradients of the loss. Raises UsageError where there are none."""
    check_finite(step.nodes, step.loss_id)
    parameters = floating_parameters(step)
    ends = {parameter.id: step.gradients[parameter.id] for parameter in parameters}

    def sizes() -> dict[int, np.ndarray]:
        found = magnitudes(computed_by(step.nodes[: max(ends.values()) + 1]), first_of_backward(step))
        return {id: found[end] for id, end in ends.items()}

    recorded = {id: step.nodes[end].value for id, end in ends.items()}
    largest = max(node.value.size for node in step.nodes[: step.loss_id + 1])
    return Derivatives(1, parameters, recorded, cache(sizes), [(step.loss_id, np.ones(()))], largest)


def second_order_of(step: Step, rng: np.random.Generator) -> Derivatives:
    """The derivatives of a random sum over all gradients: the matrix of second derivatives times a vector.

    The forward nodes are recorded again, and differentiated twice.
    """
    parameters = floating_parameters(step)
    recorder = Recorder()
    with recorder.deriving(0, None), np.errstate(all="ignore"):
        tensors = record_again(step.nodes, recorder, step.loss_id)
        start = len(recorder.entries)
        own = [tensors[parameter.id] for parameter in parameters]
        found = gradients(tensors[step.loss_id], own)
        weights = {each.id: rng.normal(size=each.shape) for each in own}
        sums: list[Any] = [np.sum(found[each.id] * weights[each.id]) for each in own if each.id in found]
        total = reduce(operator.add, sums) if sums else None
        twice = gradients(total, own) if isinstance(total, Tensor) else {}

    def sizes() -> dict[int, np.ndarray]:
        found = magnitudes(computed_in(recorder.entries), start)
        return {each.id: found[twice[each.id].id] if each.id in twice else np.zeros(each.shape) for each in own}

    recorded = {each.id: twice[each.id].value if each.id in twice else np.zeros(each.shape) for each in own}
    ends = [(step.gradients[id], weight) for id, weight in weights.items()]
    last = max(end for end, _ in ends)
    return Derivatives(2, parameters, recorded, cache(sizes), ends, max(node.value.size for node in step.nodes[: last + 1]))


def floating_parameters(step: Step) -> list[Node]:
    """The parameters that have a gradient; raises UsageError where there are none."""
    found = [node for node in step.parameters if node.id in step.gradients]
    if not found:
        raise UsageError("there is no gradient to check: no floating array was recorded as a parameter")
    return found


def first_of_backward(step: Step) -> int:
    """The id of the first node of the backward pass."""
    return next((node.id for node in step.nodes if node.phase is Phase.BACKWARD), len(step.nodes))
