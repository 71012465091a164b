"""The way to a node: from each operation back to the input that contributes most to it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tracer.analysis.carrying import can_compute_again
from tracer.analysis.computing_again import Computable, computable
from tracer.graph.record import Literal, Node, Step

MAX_ELEMENTS = 1_000_000
"""Elements of the inputs and the result of an operation that is computed again."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A node on the way. Of a sum of which terms were compared to go on, `index` is the element with the largest one."""

    node: Node
    index: tuple[int, ...] | None = None


def largest_way(step: Step, node: Node) -> list[Stop]:
    """The way to a node, from the first one on.

    It is traced back along the inputs that depend on a parameter, or else along all. Of the terms of a sum the largest is taken,
    of other inputs, such as the factors of a product, the one with the largest number.
    """
    dependent = {each.id for each in step.nodes if each.op == "parameter"}
    for each in step.nodes:
        if any(operand in dependent for operand in each.operands):
            dependent.add(each.id)
    way, here = [], node
    while here.operands:
        operands = [step.nodes[id] for id in dict.fromkeys(here.operands)]
        candidates = [each for each in operands if each.id in dependent] or operands
        term = _largest_term(step, here, candidates) if len(candidates) > 1 else None
        way.append(Stop(here, term[1] if term is not None else None))
        here = max(term[0] if term is not None else candidates, key=lambda each: (largest_magnitude(each), -each.id))
    return [Stop(here), *reversed(way)]


def largest_magnitude(node: Node) -> float:
    """The largest magnitude among the finite elements of a node."""
    ends = [abs(end) for end in (node.summary.minimum, node.summary.maximum) if math.isfinite(end)]
    return float(max(ends, default=0.0))


def _largest_term(step: Step, node: Node, candidates: Sequence[Node]) -> tuple[list[Node], tuple[int, ...] | None] | None:
    """The inputs that are in the largest term of a sum, and the element where it is that large.

    A term is what is missing in the result if one of its inputs is 0. None where the candidates are not in two terms or more
    that add up, or where this cannot be computed.
    """
    op = computable(step, node)
    operands = [step.nodes[operand] for operand in node.operands]
    if op is None or not all(each.is_kept and each.size <= MAX_ELEMENTS for each in (node, *operands)):
        return None
    with np.errstate(all="ignore"):
        try:
            return _compared(op, step, node, candidates)
        except Exception:  # an operation of a user, or one from a file, may raise anything
            return None


def _compared(
    op: Computable, step: Step, node: Node, candidates: Sequence[Node]
) -> tuple[list[Node], tuple[int, ...] | None] | None:
    inputs: list[Any] = [each.value if isinstance(each, Literal) else step.nodes[each].value for each in node.inputs]
    if not can_compute_again(op, inputs, node.parameters, node.shape):
        return None
    if any(np.iscomplexobj(value) for value in (*inputs, node.value)):
        return None
    whole = np.asarray(op.value(*inputs, **node.parameters), dtype=np.float64)

    def without(removed: Sequence[Node]) -> np.ndarray:
        """What is missing in the result if these inputs are 0."""
        ids = {each.id for each in removed}
        given: list[Any] = [
            np.zeros_like(value) if not isinstance(operand, Literal) and operand in ids else value
            for operand, value in zip(node.inputs, inputs, strict=True)
        ]
        return np.asarray(whole - np.asarray(op.value(*given, **node.parameters), dtype=np.float64))

    terms: list[tuple[list[Node], np.ndarray]] = []
    for each in candidates:
        missing = without([each])
        alike = next((members for members, other in terms if _is_close(other, missing)), None)
        if alike is None:
            terms.append(([each], missing))
        else:
            alike.append(each)  # a factor of the same product
    if len(terms) < 2 or not _is_close(sum(missing for _, missing in terms), without(candidates)):
        return None
    members, missing = max(terms, key=lambda term: float(np.abs(term[1]).max(initial=0.0)))
    place = int(np.argmax(np.abs(missing)))
    # In an element of joined arrays there is one term only: nothing is added there that could be shown.
    is_sum = sum(bool(other.flat[place]) for _, other in terms) > 1
    return members, tuple(int(at) for at in np.unravel_index(place, missing.shape)) if is_sum else None


def _is_close(one: Any, other: np.ndarray) -> bool:
    """Whether two results are the same but for rounding, and finite."""
    size = float(max(np.abs(one).max(initial=0.0), np.abs(other).max(initial=0.0)))
    return math.isfinite(size) and bool(np.all(np.abs(one - other) <= 1e-4 * size))
