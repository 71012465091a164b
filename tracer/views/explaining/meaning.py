"""What an element of a gradient says, in a sentence: by how much the loss changes with it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tracer.graph.losses import passes
from tracer.graph.record import Node, Step
from tracer.i18n.language import ENGLISH, Language
from tracer.ops.foreign.names import base_name
from tracer.views.notation import Labels, number_text


def meaning(
    step: Step, gradient: Node, index: Sequence[int], labels: Labels, tell: Language = ENGLISH, *, of_any: bool = False
) -> str:
    """The sentence on an element of the gradient of a parameter, or `of_any` value; empty for others, and for what is not finite.

    To first order, a change of the value changes the loss by the change times the element. Where the step may stop
    gradients it can be false, and is said of parameters only.
    """
    found = _parameter_of(step, gradient) or (_value_of(step, gradient) if of_any else None)
    if found is None or not gradient.is_kept or not found[0].is_kept or gradient.value.dtype.kind != "f":
        return ""
    parameter, loss = found
    slope, value = float(gradient.value[tuple(index)]), float(parameter.value[tuple(index)])
    if not math.isfinite(slope) or not slope or not math.isfinite(value):
        return ""
    name, change = labels.element(parameter.id, index), nudge(value)
    by, effect = number_text(change), number_text(abs(change * slope))
    if slope > 0:
        return tell("To first order, raising {name} by {change} raises {loss} by {effect}.", name=name, change=by,
                    loss=labels[loss], effect=effect)  # fmt: skip
    return tell("To first order, raising {name} by {change} lowers {loss} by {effect}.", name=name, change=by,
                loss=labels[loss], effect=effect)  # fmt: skip


def _parameter_of(step: Step, gradient: Node) -> tuple[Node, int] | None:
    """The parameter that a node is the gradient of, and the id of the loss; None if there is none."""
    for one in passes(step):
        for parameter in step.parameters:
            if one.gradients.get(parameter.id) == gradient.id and parameter.shape == gradient.shape:
                return parameter, one.loss_id
    return None


def _value_of(step: Step, gradient: Node) -> tuple[Node, int] | None:
    """The value that a node is the whole gradient of, and the id of the loss; None where the step may stop gradients."""
    if gradient.gradient_of is None or step.marks or any(map(_stops, step.nodes)):
        return None
    value = step.nodes[gradient.gradient_of]
    for one in passes(step):
        if one.gradients.get(value.id) == gradient.id and value.shape == gradient.shape and value.id != one.loss_id:
            return value, one.loss_id
    return None


def _stops(node: Node) -> bool:
    """Whether a gradient may be stopped at a node: of another library that cannot be told.

    That of the largest number, which softmax subtracts, does not matter: it changes no result.
    """
    return bool(base_name(node.op)) or (node.op == "stop_gradient" and not node.scope.endswith("softmax/stop gradient"))


def nudge(value: float) -> float:
    """A small change of a number: the power of ten between a hundredth and a tenth of it; 0.01 for 0.

    >>> nudge(0.3574), nudge(-12.0), nudge(0.0)
    (0.01, 1.0, 0.01)
    """
    return float(f"1e{math.floor(math.log10(abs(value))) - 1}") if value else 0.01
