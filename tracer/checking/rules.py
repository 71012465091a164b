"""Every derivative rule of a recorded step, run at the values it met there with a cotangent drawn at random.

A gradient that comes out right may hide a rule that is wrong: behind a dead relu nothing of it is seen. Here each rule
stands alone, so that what is wrong is named: node, operation, input, index and both values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tracer.checking.compare import GradientComparison, extent_of
from tracer.checking.complex_step import imaginary_part, one_hot_directions, scaled, steps_along
from tracer.checking.error_scale import computed_in, magnitudes
from tracer.checking.finite_differences import UNSETTLED, DirectionalPath, one_sided_slopes
from tracer.checking.perturbation import perturbed
from tracer.checking.results import Difference, Fault, tolerance_of
from tracer.checking.rule_runs import RuleResult, Rules
from tracer.graph.formula import formula, parse, short_expression
from tracer.graph.record import Literal, Node, Step
from tracer.i18n.message import Message
from tracer.ops import shaping
from tracer.ops.base import Op, complex_of
from tracer.recording.replay import operation_of, start_value
from tracer.recording.tape import Entry

ONE_BY_ONE = 400
"""Up to how many numbers of an input are compared one by one."""

SAMPLED = 8
"""How many are of a larger one."""

KINKED = 32
"""How many numbers beside a kink are also held between the slopes to both sides."""

AGAIN = 1e-6
"""How far a value may be from the recorded one when it is computed again: another kernel may round differently."""

LARGER = 2.0**14
"""A cotangent so many times larger gives a gradient so many times larger: a power of 2 does not change the digits."""

BETWEEN = 1e-6
"""How far beside those slopes, which come from differences, a derivative may lie."""


def check_rules(step: Step, rng: np.random.Generator, *, second_order: bool = False) -> tuple[int, list[Fault]]:
    """Run every rule through which the step's gradients came; how many there are, and what is wrong with them.

    With `second_order` also whether what a rule records can be differentiated again.
    """
    with np.errstate(all="ignore"):
        return _check_rules(step, rng, second_order)


def _check_rules(step: Step, rng: np.random.Generator, second_order: bool) -> tuple[int, list[Fault]]:
    count, faults = 0, []
    for node in step.nodes[: step.loss_id + 1]:
        if node.is_leaf or node.id not in step.gradients or not np.all(np.isfinite(node.value)):
            continue  # where a value is not finite there is nothing to compare; whether the gradient is, is seen at its end
        place = Place(step.nodes, node)
        fault = place.fault_of_value()
        if fault is not None:
            faults.append(fault)
        for position, operand in enumerate(node.inputs):
            if isinstance(operand, Literal) or operand not in step.gradients or not place.op.differentiable(position):
                continue
            count += 1
            fault = place.fault_of(position, rng) or (place.fault_of_record(position, rng) if second_order else None)
            if fault is not None:
                faults.append(fault)
    return count, faults


class Place:
    """An operation where it stands in a step, with the values that it met."""

    def __init__(self, nodes: Sequence[Node], node: Node) -> None:
        self.node = node
        self.op: type[Op] = operation_of(node)
        self._nodes = nodes
        self._dtypes = [node.dtype, *(nodes[operand].dtype for operand in node.operands)]
        self._inputs: list[Any] = [x.value if isinstance(x, Literal) else start_value(nodes[x]) for x in node.inputs]
        self._rules = Rules(self.op, node.value, self._inputs, node.parameters)

    def fault_of_value(self) -> Fault | None:
        """Whether the operation computes again what is on record, and leaves its inputs as they are."""
        given = [x for x in self._inputs if isinstance(x, np.ndarray)]
        before = [x.tobytes() for x in given]
        value = np.asarray(self.op.value(*self._inputs, **self.node.parameters))
        position = next(place for place, x in enumerate(self.node.inputs) if not isinstance(x, Literal))
        if before != [x.tobytes() for x in given]:
            return self._fault(position, Message("rule_of_changed_inputs"))
        if value.shape != self.node.shape:
            return self._fault(position, Message("rule_of_other_shape"))
        same = value.tobytes() == self.node.value.tobytes()
        if not same and not np.allclose(value, self.node.value, rtol=AGAIN, atol=0, equal_nan=True):
            return self._fault(position, Message("rule_of_other_value"))
        return None

    def fault_of(self, position: int, rng: np.random.Generator) -> Fault | None:
        """What is wrong with the rule of the input at that position; None where nothing is."""
        node, wanted = self.node, self._inputs[position].dtype
        cotangent = rng.normal(size=node.shape).astype(node.dtype)
        given = [x for x in (cotangent, node.value, *self._inputs) if isinstance(x, np.ndarray)]
        before = [x.tobytes() for x in given]
        try:
            result, larger = self._rules.run(position, cotangent), self._rules.run(position, LARGER * cotangent)
            again = result if _is_multiple(larger.gradient, result.gradient) else self._rules.run(position, cotangent)
        except Exception as error:
            return self._fault(position, Message("rule_raises", {"error": type(error).__name__, "text": str(error)}))
        if before != [x.tobytes() for x in given]:
            return self._fault(position, Message("rule_changes_arrays"))
        if result.gradient.tobytes() != again.gradient.tobytes():
            return self._fault(position, Message("rule_not_repeatable"))
        if again is not result:
            return self._fault(position, Message("rule_not_linear"))
        widest = np.result_type(*(x for x in given if x.dtype.kind == "f"))
        if result.returned_dtype not in (wanted, widest):
            fields = {"returned": str(result.returned_dtype), "wanted": str(wanted)}
            is_single = wanted == np.float32
            what = Message("rule_returns_double", fields) if is_single else Message("rule_returns_dtype", fields)
            return self._fault(position, what)
        return self._wrong_number(position, cotangent, result, rng) or self._beside_kink(position, cotangent, result.gradient)

    def fault_of_record(self, position: int, rng: np.random.Generator) -> Fault | None:
        """Whether a rule takes numbers out of the record: its own derivative would take them for constants."""
        cotangent = rng.normal(size=self.node.shape).astype(self.node.dtype)
        nothing = self._rules.run(position, 0 * cotangent).gradient
        if np.any(np.isfinite(nothing) & (nothing != 0)):
            return self._fault(position, Message("rule_of_zero"))
        moved = [perturbed(x, rng) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x for x in self._inputs]
        out = np.asarray(self.op.value(*moved, **self.node.parameters), dtype=self.node.dtype)
        here = self._rules.run(position, cotangent).own_entries
        there = Rules(self.op, out, moved, self.node.parameters).run(position, perturbed(cotangent, rng)).own_entries
        if any(op is shaping.StopGradient for op, *_ in here):
            return self._fault(position, Message("rule_detaches"))
        if [op for op, *_ in here] != [op for op, *_ in there]:
            return None  # another branch of its code, which tells nothing
        if any(_constants(one) != _constants(other) for one, other in zip(here, there, strict=True)):
            return self._fault(position, Message("rule_takes_numbers"))
        return None

    def _wrong_number(self, position: int, cotangent: np.ndarray, result: RuleResult, rng: np.random.Generator) -> Fault | None:
        """Where the rule says another number than the oracle."""
        settled = True

        def directional(directions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            nonlocal settled
            inputs = list(self._inputs)
            steps = steps_along(inputs[position], directions)
            inputs[position] = complex_of(inputs[position], scaled(directions, steps))
            stacked = [other == position for other in range(len(inputs))]
            imaginary, doubt = imaginary_part(self.op, inputs, stacked, self.node.parameters, steps)
            parts = (cotangent * scaled(imaginary, 1 / steps)).reshape(len(directions), -1)
            sizes = np.sum(np.abs(parts), axis=1)
            slack = np.zeros(len(directions))
            if doubt is not None:
                slack = np.sum(np.abs(cotangent * scaled(doubt, 1 / steps)).reshape(len(directions), -1), axis=1)
                flowing = np.sum(np.abs(cotangent * self.node.value))
                settled = settled and bool(np.all(slack <= UNSETTLED * (np.max(sizes, initial=0.0) + flowing)))
            return np.sum(parts, axis=1), sizes, slack

        found, tolerance = result.gradient, tolerance_of(self._dtypes)
        extent = extent_of(found.size, ONE_BY_ONE, SAMPLED, rng)
        largest = max(found.size, self.node.value.size)
        comparing = GradientComparison(
            found, lambda: magnitudes(computed_in(result.entries), 0)[result.gradient_id], directional, tolerance, largest
        )
        worst = comparing.worst(extent, rng)
        if worst is not None and worst.is_wrong:
            return self._fault(position, Message("rule_wrong"), worst)
        if not settled:
            return self._fault(position, Message("rule_not_settled"), worst)
        return None

    def _beside_kink(self, position: int, cotangent: np.ndarray, found: np.ndarray) -> Fault | None:
        """Where there is no derivative, the one that is taken lies between the slopes to both sides."""
        kink_sides = self.op.kink_sides(self._inputs, self.node.parameters)
        if kink_sides is None or np.all(kink_sides != 0) or not found.size:
            return None
        for place in range(min(found.size, KINKED)):
            directions: list[np.ndarray | None] = [None] * len(self._inputs)
            directions[position] = one_hot_directions(found.shape, [place])[0]
            *slopes, doubt = one_sided_slopes(DirectionalPath(self.op, self._inputs, directions, self.node.parameters))
            least, most = (np.sum(bound(*(cotangent * slope for slope in slopes))) for bound in (np.minimum, np.maximum))
            number = float(found.ravel()[place])
            room = max(BETWEEN, tolerance_of(self._dtypes)) * (abs(least) + abs(most)) + np.sum(np.abs(cotangent) * doubt)
            if number < least - room or number > most + room:
                index = tuple(int(i) for i in np.unravel_index(place, found.shape))
                difference = Difference(index, number, float(least if number < least else most), np.inf, BETWEEN)
                what = Message("rule_beside_kink", {"least": float(least), "most": float(most)})
                return self._fault(position, what, difference)
        return None

    def _fault(self, position: int, what: Message, difference: Difference | None = None) -> Fault:
        operand = self.node.inputs[position]
        assert not isinstance(operand, Literal)
        return fault_at(self._nodes, self.node, what, input=label_of(self._nodes, self._nodes[operand]), difference=difference)


def _constants(entry: Entry) -> list[Any]:
    """The numbers that an operation takes from the code and not from the record."""
    kind, operands, _, value, *_ = entry
    return [np.asarray(value).tobytes()] if kind == "constant" else [x.value for x in operands if isinstance(x, Literal)]


def _is_multiple(larger: np.ndarray, result: np.ndarray) -> bool:
    """Whether one gradient is LARGER times the other, to the last bit but for what overflows or underflows."""
    expected = LARGER * result
    if np.array_equal(larger, expected):
        return True
    normal = np.isfinite(expected) & ((np.abs(result) > LARGER * np.finfo(result.dtype).tiny) | (result == 0))
    return bool(np.all((larger == expected) | ~normal))


def first_that_is_not_finite(step: Step) -> list[Fault]:
    """The node with which NaN or infinity began, if there is one."""
    node = step.first_nonfinite()
    return [] if node is None else [fault_at(step.nodes, node, Message("not_finite"))]


def fault_at(nodes: Sequence[Node], node: Node, what: Message, *, input: str = "", difference: Difference | None = None) -> Fault:
    """Something wrong at a node."""
    return Fault(node.id, label_of(nodes, node), node.op, input, what, node.source, difference)


def label_of(nodes: Sequence[Node], node: Node) -> str:
    """A node by its name, else by what it computes."""
    if node.name or node.is_leaf:
        return node.name or f"#{node.id}"
    computed = formula(node.formula, node.inputs, lambda id: parse(nodes[id].name or f"#{id}"))
    return short_expression(node.id, computed).text
