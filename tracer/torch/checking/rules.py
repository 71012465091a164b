"""Holds each gradient on record against what arrives at its value: the derivatives of what uses it, in float64."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from tracer.analysis.step_gradients import Element, Note, RuleFinding, Verdict
from tracer.graph.record import Node
from tracer.i18n.message import Message
from tracer.torch.checking.causes import Unit, changed_before, changed_outside, functions_within, is_as_it_is, leftover, units_of
from tracer.torch.checking.compare import Compared, compare, number
from tracer.torch.checking.flow import shares_memory
from tracer.torch.checking.labels import name_of, place_of, text_of
from tracer.torch.checking.objective import inner
from tracer.torch.checking.slopes import direction_for, slope
from tracer.torch.checking.sweep import Arrived, Pass, Visited, swept
from tracer.torch.checking.values import apply

OWN_CONVENTION = frozenset({"embedding", "embedding_bag", "_embedding_bag", "_embedding_bag_forward_only"})
"""Operations whose derivative is by their definition not that of their result: a row for padding has none."""

ENOUGH = 1e-7
"""The error of a difference that is small enough, relative to the sum of the magnitudes."""


@dataclass(slots=True)
class Rules:
    """What was found. `cuts` are values whose recorded gradients are taken as they are: they were changed on purpose, or what
    they are to be is not known.
    """

    held: int = 0
    by_differences: int = 0
    findings: list[RuleFinding] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    cuts: dict[int, torch.Tensor] = field(default_factory=dict)
    own: set[int] = field(default_factory=set)
    """Operations whose derivative is by its definition not that of their values, or that draw random numbers."""
    reasons: dict[int, Message] = field(default_factory=dict)
    """Why the gradient of a value was taken as it is."""


def check_rules(one: Pass) -> Rules:
    """Check every rule of a backward pass by itself, with the gradients that arrived at it."""
    return _Checking(one).rules


class _Checking:
    def __init__(self, one: Pass) -> None:
        self._pass = one
        self.rules = Rules()
        for visited in swept(one, None):
            if visited.node.id != one.step.loss_id:
                self._check(visited.node, visited.arrived)
            self._hold_rule(visited)

    # A gradient against the sum of what arrives.

    def _check(self, node: Node, arrived: Arrived) -> None:
        one, rules = self._pass, self.rules
        recorded, given = one.recorded(node.id), one.given(node.id)
        if recorded is None:
            self._not_given(node, arrived)
            return
        if node.id in one.before_hooks:
            hook = one.step.nodes[one.step.gradients[node.id]].parameters["hook"]
            self._take(node, recorded, Message("gradient_hook", {"value": name_of(node)}), str(hook))
        for function in one.flow.functions.get(node.id, ()):
            if function.inside is None:
                self._take(node, recorded, Message("gradient_as_it_is", {"function": function.name}), place_of(node))
                return
        if shares_memory(node, one.step.nodes) and not any(node.id in each for each in (one.before_hooks, one.flow.functions)):
            return
        if arrived.unknown:
            what = ", ".join(sorted(set(arrived.unknown.values())))
            reason = Message("gradient_not_computed", {"op": what})
            if not node.is_leaf:
                self._find(Verdict.UNKNOWN, what, node, node, reason, None)
            self._cut(node, recorded, reason)
            return
        if given is None:
            return
        expected = arrived.total()
        expected = torch.zeros_like(given) if expected is None else expected
        compared = compare(given - leftover(one, node), expected, arrived.parts.values(), one.precision(node.id, arrived))
        if compared.is_right:
            rules.held += len(arrived.parts)
        else:
            self._locate(node, arrived, given, recorded, compared)

    def _not_given(self, node: Node, arrived: Arrived) -> None:
        """No gradient of a value is on record: a Function may give none back."""
        for unit in units_of(self._pass, node, arrived):
            function = unit.function
            if function is not None and node.id in function.without_gradient and bool(unit.expected.any()):
                self._take(
                    node,
                    torch.zeros_like(unit.expected),
                    Message("gradient_not_given", {"function": function.name, "value": name_of(node)}),
                    place_of(unit.node),
                )

    def _locate(self, node: Node, arrived: Arrived, given: torch.Tensor, recorded: torch.Tensor, compared: Compared) -> None:
        """Find the rule by which a gradient is wrong."""
        one = self._pass
        units = units_of(one, node, arrived)
        for unit in units:
            if unit.found is None and all(other.found is not None for other in units if other is not unit):
                others = [other.found for other in units if other is not unit and other.found is not None]
                unit.found = given - leftover(one, node) - sum(others, torch.zeros_like(given))
        is_found = False
        for unit in units:
            if unit.found is None:
                continue
            part = compare(unit.found, unit.expected, [unit.expected], one.precision(node.id, arrived))
            self.rules.held += 1
            if not part.is_right:
                is_found = True
                self._judge(node, unit, part, recorded)
        if not is_found:
            reason = Message("gradient_sum_differs", {"value": name_of(node)})
            self._find(Verdict.UNKNOWN, "", node, node, reason, compared)
            self._cut(node, recorded, reason)

    def _judge(self, node: Node, unit: Unit, compared: Compared, recorded: torch.Tensor) -> None:
        """What is said of one rule whose result is not the derivative."""
        function, name = unit.function, unit.name
        if function is not None and function.is_recomputed:
            inside = functions_within(self._pass)
            name = ", ".join(inside) if inside else name
        assert unit.found is not None
        changed = changed_before(self._pass, unit)
        if changed is not None:
            reason = Message("gradient_changed_memory", {"place": place_of(changed), "text": text_of(changed)})
            self._find(Verdict.WRONG, name, node, unit.node, reason, compared)
            return
        if function is None:
            other = changed_outside(self._pass, unit)
            if other is not None:
                reason = Message("gradient_changed_outside", {"value": name_of(other)})
            else:
                reason = Message("gradient_rule_differs", {"op": unit.node.op})
            self._find(Verdict.UNKNOWN, name, node, unit.node, reason, compared)
            self._cut(node, recorded, reason)
            return
        if node.id in function.without_gradient:
            self._take(
                node, recorded, Message("gradient_not_given", {"function": name, "value": name_of(node)}), place_of(unit.node)
            )
            return
        if is_as_it_is(self._pass, unit):
            self._take(node, recorded, Message("gradient_as_it_is", {"function": name}), place_of(unit.node))
            return
        if not bool(unit.expected.any()):
            self._take(node, recorded, Message("gradient_straight_through", {"function": name}), place_of(unit.node))
            return
        assert compared.wrong is not None
        if not bool(unit.expected[compared.wrong].any()):
            reason = Message("gradient_of_constant", {"value": name_of(node)})
            self._find(Verdict.UNKNOWN, name, node, unit.node, reason, compared)
            self._cut(node, recorded, reason)
            return
        settled = self._by_difference(node, unit, compared)
        if settled is not None:
            reason = Message("gradient_function_wrong", {"value": name_of(node)})
            self._find(Verdict.WRONG, name, node, unit.node, reason, compared, settled)
            return
        reason = Message("gradient_function_kink", {"value": name_of(node)})
        self._find(Verdict.UNKNOWN, name, node, unit.node, reason, compared)
        self._cut(node, recorded, reason)

    def _by_difference(self, node: Node, unit: Unit, compared: Compared) -> float | None:
        """The derivative that a Function is to give back for an element, by differences; None if they do not settle."""
        one = self._pass
        assert compared.index is not None
        direction = torch.zeros_like(one.values[node.id])
        direction[compared.index] = max(abs(number(one.values[node.id][compared.index])), 1e-3)
        inside = sorted(unit.inside)

        def moved(length: float) -> tuple[float, float]:
            values = {node.id: one.values[node.id] + length * direction}
            for id in inside:
                inside_node = one.step.nodes[id]
                instead = {
                    position: values[of] for position in one.flow.live(inside_node)
                    if isinstance(of := inside_node.inputs[position], int) and of in values
                }  # fmt: skip
                if instead:
                    values[id] = apply(inside_node, one.values.inputs_of(inside_node, instead))
            terms = [inner(unit.arriving[of], values[of]) for of in unit.arriving if of in values]
            return sum(term for term, _ in terms), sum(size for _, size in terms)

        size = abs(compared.expected) * float(direction[compared.index].abs())
        found = slope(moved, ENOUGH * size)
        expected = found.value / float(direction[compared.index].abs())
        is_settled = not found.is_kink and abs(expected - compared.expected) <= 0.05 * abs(compared.found - compared.expected)
        return expected if is_settled else None

    # A rule against differences.

    def _hold_rule(self, visited: Visited) -> None:
        """Hold what PyTorch itself takes for the derivative of an operation against differences of what it computes."""
        node, handed = visited.node, visited.handed
        if node.id in self._pass.values.drawn or node.op.partition(".")[2].partition(".")[0] in OWN_CONVENTION:
            self.rules.own.add(node.id)
            return
        given = {p: part for p, part in zip(visited.live, visited.parts, strict=True) if part is not None}
        if handed is None or not given or not all(bool(torch.isfinite(each).all()) for each in (handed, *given.values())):
            return
        inputs = self._pass.values.inputs_of(node)
        generator = torch.Generator().manual_seed(node.id)
        is_kink = False
        for moves_zeros in (True, False):
            direction = {p: direction_for(inputs[p], generator, moves_zeros=moves_zeros) for p in given}
            expected, size = 0.0, 0.0
            for position, part in given.items():
                value, magnitude = inner(part, direction[position])
                expected, size = expected + value, size + magnitude

            def moved(length: float, direction: dict[int, torch.Tensor] = direction) -> tuple[float, float]:
                instead = {position: inputs[position] + length * each for position, each in direction.items()}
                return inner(handed, apply(node, self._pass.values.inputs_of(node, instead)))

            try:
                found = slope(moved, ENOUGH * size)
            except Exception:  # an operation may take no other numbers
                return
            if not found.is_kink and abs(found.value - expected) <= 1e-5 * size + 2 * found.error:
                self.rules.by_differences += 1
                return
            is_kink |= found.is_kink or not found.error <= 1e-2 * size
        if not is_kink:
            self.rules.own.add(node.id)

    # What is said.

    def _take(self, node: Node, recorded: torch.Tensor, what: Message, place: str) -> None:
        self.rules.notes.append(Note(place, what))
        self._cut(node, recorded, what)

    def _cut(self, node: Node, recorded: torch.Tensor, reason: Message) -> None:
        self.rules.cuts[node.id] = recorded
        self.rules.reasons[node.id] = reason

    def _find(
        self,
        verdict: Verdict,
        rule: str,
        of: Node,
        result: Node,
        reason: Message,
        compared: Compared | None,
        expected: float | None = None,
    ) -> None:
        element = None
        if compared is not None:
            element = Element(compared.index or (), compared.found, compared.expected if expected is None else expected)
        self.rules.findings.append(
            RuleFinding(self._pass.step.index, verdict, rule, name_of(of), place_of(result), reason, element)
        )
