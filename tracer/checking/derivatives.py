"""The first and second derivatives of a recorded step, as computed by autodiff."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from typing import Any

import numpy as np

from tracer.checking.complex_step import check_finite
from tracer.checking.error_scale import computations_of_entries, computations_of_nodes, error_scales
from tracer.errors import UsageError
from tracer.graph.record import Node, Phase, Step
from tracer.recording.autodiff import gradients
from tracer.recording.recorder import Recorder
from tracer.recording.replay import record_again
from tracer.recording.tensor import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Derivatives:
    """Recorded derivatives with respect to `parameters`, by their ids, of one scalar.

    The scalar is the sum over `outputs`, pairs of a node id and weights, of sum(value * weights); a node may occur twice, if it
    is the gradient of two parameters. `error_scales` computes the error scales of the derivatives. Nodes up to the outputs have
    at most `max_elements` elements.
    """

    order: int
    parameters: Sequence[Node]
    recorded: Mapping[int, np.ndarray]
    error_scales: Callable[[], Mapping[int, np.ndarray]]
    outputs: Sequence[tuple[int, np.ndarray]]
    max_elements: int


def first_order_derivatives(step: Step) -> Derivatives:
    """The gradients of the loss. Raises UsageError if there are none, or if the loss is not finite."""
    check_finite(step)
    parameters = floating_parameters(step)
    gradient_ids = {parameter.id: step.gradients[parameter.id] for parameter in parameters}

    def scales() -> dict[int, np.ndarray]:
        computations = computations_of_nodes(step.nodes[: max(gradient_ids.values()) + 1])
        all_scales = error_scales(computations, first_backward_id(step))
        return {id: all_scales[gradient_id] for id, gradient_id in gradient_ids.items()}

    recorded = {id: step.nodes[gradient_id].value for id, gradient_id in gradient_ids.items()}
    max_elements = max(node.value.size for node in step.nodes[: step.loss_id + 1])
    return Derivatives(1, parameters, recorded, cache(scales), [(step.loss_id, np.ones(()))], max_elements)


def second_order_derivatives(step: Step, rng: np.random.Generator) -> Derivatives:
    """The derivatives of a random projection of all gradients: a Hessian-vector product.

    The forward nodes are recorded again and differentiated twice.
    """
    parameters = floating_parameters(step)
    recorder = Recorder()
    with recorder.deriving(0, None), np.errstate(all="ignore"):
        tensors = record_again(step.nodes, recorder, step.loss_id)
        start = len(recorder.entries)
        own = [tensors[parameter.id] for parameter in parameters]
        first = gradients(tensors[step.loss_id], own)
        weights = {each.id: rng.normal(size=each.shape) for each in own}
        sums: list[Any] = [np.sum(first[each.id] * weights[each.id]) for each in own if each.id in first]
        projection = reduce(operator.add, sums) if sums else None
        second = gradients(projection, own) if isinstance(projection, Tensor) else {}

    def scales() -> dict[int, np.ndarray]:
        all_scales = error_scales(computations_of_entries(recorder.entries), start)
        return {each.id: all_scales[second[each.id].id] if each.id in second else np.zeros(each.shape) for each in own}

    recorded = {each.id: second[each.id].value if each.id in second else np.zeros(each.shape) for each in own}
    outputs = [(step.gradients[id], weight) for id, weight in weights.items()]
    last = max(id for id, _ in outputs)
    max_elements = max(node.value.size for node in step.nodes[: last + 1])
    return Derivatives(2, parameters, recorded, cache(scales), outputs, max_elements)


def floating_parameters(step: Step) -> list[Node]:
    """The parameters that have a gradient. Raises UsageError if there are none."""
    parameters = [node for node in step.parameters if node.id in step.gradients]
    if not parameters:
        raise UsageError("there is no gradient to check: no floating array was recorded as a parameter")
    return parameters


def first_backward_id(step: Step) -> int:
    """The id of the first node of the backward pass."""
    return next((node.id for node in step.nodes if node.phase is Phase.BACKWARD), len(step.nodes))
