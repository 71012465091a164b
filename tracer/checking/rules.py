"""Checks every derivative rule of a recorded step on its own, at its recorded inputs, with a random cotangent.

A correct gradient may hide a wrong rule, for instance behind a dead relu. Rules that are checked one by one also give precise
faults: node, operation, input, index and both values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tracer.analysis.blame import culprit_of_step
from tracer.checking.compare import GradientComparison, choose_sampling
from tracer.checking.complex_step import (
    complex_derivatives,
    imaginary_part,
    one_hot_directions,
    scale_each,
    step_sizes,
)
from tracer.checking.error_scale import computations_of_entries, error_scales
from tracer.checking.finite_differences import NOT_CONVERGED, DirectionalPath, one_sided_derivatives
from tracer.checking.perturbation import perturb
from tracer.checking.results import Difference, Fault, tolerance_of
from tracer.checking.rule_runs import RuleResult, RuleRunner
from tracer.graph.formula import formula, parse, short_expression
from tracer.graph.losses import losses_of
from tracer.graph.record import Literal, Node, Step
from tracer.i18n.message import Message
from tracer.ops.base import Op
from tracer.ops.complex_numbers import complex_of
from tracer.ops.families import shaping
from tracer.recording.replay import operation_of, start_value
from tracer.recording.tape import Entry

EXHAUSTIVE_LIMIT = 400
"""Every element of an input is compared if it has at most this many."""

SAMPLE_SIZE = 8
"""The number of elements compared of a larger input, in addition to projections."""

MAX_KINK_ELEMENTS = 32
"""At a kink, the number of elements that are compared with the one-sided derivatives."""

RECOMPUTE_TOLERANCE = 1e-6
"""Relative tolerance for a recomputed value: a different kernel may round differently."""

COTANGENT_FACTOR = 2.0**14
"""Factor to test that a rule is linear in its cotangent. Scaling by a power of 2 is exact."""

KINK_TOLERANCE = 1e-6
"""Relative tolerance at a kink, for the finite differences of the one-sided derivatives."""


def check_rules(step: Step, rng: np.random.Generator, *, second_order: bool = False) -> tuple[int, list[Fault]]:
    """Run every rule that contributed to the gradients of a step. Returns the number of rules, and the faults.

    With `second_order`, also check that what a rule records can be differentiated again.
    """
    with np.errstate(all="ignore"):
        return _check_rules(step, rng, second_order)


def _check_rules(step: Step, rng: np.random.Generator, second_order: bool) -> tuple[int, list[Fault]]:
    count, faults = 0, []
    for node in step.nodes[: max(losses_of(step)) + 1]:
        if node.is_leaf or node.id not in step.gradients or not np.all(np.isfinite(node.value)):
            continue  # no derivative to compare; a non-finite gradient is reported by check_step
        recorded = RecordedOp(step.nodes, node)
        fault = recorded.check_value()
        if fault is not None:
            faults.append(fault)
        for position, operand in enumerate(node.inputs):
            if isinstance(operand, Literal) or operand not in step.gradients or not recorded.op.differentiable(position):
                continue
            count += 1
            fault = recorded.check_rule(position, rng) or (recorded.check_second_order(position, rng) if second_order else None)
            if fault is not None:
                faults.append(fault)
    return count, faults


class RecordedOp:
    """An operation at a node of a step, with its recorded inputs. Each check returns a fault, or None if it passes."""

    def __init__(self, nodes: Sequence[Node], node: Node) -> None:
        self.node = node
        self.op: type[Op] = operation_of(node)
        self._nodes = nodes
        self._dtypes = [node.dtype, *(nodes[operand].dtype for operand in node.operands)]
        self._inputs: list[Any] = [x.value if isinstance(x, Literal) else start_value(nodes[x]) for x in node.inputs]
        self._rules = RuleRunner(self.op, node.value, self._inputs, node.parameters)

    def check_value(self) -> Fault | None:
        """Check that the operation reproduces its recorded value, and does not modify its inputs."""
        given = [x for x in self._inputs if isinstance(x, np.ndarray)]
        before = [x.tobytes() for x in given]
        value = np.asarray(self.op.value(*self._inputs, **self.node.parameters))
        position = next(i for i, x in enumerate(self.node.inputs) if not isinstance(x, Literal))
        if before != [x.tobytes() for x in given]:
            return self._fault(position, Message("rule_of_changed_inputs"))
        if value.shape != self.node.shape:
            return self._fault(position, Message("rule_of_other_shape"))
        same = value.tobytes() == self.node.value.tobytes()
        if not same and not np.allclose(value, self.node.value, rtol=RECOMPUTE_TOLERANCE, atol=0, equal_nan=True):
            return self._fault(position, Message("rule_of_other_value"))
        return None

    def check_rule(self, position: int, rng: np.random.Generator) -> Fault | None:
        """Check the rule of the input at `position`: side effects, determinism, linearity, dtype, and the derivative."""
        node, input_dtype = self.node, self._inputs[position].dtype
        cotangent = _random_cotangent(node, rng)
        given = [x for x in (cotangent, node.value, *self._inputs) if isinstance(x, np.ndarray)]
        before = [x.tobytes() for x in given]
        try:
            result, larger = self._rules.run(position, cotangent), self._rules.run(position, COTANGENT_FACTOR * cotangent)
            again = result if _is_multiple(larger.gradient, result.gradient) else self._rules.run(position, cotangent)
        except Exception as error:
            return self._fault(position, Message("rule_raises", {"error": type(error).__name__, "text": str(error)}))
        if before != [x.tobytes() for x in given]:
            return self._fault(position, Message("rule_changes_arrays"))
        if result.gradient.tobytes() != again.gradient.tobytes():
            return self._fault(position, Message("rule_not_repeatable"))
        if again is not result:
            return self._fault(position, Message("rule_not_linear"))
        widest = np.result_type(*(x for x in given if x.dtype.kind in "fc"))
        if _precision(result.returned_dtype) not in (_precision(input_dtype), _precision(widest)):
            fields = {"returned": str(result.returned_dtype), "wanted": str(input_dtype)}
            is_single = _precision(input_dtype) == np.float32
            what = Message("rule_returns_double", fields) if is_single else Message("rule_returns_dtype", fields)
            return self._fault(position, what)
        return self._check_numbers(position, cotangent, result, rng) or self._check_kinks(position, cotangent, result.gradient)

    def check_second_order(self, position: int, rng: np.random.Generator) -> Fault | None:
        """Check that the rule can be differentiated again: it must not take values out of the graph, or stop gradients."""
        cotangent = _random_cotangent(self.node, rng)
        at_zero = self._rules.run(position, 0 * cotangent).gradient
        if np.any(np.isfinite(at_zero) & (at_zero != 0)):
            return self._fault(position, Message("rule_of_zero"))
        inputs = [perturb(x, rng) if isinstance(x, np.ndarray) and x.dtype.kind in "fc" else x for x in self._inputs]
        out = np.asarray(self.op.value(*inputs, **self.node.parameters))
        if np.iscomplexobj(out) and not np.iscomplexobj(self.node.value):
            return None  # a real number that is complex nearby, as in np.real_if_close
        out = np.asarray(out, dtype=self.node.dtype)
        entries = self._rules.run(position, cotangent).own_entries
        perturbed = RuleRunner(self.op, out, inputs, self.node.parameters).run(position, perturb(cotangent, rng)).own_entries
        if any(op is shaping.StopGradient for op, *_ in entries):
            return self._fault(position, Message("rule_detaches"))
        if [op for op, *_ in entries] != [op for op, *_ in perturbed]:
            return None  # the rule took another branch: nothing to compare
        if any(_constants(one) != _constants(other) for one, other in zip(entries, perturbed, strict=True)):
            return self._fault(position, Message("rule_takes_numbers"))
        return None

    def _check_numbers(self, position: int, cotangent: np.ndarray, result: RuleResult, rng: np.random.Generator) -> Fault | None:
        """Compare the gradient with complex-step derivatives, or with finite differences if they converge.

        The real and imaginary parts of a complex input are compared as two real numbers.
        """
        converged = True
        is_complex = any(map(np.iscomplexobj, (self.node.value, *self._inputs)))
        has_parts = np.iscomplexobj(self._inputs[position])

        def directional(directions: np.ndarray, step_factor: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            nonlocal converged
            uncertainty: np.ndarray | None
            if is_complex:
                along: list[np.ndarray | None] = [None] * len(self._inputs)
                along[position] = directions[..., 0] + 1j * directions[..., 1] if has_parts else directions
                derivative, uncertainty = complex_derivatives(self.op, self._inputs, along, self.node.parameters)
            else:
                inputs = list(self._inputs)
                steps = step_factor * step_sizes(inputs[position], directions)
                inputs[position] = complex_of(inputs[position], scale_each(directions, steps))
                stacked = [other == position for other in range(len(inputs))]
                imaginary, uncertainty = imaginary_part(self.op, inputs, stacked, self.node.parameters, steps)
                derivative = scale_each(imaginary, 1 / steps)
                uncertainty = None if uncertainty is None else scale_each(uncertainty, 1 / steps)
            terms = np.real(cotangent * derivative).reshape(len(directions), -1)
            sizes = np.sum(np.abs(terms), axis=1)
            slack = np.zeros(len(directions))
            if uncertainty is not None:
                slack = np.sum(np.abs(cotangent * uncertainty).reshape(len(directions), -1), axis=1)
                output_size = np.sum(np.abs(cotangent * self.node.value))
                size = np.max(sizes, initial=0.0) + output_size + np.finfo(np.float64).tiny  # 0 has no smaller error
                converged = converged and bool(np.all(slack <= NOT_CONVERGED * size))
            return np.sum(terms, axis=1), sizes, slack

        def scale() -> np.ndarray:
            scales = error_scales(computations_of_entries(result.entries), 0)[result.gradient_id]
            scales = scales * self.op.error_growth(self._inputs, self.node.parameters)
            return np.stack([scales, scales], axis=-1) if has_parts else scales

        gradient = np.stack([result.gradient.real, -result.gradient.imag], axis=-1) if has_parts else result.gradient
        max_elements = max(gradient.size, self.node.value.size)
        allowed = tolerance_of(self._dtypes)
        comparison = GradientComparison(gradient, scale, directional, allowed, max_elements)
        rating = comparison.rate(choose_sampling(gradient.size, EXHAUSTIVE_LIMIT, SAMPLE_SIZE, rng), rng)
        # A derivative that is infinite or NaN is no fault of the rule; if it reaches a gradient, that is reported there.
        infinite = [each for each in rating.unrated if not np.isfinite(each.found) and np.isfinite(each.expected)]
        if infinite:
            first = infinite[0]
            return self._fault(
                position, Message("rule_wrong"), Difference(first.index, first.found, first.expected, np.inf, allowed)
            )
        if rating.worst is not None and rating.is_wrong:
            return self._fault(position, Message("rule_wrong"), rating.worst)
        if not converged:
            return self._fault(position, Message("rule_not_settled"), rating.worst)
        return None

    def _check_kinks(self, position: int, cotangent: np.ndarray, gradient: np.ndarray) -> Fault | None:
        """Check that at a kink, where there is no derivative, the gradient lies between both one-sided derivatives."""
        kink_sides = self.op.kink_sides(self._inputs, self.node.parameters)
        if kink_sides is None or not self.op.between_slopes or np.all(kink_sides != 0) or not gradient.size:
            return None
        if np.iscomplexobj(self.node.value):
            return None  # complex numbers have no order to lie between
        for flat_index in range(min(gradient.size, MAX_KINK_ELEMENTS)):
            directions: list[np.ndarray | None] = [None] * len(self._inputs)
            directions[position] = one_hot_directions(gradient.shape, [flat_index])[0]
            *slopes, error = one_sided_derivatives(DirectionalPath(self.op, self._inputs, directions, self.node.parameters))
            least, most = (np.sum(bound(*(cotangent * slope for slope in slopes))) for bound in (np.minimum, np.maximum))
            number = float(gradient.real.ravel()[flat_index])
            tolerance = max(KINK_TOLERANCE, tolerance_of(self._dtypes))
            allowed = tolerance * (abs(least) + abs(most)) + np.sum(np.abs(cotangent) * error)
            if number < least - allowed or number > most + allowed:
                index = tuple(int(i) for i in np.unravel_index(flat_index, gradient.shape))
                difference = Difference(index, number, float(least if number < least else most), np.inf, KINK_TOLERANCE)
                return self._fault(
                    position, Message("rule_beside_kink", {"least": float(least), "most": float(most)}), difference
                )
        return None

    def _fault(self, position: int, what: Message, difference: Difference | None = None) -> Fault:
        operand = self.node.inputs[position]
        assert not isinstance(operand, Literal)
        return make_fault(self._nodes, self.node, what, input=label_of(self._nodes, self._nodes[operand]), difference=difference)


def _random_cotangent(node: Node, rng: np.random.Generator) -> np.ndarray:
    """A random cotangent of a node, complex if the node is."""
    numbers = rng.normal(size=node.shape)
    return np.asarray(numbers + 1j * rng.normal(size=node.shape) if np.iscomplexobj(node.value) else numbers).astype(node.dtype)


def _precision(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype of the real and imaginary part of a complex number; that of a real number itself."""
    return np.empty(0, dtype).real.dtype


