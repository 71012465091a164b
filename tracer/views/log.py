"""The step log: fixed columns, one line a node and at most two below it, ASCII throughout."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from tracer.expression import as_atom
from tracer.graph import Node, Phase, Step, Trace
from tracer.views.arithmetic import worked_element
from tracer.views.notation import DIGITS, Labels, node_number, number_text, value_text

EQUATION_WIDTH = 48
SHAPES_WIDTH = 30


def log_lines(head: Trace, steps: Iterable[Step], digits: int = DIGITS) -> Iterator[str]:
    """The log of a run, a piece at a time, as its steps come; every piece ends in a line break."""
    yield _heading(head)
    losses: list[float] = []
    nonfinite_from = ""
    for step in steps:
        change = f"{number_text(losses[-1], digits)} -> " if losses else ""
        losses.append(step.loss)
        lines = [f"== step {step.index} ==  loss {change}{number_text(step.loss, digits)}"]
        began = None if nonfinite_from else step.first_nonfinite()
        labels = Labels(step.nodes)
        phase = None
        for node in step.nodes:
            if node.phase is not phase:
                phase = node.phase
                lines.append(f"-- {phase.value}")
            lines.extend(_node_lines(step, node, labels, digits))
            if node is began:
                nonfinite_from = f"{node_number(step, node.id)} {labels[node.id]}"
                lines.append(f"     !! {nonfinite_text(node)}: the first of this run")
        lines.extend(_metric_lines(step, digits))
        yield "\n".join(lines) + "\n"
    yield _ending(losses, nonfinite_from, digits)


def ending_lines(done: int, planned: int, why: str) -> str:
    """The end of a log whose run did not come to its own end.

    >>> ending_lines(3, 50, "interrupted")
    '== interrupted ==  3 of 50 steps are whole\\n'
    """
    return f"== {why} ==  {done} of {planned} steps are whole\n"


def log_text(trace: Trace, digits: int = DIGITS) -> str:
    """The log of a whole trace."""
    return "".join(log_lines(trace, trace.steps, digits))


def nonfinite_text(node: Node) -> str:
    """How many numbers of a node are NaN or infinite.

    'NaN in 1 of 4 elements, infinite in 2 of 4 elements' says what it is.
    """
    counts = {"NaN": np.isnan(node.value), "infinite": np.isinf(node.value)}
    found = [f"{name} in {np.count_nonzero(of)} of {node.value.size} elements" for name, of in counts.items() if of.any()]
    return ", ".join(found)


def _heading(head: Trace) -> str:
    settings = " ".join(f"{name}={value}" for name, value in head.hyperparameters.items())
    versions = " ".join(f"{name} {version}" for name, version in head.versions.items())
    title = f": {head.title}" if head.title else ""
    return f"# {head.scenario}{title}\n# seed={head.seed} dtype={head.dtype} {settings}\n# {versions}\n"


def _node_lines(step: Step, node: Node, labels: Labels, digits: int) -> Iterator[str]:
    equation = f"{labels.equation(node):<{EQUATION_WIDTH}}"
    shapes = f"{labels.shapes(node):<{SHAPES_WIDTH}}"
    yield f"{node_number(step, node.id)} {equation} {shapes} {_remark(step, node, labels)}".rstrip()
    worked = worked_element(step.nodes, node, labels, digits=digits)
    if node.shape or not worked:
        yield f"     {value_text(node.value, digits)}"
    norm = f"|g| = {number_text(np.linalg.norm(node.value), digits)}" if _is_gradient(step, node) and node.value.size > 1 else ""
    if worked:
        yield f"     {worked}{'    ' + norm if norm else ''}"
    elif norm:
        yield f"     {norm}"


def _is_gradient(step: Step, node: Node) -> bool:
    return node.gradient_of is not None and step.gradients.get(node.gradient_of) == node.id


def _remark(step: Step, node: Node, labels: Labels) -> str:
    """The last column: the kind of a leaf, the source and scope of an operation, the forward twin of a gradient."""
    if node.is_leaf and node.phase is Phase.INIT:
        return node.op
    if node.phase is Phase.BACKWARD:
        twin = node.gradient_of if node.rule_of is None else node.rule_of
        also = [f"dL/d{as_atom(labels[of])}" for of, by in step.gradients.items() if by == node.id]
        others = [name for name in also if name != node.name]
        return f"of {node_number(step, twin)}" + (f", also {', '.join(others)}" if others else "") if twin is not None else ""
    if node.phase is Phase.UPDATE:
        return node.scope
    return " ".join(part for part in (str(node.source or ""), node.scope) if part)


def _metric_lines(step: Step, digits: int) -> Iterator[str]:
    measured = {name: value for name, value in step.metrics.items() if name not in ("step", "epoch", "loss")}
    if measured:
        yield "-- metrics"
        yield f"     epoch {step.metrics['epoch']}  " + "  ".join(
            f"{name} = {number_text(value, digits) if isinstance(value, (int, float)) else value}"
            for name, value in measured.items()
        )


def _ending(losses: list[float], nonfinite_from: str, digits: int) -> str:
    change = f", loss {number_text(losses[0], digits)} -> {number_text(losses[-1], digits)}" if losses else ""
    bad = f", NaN or infinite from {nonfinite_from} on" if nonfinite_from else ""
    return f"== end ==  {len(losses)} step{'s' if len(losses) != 1 else ''}{change}{bad}\n"

