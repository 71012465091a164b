"""The lines that run backward passes: operations of a backward pass have the line of what they differentiate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from tracer.graph.record import Phase, Source, Step


def running_lines(step: Step) -> dict[int, Source]:
    """For operations of a backward pass of PyTorch, the line that called it, as `loss.backward()`.

    It is that of the first operation of the pass, the derivative of the loss with respect to itself. What belongs to passes of
    several lines has none, nor have records without that line: earlier ones, and those of programs in NumPy.
    """
    found: dict[int, Source] = {}
    losses = {loss: found.get(loss) for loss, found in step.losses.items()} or {step.loss_id: step.gradients.get(step.loss_id)}
    for loss, gradient in losses.items():
        if gradient is None:
            continue
        node, source = step.nodes[gradient], step.nodes[gradient].source
        if node.phase is Phase.BACKWARD and source is not None and source != step.nodes[loss].source and not node.is_leaf:
            found[gradient] = source
    computed = [node for node in step.nodes if node.phase is Phase.BACKWARD and not node.is_leaf]
    users: dict[int, list[int]] = defaultdict(list)
    for node in computed:
        for operand in node.operands:
            users[operand].append(node.id)
        _learn(found, node.id, [found[operand] for operand in node.operands if operand in found])
    for node in reversed(computed):  # what only prepares a product with a gradient, such as the sign of a value
        if all(user in found for user in users[node.id]):
            _learn(found, node.id, [found[user] for user in users[node.id]])
    return found


def _learn(found: dict[int, Source], id: int, lines: Sequence[Source]) -> None:
    """Give an operation the line of those it belongs with, if that is one."""
    if lines and len(set(lines)) == 1:
        found.setdefault(id, lines[0])
