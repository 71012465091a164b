"""A run as the rules read it: the steps that are looked at closely, its losses, its parameters with gradients and new values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np

from tracer.graph.losses import losses_of
from tracer.graph.record import Literal, Node, Phase, Step, Trace
from tracer.ops.foreign.names import base_name

MAX_STEPS = 16
"""Steps that are looked at closely: the first and the last ones, and some between."""

FORWARD = (Phase.INIT, Phase.FORWARD, Phase.LOSS)
"""The phases of what a loss is made of."""

MAX_ELEMENTS = 4_000_000
"""Elements of an array of which the numbers are read."""


def label(node: Node) -> str:
    """What a node is called in a finding: its name, or the expression that computes it."""
    return node.name or (node.source.text if node.source is not None else "") or f"{base_name(node.op) or node.op} {node.id}"


def numbers_of(node: Node) -> np.ndarray | None:
    """The values of a node in double precision; None if they are not on record, or no real numbers."""
    if not node.is_kept or node.size > MAX_ELEMENTS:
        return None
    value = np.asarray(node.value)
    if value.dtype.kind not in "biuf":
        return None
    return value.astype(np.float64)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in one step, with the gradient of the loss and its value after the update, where there are any."""

    node: Node
    gradient: Node | None
    new: Node | None


class Run:
    """A trace, and the steps of it that are looked at: those before the loss is no number any more."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    @cached_property
    def losses(self) -> Sequence[float]:
        """The loss of every step of the run, up to the first that is not finite."""
        rows = [row.get("loss") for row in self.trace.metrics] or [step.loss for step in self.trace.steps]
        found: list[float] = []
        for value in rows:
            if not isinstance(value, (int, float)) or not math.isfinite(value):
                break
            found.append(float(value))
        return found

    @cached_property
    def steps(self) -> Sequence[Step]:
        """The steps that are looked at closely."""
        count = sum(1 for _ in self._finite())
        places = sorted({round(each) for each in np.linspace(0, count - 1, min(count, MAX_STEPS))}) if count else []
        return [self.trace.steps[position] for position in places]

    def _finite(self) -> Iterator[int]:
        for position, step in enumerate(self.trace.steps):
            loss = step.nodes[step.loss_id]
            if not loss.is_finite:
                return
            yield position

    @property
    def has_several_losses(self) -> bool:
        """Whether there is no one loss that all parameters are to make small."""
        return any(len(list(losses_of(step))) > 1 for step in self.steps[:1])

    @property
    def is_maximised(self) -> bool:
        """Whether the loss is called as one that is to be large."""
        name = str(self.trace.hyperparameters.get("loss", "")).lower()
        is_gain = any(word in name for word in ("likelihood", "loglik", "reward", "elbo")) or name in ("ll", "logl")
        return is_gain and "neg" not in name

    @cached_property
    def parameters(self) -> Sequence[Sequence[Parameter]]:
        """Each parameter in the steps that are looked at, in the order of their use in the forward pass."""
        found: dict[str, list[Parameter]] = {}
        order: dict[str, int] = {}
        for step in self.steps:
            used = first_uses(step)
            for node in step.parameters:
                order.setdefault(node.name, used.get(node.id, len(step.nodes)))
                gradient, new = step.gradients.get(node.id), step.updates.get(node.id)
                each = Parameter(
                    node, None if gradient is None else step.nodes[gradient], None if new is None else step.nodes[new]
                )
                found.setdefault(node.name, []).append(each)
        return [found[name] for name in sorted(found, key=lambda name: order[name])]

    @property
    def trains(self) -> bool:
        """Whether steps update parameters, so that the record is one of a training."""
        return any(step.updates for step in self.steps)

    @cached_property
    def has_same_data(self) -> bool:
        """Whether the steps that are looked at have the same data: all that losses are made of but parameters is the same."""
        first = _given(self.steps[0])
        return len(self.steps) > 1 and all(_are_same(_given(step), first) for step in self.steps[1:])

    @cached_property
    def trend(self) -> Trend:
        """How the loss of the run goes."""
        return trend_of(self.losses, self.has_same_data)


@dataclass(frozen=True, slots=True)
class Trend:
    """The mean loss at the start and at the end of a run, and the standard error of their difference."""

    first: float
    last: float
    error: float = 0.0

    @property
    def rises(self) -> bool:
        """Whether the loss is higher at the end, by more than chance."""
        return self.last - self.first > 2 * self.error


def trend_of(losses: Sequence[float], has_same_data: bool) -> Trend:
    """The mean of the first and of the last tenth; if the data are others in each step, of the two halves.

    >>> trend_of([4.0, 3.0, 2.0, 1.0], True)
    Trend(first=4.0, last=1.0, error=0.0)
    >>> trend_of([4.0, 2.0, 3.0, 1.0], False)
    Trend(first=3.0, last=2.0, error=1.4142135623730951)
    """
    if len(losses) < 2:
        return Trend(math.nan, math.nan)
    count = max(1, len(losses) // 10) if has_same_data else len(losses) // 2
    one, other = np.asarray(losses[:count]), np.asarray(losses[-count:])
    error = 0.0 if has_same_data or count < 2 else math.sqrt((one.var(ddof=1) + other.var(ddof=1)) / count)
    return Trend(float(one.mean()), float(other.mean()), error)


def first_uses(step: Step) -> dict[int, int]:
    """The first operation that uses each node."""
    found: dict[int, int] = {}
    for node in step.nodes:
        if not node.is_leaf:
            for operand in node.operands:
                found.setdefault(operand, node.id)
    return found


def forward_nodes(step: Step) -> Iterator[Node]:
    """The operations of the forward pass and the loss."""
    return (node for node in step.nodes if node.phase in (Phase.FORWARD, Phase.LOSS) and not node.is_leaf)


def dependents(step: Step) -> set[int]:
    """The nodes of the forward pass that are computed from parameters, with these."""
    found = {node.id for node in step.parameters}
    for node in forward_nodes(step):
        if any(operand in found for operand in node.operands):
            found.add(node.id)
    return found


_Given: TypeAlias = dict[tuple[object, ...], list[Node]]


def _given(step: Step) -> _Given:
    """What losses are made of beside parameters, by statistics: the numbers of nodes may be others in each step.

    Only what meets values that depend on parameters: a first step may also have on record how its data were made.
    """
    depending = dependents(step)
    used = set(losses_of(step))
    for node in reversed(step.nodes):
        if node.id in used:
            used.update(node.operands)  # not a learning rate, or a mean of gradients, which are leaves too
    both = used & depending
    met = {operand for node in step.nodes if node.id in both for operand in node.operands} - depending
    found: _Given = {}
    for node in step.nodes:
        if node.id in met and node.phase in FORWARD:
            found.setdefault((node.shape, node.dtype, node.summary), []).append(node)
    return found


def _are_same(some: _Given, others: _Given) -> bool:
    """Whether two steps are given the same arrays, as far as they are on record: statistics do not tell the order of labels."""
    if some.keys() != others.keys():
        return False
    for key, nodes in some.items():
        both = (*nodes, *others[key])
        if len(nodes) != len(others[key]):
            return False
        if not all(node.is_kept and node.size <= MAX_ELEMENTS for node in both):
            continue
        if sorted(node.value.tobytes() for node in nodes) != sorted(node.value.tobytes() for node in others[key]):
            return False
    return True


def literal(node: Node, position: int) -> float | None:
    """A number in the code that is an operand of an operation; None if that is another node."""
    if position >= len(node.inputs):
        return None
    operand = node.inputs[position]
    return float(operand.value) if isinstance(operand, Literal) and isinstance(operand.value, (int, float)) else None


def median(numbers: Sequence[float]) -> float:
    """The median as NumPy computes it, which loads masked arrays for it: NaN of none, and if one of them is NaN.

    >>> median([3.0, 1.0, 2.0]), median([1.0, 2.0]), median([]), median([1.0, math.nan])
    (2.0, 1.5, nan, nan)
    """
    if not numbers or any(map(math.isnan, numbers)):
        return math.nan
    ordered, half = sorted(numbers), len(numbers) // 2
    return float(ordered[half] if len(numbers) % 2 else (ordered[half - 1] + ordered[half]) / 2)