def _constants(entry: Entry) -> list[Any]:
    """The numbers of an entry that are not nodes: the value of a constant, or literals."""
    kind, operands, _, value, *_ = entry
    return [np.asarray(value).tobytes()] if kind == "constant" else [x.value for x in operands if isinstance(x, Literal)]


def _is_multiple(larger: np.ndarray, result: np.ndarray) -> bool:
    """True if one gradient is exactly COTANGENT_FACTOR times the other, except where numbers overflow or underflow."""
    expected = COTANGENT_FACTOR * result
    if np.array_equal(larger, expected):
        return True
    normal = np.isfinite(expected) & ((np.abs(result) > COTANGENT_FACTOR * np.finfo(result.dtype).tiny) | (result == 0))
    return bool(np.all((larger == expected) | ~normal))


def nonfinite_faults(step: Step) -> list[Fault]:
    """A fault for the node that made the loss or a gradient NaN or infinite, if there is one."""
    found = culprit_of_step(step)
    return [] if found is None else [make_fault(step.nodes, found.node, Message("not_finite"))]


def make_fault(
    nodes: Sequence[Node], node: Node, what: Message, *, input: str = "", difference: Difference | None = None
) -> Fault:
    """A fault at a node."""
    return Fault(node.id, label_of(nodes, node), node.op, input, what, node.source, difference)


def label_of(nodes: Sequence[Node], node: Node) -> str:
    """The name of a node, or else the expression it computes."""
    if node.name or node.is_leaf:
        return node.name or f"#{node.id}"
    computed = formula(node.formula, node.inputs, lambda id: parse(nodes[id].name or f"#{id}"))
    return short_expression(node.id, computed).text
