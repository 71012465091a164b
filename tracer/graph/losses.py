"""The losses of a step: in a step with several, each has a backward pass of its own.

`Step.gradients` has one gradient for a value. Of a parameter it is that of its own loss, of any other value that of the first
loss that it reaches. A pass is the same step with one of its losses, and all gradients of that loss.
"""

from __future__ import annotations

import re

from tracer.graph.record import Node, Step, Trace

LOSS_SUFFIX = "_loss"
"""The loss `d` of several is named `d_loss`, and its gradients `dd_loss/dW`."""

_NUMERATOR = re.compile(r"d\w*loss\w*(?:#\d+)?/d(?=[\w#(])")


def passes(step: Step) -> tuple[Step, ...]:
    """The backward passes of a step: the step itself if it has one loss, otherwise a step for every loss that has gradients."""
    if not step.losses:
        return (step,)
    return tuple(
        Step(step.index, step.nodes, loss, gradients, step.updates, step.metrics) for loss, gradients in step.losses.items()
    )


def pass_of(step: Step, node: Node) -> Step:
    """The backward pass that recorded a node; the first for a node before all of them."""
    found, *others = passes(step)
    for other in others:
        if other.gradients[other.loss_id] <= node.id:
            found = other
    return found


def symbol_of(step: Step, one: Step) -> str:
    """The symbol of the loss of a pass in names of gradients: its name if the step has several losses, otherwise L."""
    return (step.losses and step.nodes[one.loss_id].name) or "L"


def losses_of(step: Step) -> tuple[int, ...]:
    """The ids of the losses of a step, the one of `step.loss_id` first."""
    return tuple(dict.fromkeys((step.loss_id, *step.losses)))


def loss_curves(trace: Trace) -> list[tuple[str, list[float]]]:
    """The values of every loss over the run, with its name; of a run with one loss without a name."""
    names = [trace.steps[0].nodes[id].name.partition("#")[0] for id in losses_of(trace.steps[0])] if trace.steps else []
    rows = trace.metrics
    if len(names) < 2 or not all(name in row for name in names for row in rows):
        return [("", [float(row["loss"]) for row in rows])] if rows else []
    return [(name, [float(row[name]) for row in rows]) for name in names]


def gradients_of(step: Step, id: int) -> tuple[int, ...]:
    """The ids of the gradients of a value: one for every loss that it reaches, that of `step.gradients` first."""
    own = [step.gradients[id]] if id in step.gradients else []
    return tuple(dict.fromkeys(own + [each[id] for each in step.losses.values() if id in each]))


def gradient_of_one_loss(name: str) -> str:
    """The name of a gradient as in a step with one loss.

    >>> gradient_of_one_loss("dg_loss/dfake"), gradient_of_one_loss("dL/dW"), gradient_of_one_loss("W")
    ('dL/dfake', 'dL/dW', 'W')
    """
    return _NUMERATOR.sub("dL/d", name, count=1) if _NUMERATOR.match(name) else name
