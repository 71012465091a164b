"""Holds the gradient of each parameter against the derivative of the loss, and that against differences of the loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch

from tracer.analysis.step_gradients import Element, ParameterGradient, Verdict
from tracer.graph.record import Node
from tracer.i18n.message import Message
from tracer.torch.checking.causes import leftover, memory_before
from tracer.torch.checking.compare import Compared, compare
from tracer.torch.checking.labels import name_of
from tracer.torch.checking.objective import Objective, inner
from tracer.torch.checking.rules import ENOUGH, Rules
from tracer.torch.checking.slopes import direction_for
from tracer.torch.checking.sweep import Arrived, Pass, swept

NUMBERS = 1_000_000_000
"""The numbers that are computed for differences of a loss. Parameters that are left after them are held in a sum over all."""

ELEMENTS, MOST_ELEMENTS = 16, 4
"""The elements that are held against differences one by one, of all parameters and of one of them."""

NEAR = 0.05
"""A difference confirms an expected number if it is nearer to it than this part of the way to the number on record."""

ON_PURPOSE = frozenset({"gradient_hook", "gradient_as_it_is", "gradient_straight_through", "gradient_not_given"})
"""The reasons for which a gradient is another one because the program says so."""

AGREEMENT = 1e-5
"""The relative error of a difference that agrees with a derivative, besides its own."""


@dataclass(slots=True)
class _Row:
    """A parameter, its gradient as it is to be, and how many differences of the loss agree with that."""

    node: Node
    true: torch.Tensor | None
    arrived: Arrived
    sums: int = 0
    elements: int = 0
    error: float = 0.0
    agrees: bool = True


class _Checking:
    def __init__(self, one: Pass, rules: Rules) -> None:
        self._pass = one
        self._rows: dict[int, _Row] = {}
        own: dict[tuple[int, int], torch.Tensor] = {}
        for visited in swept(one, rules.cuts):
            if visited.node.id in rules.own:
                parts = zip(visited.live, visited.parts, strict=True)
                own |= {(visited.node.id, position): part for position, part in parts if part is not None}
            if is_parameter(one, visited.node):
                self._rows[visited.node.id] = _Row(visited.node, visited.arrived.total(), visited.arrived)
        cuts = {of: each for of, each in rules.cuts.items() if not one.step.nodes[of].is_leaf}
        self._objective = Objective(one, cuts, own)
        self._generator = torch.Generator().manual_seed(one.step.index)

    def rows(self) -> list[_Row]:
        """The parameters that gradients flow to, with what differences of the loss say of each."""
        finite = [row for row in self._rows.values() if not row.arrived.unknown and _is_finite(row.true)]
        directions = {row.node.id: direction_for(self._pass.values[row.node.id], self._generator) for row in finite}
        self._hold(finite, directions)
        for row in finite if len(finite) > 1 else ():
            if self._objective.computed < NUMBERS:
                self._hold([row], {row.node.id: directions[row.node.id]})
        left = ELEMENTS
        for rank in range(MOST_ELEMENTS):
            for row in finite:
                if rank < row.node.size and left and self._objective.computed < NUMBERS:
                    left -= 1
                    self._hold([row], {row.node.id: self._single(row, rank)}, is_element=True)
        return list(self._rows.values())

    def _single(self, row: _Row, rank: int) -> torch.Tensor:
        """The direction of the element with the largest gradient, the second largest, and so on."""
        assert row.true is not None
        position = int(torch.topk(row.true.abs().reshape(-1), rank + 1).indices[rank])
        return _single(self._pass.values[row.node.id], position)

    def _hold(self, rows: Sequence[_Row], directions: Mapping[int, torch.Tensor], *, is_element: bool = False) -> None:
        """Hold the gradients of some parameters against a difference of the loss along a direction of them."""
        expected, size = 0.0, 0.0
        for row in rows:
            assert row.true is not None
            value, magnitude = inner(row.true, directions[row.node.id])
            expected, size = expected + value, size + magnitude
        found = self._objective.along(directions, ENOUGH * size)
        if found.is_kink or not found.error <= 1e-2 * max(size, abs(found.value)):
            return
        agrees = abs(found.value - expected) <= AGREEMENT * size + 2 * found.error
        for row in rows if agrees or len(rows) == 1 else ():  # of several, the one is found by itself
            row.agrees &= agrees
            row.error = max(row.error, abs(found.value - expected) / size if size else 0.0)
            row.sums, row.elements = row.sums + (not is_element), row.elements + is_element

    def by_difference(self, node: Node, index: tuple[int, ...]) -> float | None:
        """The derivative with respect to one element by differences of the loss; None if they do not settle."""
        flat = int(torch.arange(max(node.size, 1)).reshape(node.shape)[index])
        direction = _single(self._pass.values[node.id], flat)
        length = float(direction.abs().max())
        found = self._objective.along({node.id: direction}, 0.0)
        is_settled = not found.is_kink and found.error <= 1e-2 * abs(found.value) + 1e-9
        return found.value / length if is_settled else None


def _is_finite(tensor: torch.Tensor | None) -> bool:
    return tensor is not None and bool(torch.isfinite(tensor).all())


def _single(value: torch.Tensor, position: int) -> torch.Tensor:
    """The direction of one element, on the scale of it or of the others."""
    found = torch.zeros_like(value).reshape(-1)
    size = float(value.reshape(-1)[position].abs())
    found[position] = size if size > 0 else float(value.abs().max()) or 1.0
    return found.reshape(value.shape)


def is_parameter(one: Pass, node: Node) -> bool:
    """Whether a value is a parameter, as the step begins with it or as the program wrote into it before it used it."""
    if node.op == "parameter":
        return True
    if node.id not in one.flow.starts:
        return False
    *written, first = memory_before(one.step.nodes, node.id)
    return first.op == "parameter" and not any("of_update" in each.parameters for each in written)


def check_parameters(one: Pass, rules: Rules) -> list[ParameterGradient]:
    """The gradients of the parameters that a loss has, each held against the derivative of that."""
    checking = _Checking(one, rules)
    return [_judged(one, rules, row, checking) for row in sorted(checking.rows(), key=lambda row: row.node.id)]


def _judged(one: Pass, rules: Rules, row: _Row, checking: _Checking) -> ParameterGradient:
    """What is said of the gradient of one parameter."""
    node, given, reason = row.node, one.given(row.node.id), rules.reasons.get(row.node.id)
    unknown = ParameterGradient(
        one.step.index, name_of(memory_before(one.step.nodes, node.id)[-1]), node.shape, node.size, Verdict.UNKNOWN
    )
    if one.recorded(node.id) is None:
        if reason is not None:
            return replace(unknown, verdict=Verdict.STOPPED, reason=reason)
        return replace(unknown, reason=Message("gradient_not_on_record"))
    if reason is not None and node.id not in one.before_hooks:
        return replace(unknown, verdict=Verdict.CHANGED if reason.code in ON_PURPOSE else Verdict.UNKNOWN, reason=reason)
    if row.arrived.unknown or given is None:
        what = ", ".join(sorted(set(row.arrived.unknown.values())))
        return replace(unknown, reason=Message("gradient_not_computed", {"op": what}))
    true, old = torch.zeros_like(given) if row.true is None else row.true, leftover(one, node)
    compared = compare(given - old, true, row.arrived.parts.values(), one.precision(node.id, row.arrived))
    error, allowed = max(compared.error, row.error), max(compared.allowed, AGREEMENT)
    found = replace(unknown, sums=row.sums, elements=row.elements, error=error, allowed=allowed)
    if not _is_finite(given) or not _is_finite(true):
        return replace(found, reason=Message("gradient_nan"))
    if bool(old.any()):
        return replace(found, verdict=Verdict.WRONG, reason=Message("gradient_left_over"))
    if not compared.is_right:
        return _off(row, checking, compared, found)
    if not row.agrees:
        return replace(found, reason=Message("gradient_differences_differ"))
    return replace(found, verdict=Verdict.RIGHT if reason is None else Verdict.CHANGED, reason=reason)


def _off(row: _Row, checking: _Checking, compared: Compared, found: ParameterGradient) -> ParameterGradient:
    """A gradient that is not the derivative: wrong, if differences of the loss say so too."""
    assert compared.index is not None
    expected = checking.by_difference(row.node, compared.index)
    if expected is None or abs(expected - compared.expected) > NEAR * abs(compared.found - compared.expected):
        element = Element(compared.index, compared.found, compared.expected)
        return replace(found, element=element, reason=Message("gradient_reference_unsettled"))
    return replace(found, verdict=Verdict.WRONG, element=Element(compared.index, compared.found, expected))
