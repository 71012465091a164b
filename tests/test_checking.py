"""Gradient checks of steps, functions, operations and scenarios, their oracle, and their error messages."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

import tracer
from support.functions import weighted
from support.own_operations import restore_registry
from support.profile import PER_OPERATION
from support.strategies import CASES, Case, calls, seeds, separated
from support.traces import recorded
from tracer.checking.complex_step import STEP, complex_step_derivative, complex_step_jvp
from tracer.checking.finite_differences import DirectionalPath, finite_difference_derivative, one_sided_derivatives
from tracer.checking.parallel import check_exhaustively, merge_ranges, split_ranges
from tracer.checking.results import Outcome
from tracer.checking.scenario import CheckSubject, check_scenario, record_step
from tracer.errors import RecordingError, UsageError
from tracer.graph.record import Literal, Node
from tracer.nn.layers import log_softmax, softmax
from tracer.ops import registry
from tracer.ops.base import Op
from tracer.ops.complex_numbers import complex_of
from tracer.ops.domain import REAL, Domain
from tracer.ops.elementwise import Elementwise
from tracer.ops.families import linear_algebra, reductions
from tracer.ops.families.elementwise import arithmetic, exponentials, trigonometry
from tracer.ops.families.reductions import Reduction
from tracer.recording.function import trace
from tracer.recording.replay import operation_of, replayed
from tracer.testing import (
    arrays,
    assert_gradients,
    assert_op_gradients,
    broadcastable_arrays,
    check_gradients,
    check_step,
)
from tracer.testing.examples import shrink
from tracer.training.bundled import bundled_names
from tracer.views.text.check import check_table, failure_lines, verdict_line

# The oracle.

KERNELS = ("absolute", "max", "min", "maximum", "minimum", "where", "clip", "var", "std")


def operations_in(case: Case) -> list[tuple[Node, list[Any]]]:
    """The operations that a case records, with their inputs."""
    step = trace(weighted(case.function, len(case.arrays)), *case.arrays)
    return [
        (node, [x.value if isinstance(x, Literal) else step.nodes[x].value for x in node.inputs])
        for node in step.nodes[: step.loss_id]
        if not node.is_leaf
    ]


@pytest.mark.parametrize("name", KERNELS)
@given(data=st.data())
def test_complex_kernel_on_real_input_gives_the_real_result(name: str, data: st.DataObject) -> None:
    for node, inputs in operations_in(data.draw(calls(name))):
        op = operation_of(node)
        if op.name in KERNELS and op.complex_value is not None:
            given = [x + 0j if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x for x in inputs]
            found = np.asarray(op.complex_value(*given, **node.parameters))
            np.testing.assert_array_equal(np.real(found), node.value)
            assert not np.any(np.imag(found))


@given(x=arrays(min_dims=1, min_side=1))
def test_softmax_derivative_is_that_of_the_plain_formula(x: np.ndarray) -> None:
    """Every node keeps its recorded real part, and detached values inside contribute nothing."""

    def weigh(result: Any) -> Any:
        return np.sum(result * np.arange(1, 1 + x.shape[-1]))

    step = trace(lambda x: weigh(softmax(x)), x)
    still = complex_step_jvp(step.nodes, 0, np.zeros((1, *x.shape)), range(step.loss_id + 1))
    assert all(tangent is None or not np.any(tangent) for tangent in still.tangents.values())
    assert check_step(step, second_order=True).passed
    for function, plain in (
        (softmax, lambda x: np.exp(x) / np.sum(np.exp(x), axis=-1, keepdims=True)),
        (log_softmax, lambda x: x - np.log(np.sum(np.exp(x), axis=-1, keepdims=True))),
    ):
        found, expected = (trace(lambda x, f=f: weigh(f(x)), x).gradient("x") for f in (function, plain))
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", sorted(CASES))
@given(data=st.data())
@settings(max_examples=PER_OPERATION // 2)
def test_batched_directions_match_single_directions(name: str, data: st.DataObject) -> None:
    for node, inputs in operations_in(data.draw(calls(name))):
        op = operation_of(node)
        moving = [isinstance(x, np.ndarray) and x.dtype.kind == "f" for x in inputs]
        if op.complex_value is None or not any(moving) or node.dtype[0] != "f":
            continue
        parameters = dict(node.parameters)
        if issubclass(op, Reduction):
            parameters.pop("dtype", None)  # that of a real result
        rng = np.random.default_rng(0)
        stacked = [complex_of(x, STEP * rng.normal(size=(3, *x.shape))) if moves else x for x, moves in zip(inputs, moving)]
        with np.errstate(all="ignore"):
            found = op.imaginary_parts(stacked, moving, node.parameters) / STEP
            for place in range(3):
                one = [x[place] if moves else x for x, moves in zip(stacked, moving)]
                expected = np.imag(op.complex_value(*one, **parameters)) / STEP
                np.testing.assert_allclose(found[place], expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", sorted(CASES))
@given(data=st.data())
@settings(max_examples=PER_OPERATION // 2)
def test_complex_step_agrees_with_finite_differences(name: str, data: st.DataObject) -> None:
    """On well-separated numbers, where both methods are accurate."""
    for node, inputs in operations_in(data.draw(CASES[name])):
        op = operation_of(node)
        moving = [isinstance(x, np.ndarray) and x.dtype.kind == "f" for x in inputs]
        if op.complex_value is None or not any(moving) or node.dtype[0] != "f":
            continue
        directions = [np.cos(np.arange(x.size)).reshape(x.shape) if moves else None for x, moves in zip(inputs, moving)]
        line = DirectionalPath(op, inputs, directions, node.parameters)
        if np.any(line.kink_sides_at(0) == 0) or "0" in getattr(node, "formula", ""):
            continue
        expected, error = finite_difference_derivative(line)
        found = complex_step_derivative(DirectionalPath(op, inputs, directions, node.parameters))
        assert np.all(np.abs(found - expected) <= 10 * error + 1e-7 * (1 + np.abs(expected)))


@pytest.mark.parametrize("name", ["absolute", "maximum", "minimum", "clip", "max", "min"])
@given(data=st.data())
def test_kernel_at_a_kink_is_between_the_one_sided_slopes(name: str, data: st.DataObject) -> None:
    for node, inputs in operations_in(data.draw(calls(name))):
        op = operation_of(node)
        if op.name != name:
            continue
        moving = [isinstance(x, np.ndarray) and x.dtype.kind == "f" for x in inputs]
        directions = [np.cos(1 + np.arange(x.size)).reshape(x.shape) if moves else None for x, moves in zip(inputs, moving)]
        left, right, doubt = one_sided_derivatives(DirectionalPath(op, inputs, directions, node.parameters))
        found = complex_step_derivative(DirectionalPath(op, inputs, directions, node.parameters))
        room = 1e-6 + doubt
        assert np.all((found >= np.minimum(left, right) - room) & (found <= np.maximum(left, right) + room))


@pytest.mark.parametrize(("op", "value", "left", "right"), [
    (arithmetic.Absolute, 0.0, -1.0, 1.0),
    (arithmetic.Absolute, 1e-5, 1.0, 1.0),
    (exponentials.Exp, 0.0, 1.0, 1.0),
    (exponentials.Log, 1e-8, 1e8, 1e8),
    (trigonometry.Sin, 1e8, np.cos(1e8), np.cos(1e8)),
])  # fmt: skip
def test_one_sided_slopes(op: type[Op], value: float, left: float, right: float) -> None:
    line = DirectionalPath(op, [np.array(value)], [np.ones(())], {})
    found_left, found_right, _ = one_sided_derivatives(line)
    np.testing.assert_allclose([found_left, found_right], [left, right], rtol=1e-4)
    if left == right:
        found, error = finite_difference_derivative(line)
        assert abs(float(found) - left) <= 10 * float(error) + 1e-9 * abs(left)


CANCELLING = st.sampled_from([0.0, 1.0, -1.0, 1e-8, 1e8, -1e8, 12345678.9, -12345678.9])
"""Numbers whose sums and differences can be small next to the numbers themselves."""


@pytest.mark.parametrize(("op", "derivative"), [
    (arithmetic.Add, lambda x, y, u, v: u + v),
    (arithmetic.Subtract, lambda x, y, u, v: u - v),
    (arithmetic.Multiply, lambda x, y, u, v: u * y + x * v),
    (linear_algebra.Matmul, lambda x, y, u, v: u @ y + x @ v),
], ids=["add", "subtract", "multiply", "matmul"])  # fmt: skip
@given(values=st.lists(CANCELLING, min_size=8, max_size=8), unit=st.sampled_from([1.0, 1e-140, 1e140]), seed=seeds)
def test_error_of_differences_is_known_where_values_cancel(
    op: type[Op], derivative: Callable[..., np.ndarray], values: list[float], unit: float, seed: int
) -> None:
    x, y = np.reshape(values, (2, 2, 2)) * unit
    u, v = np.random.default_rng(seed).uniform(-1, 1, (2, 2, 2))
    found, error = finite_difference_derivative(DirectionalPath(op, (x, y), (u, v), {}))
    expected = derivative(*(each.astype(np.longdouble) for each in (x, y, u, v)))
    assert np.all(np.isfinite(error))
    assert np.all(np.abs(found - expected) <= 10 * error)


# Replay.


@pytest.mark.parametrize("name", bundled_names())
def test_replayed_step_is_bitwise_equal(name: str) -> None:
    step = recorded(name, 1).steps[0]
    for parameter in step.parameters:
        again = replayed(step.nodes, {parameter.id: parameter.value}, step.loss_id)
        assert np.asarray(again).tobytes() == step.nodes[step.loss_id].value.tobytes()


def test_replay_with_other_values_equals_a_recording_with_them() -> None:
    def function(x: Any, y: Any) -> Any:
        return np.sum(np.tanh(x @ y) * x.T[0])

    x, y = separated((3, 3), 1), separated((3, 3), 2)
    step = trace(function, x, y)
    assert float(replayed(step.nodes, {0: x + 1, 1: y * 2}, step.loss_id)) == trace(function, x + 1, y * 2).loss


# Scenarios.


@pytest.mark.parametrize("name", bundled_names())
def test_bundled_scenarios_pass(name: str) -> None:
    check, examples = check_scenario(CheckSubject(name), second_order=name != "mnist")
    assert check.passed
    assert examples == 1
    assert all(each.error <= 1e-10 and str(each.method) == "complex step" for each in check.comparisons)
    assert check.rules > 5


def test_further_examples_have_drawn_parameters() -> None:
    done = []
    subject = CheckSubject("fruit", seed=3)
    check, examples = check_scenario(subject, examples=20, after_each=lambda: done.append(1))
    assert (check.passed, examples, len(done)) == (True, 20, 20)
    first, second = subject.step(1), subject.step(2)
    assert first.loss != second.loss
    assert subject.step(1).loss == first.loss


def large(seed: int = 0) -> tracer.Step:
    """A step with too many numbers to check each one."""
    rng = np.random.default_rng(seed)

    def network(W1: Any, b1: Any, W2: Any) -> Any:
        return np.mean(np.square(np.clip(np.ones((5, 60)) * 0.1 @ W1 + b1, 0, None) @ W2 - 1))

    return trace(network, rng.normal(size=(60, 50)), rng.normal(size=50), rng.normal(size=(50, 3)))


def test_large_model_is_checked_by_random_sums_and_a_sample() -> None:
    check = check_step(large())
    assert check.passed
    assert [(each.size, each.projections) for each in check.comparisons] == [(3000, 4), (50, 4), (150, 4)]
    assert 64 <= sum(each.entries for each in check.comparisons) <= 67
    assert check_step(large(), exhaustive=True).comparisons[0].entries == 3000


@pytest.mark.parametrize("factor", [1e-4, 10.0])
def test_one_wrong_gradient_among_thousands_is_located(factor: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Random projections with finite differences miss this. tests/support/mutations.py has it for every rule."""
    original = registry.named("matmul").gradient_y  # type: ignore[union-attr]

    def one_wrong(g: Any, out: Any, x: Any, y: Any) -> Any:
        found = original(g, out, x, y)
        if found.shape != (60, 50):
            return found
        off = np.zeros((60, 50))
        off[17, 31] = factor * found.value[17, 31] or factor
        return found + off

    matmul = registry.named("matmul")
    assert matmul is not None
    monkeypatch.setattr(matmul, "rules", (matmul.rules[0], one_wrong))
    check = check_step(large())
    wrong = check.comparisons[0].worst
    assert not check.passed
    assert wrong is not None
    assert wrong.index == (17, 31)
    (fault,) = check.faults
    assert (fault.op, fault.input) == ("matmul", "W1")
    assert fault.difference is not None
    assert fault.difference.index == (17, 31)


def test_merged_ranges_equal_the_whole_check() -> None:
    subject = CheckSubject("fruit")
    step = record_step(subject)
    tasks = split_ranges(subject, step, second_order=True, jobs=2)
    assert len(tasks) > 20
    found = merge_ranges(step, list(check_exhaustively(step, tasks)), 0)
    full_check = check_step(step, second_order=True)
    assert [(each.name, each.order, each.entries) for each in found.comparisons] == [
        (each.name, each.order, each.size) for each in full_check.comparisons
    ]
    assert found.passed


def test_parallel_check_finds_the_same() -> None:
    subject = CheckSubject("linear-regression")
    step = record_step(subject)
    tasks = split_ranges(subject, step, second_order=False, jobs=2)
    found = merge_ranges(step, list(check_exhaustively(step, tasks, jobs=2)), 0)
    assert found == merge_ranges(step, list(check_exhaustively(step, tasks)), 0)
    with pytest.raises(UsageError, match="the backend 'nonsense' cannot be used"):
        list(check_exhaustively(step, tasks, jobs=2, backend="nonsense"))


# Functions.


def test_functions_that_cannot_be_checked_are_reported() -> None:
    rng = np.random.default_rng()
    x = np.array([1.0, 2.0])
    wrong: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
        r"returned shape \(2,\), one number is needed": (lambda x: x * 2, (x,)),
        "returned float and no Tensor": (lambda x: 3.0, (x,)),
        "returned int64, which has no derivative": (lambda x: np.sum(x > 1), (x,)),
        "'n' of the function is int64, which has no derivative": (lambda x, n: np.sum(x * n), (x, [1, 2])),
        "'x' of the function is not real: its dtype is complex128": (lambda x: np.sum(x), (x * 1j,)),
        r"'x' of the function holds nan at \[1\]": (lambda x: np.sum(x), ([1.0, np.nan],)),
        r"'x' of the function holds -inf at \[0\]": (lambda x: np.sum(x), ([-np.inf, 1.0],)),
        r"not deterministic: .*test_checking.py:\d+: x \* rng.normal\(\)": (lambda x: np.sum(x * rng.normal()), (x,)),
        r"x \* \(x.value \* 2\): .*taken out of the record": (lambda x: np.sum(x * (x.value * 2)), (x,)),
        r"x.item\(\)|taken out of the record": (lambda x: x * x.item(), (np.array(2.0),)),
        "the loss is nan, .* node 1, np.log": (lambda x: np.sum(np.log(x)), ([-1.0],)),
        "was given no arguments": (lambda x: np.sum(x), ()),
    }
    for message, (function, arguments) in wrong.items():
        with pytest.raises(UsageError, match=message):
            check_gradients(function, *arguments)
    with pytest.raises(UsageError, match="a function is needed"):
        check_gradients(3, x)  # type: ignore[arg-type]
    with pytest.raises(RecordingError, match=r"np.spacing has no derivative rule"):
        check_gradients(lambda x: np.sum(np.spacing(x)), x)
    with pytest.raises(UsageError, match="no floating array was recorded"):
        check_step(trace(lambda n: np.sum(n * 1.5), [1, 2]))


def test_constant_results_can_be_allowed() -> None:
    assert check_gradients(lambda x: np.sum(x * x.detach()), [1.0, 2.0]).passed
    assert check_gradients(lambda x: np.sum(x * x if x.value[0] > 0 else x), [1.0, 2.0]).passed


def test_nan_is_reported_with_its_origin() -> None:
    check = check_gradients(lambda x: np.sum(np.where(x > 0, np.log(x), 0)), [1.0, 0.0])
    assert not check.passed
    assert "nan at [1], expected 0.0 by complex step" in failure_lines(check)[0]
    assert "np.log(x)): it is not finite, and the gradients are computed from it" in failure_lines(check)[1]
    infinite = check_gradients(lambda x: np.sum(np.sqrt(x)), [1.0, 0.0])  # so is the derivative
    assert infinite.outcome is Outcome.NOT_JUDGED
    assert failure_lines(infinite)[0].endswith("cannot be judged at [1]: it is infinite, as the derivative is")


@pytest.fixture(autouse=True)
def _restored_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    restore_registry(monkeypatch)


@pytest.fixture
def growth() -> Callable[..., Any]:
    """A function that uses an operation whose rule is wrong above 1."""

    class Arcsinh(Elementwise):
        """The inverse of the hyperbolic sine."""

        implements = np.arcsinh
        formula = "arcsinh({x})"
        domain = (REAL,)

        @staticmethod
        def gradient_x(g: Any, out: Any, x: Any) -> Any:
            right = g / np.sqrt(x * x + 1)
            return np.where(np.greater(x, 1), right * 1.01, right)

    def growth(x: Any) -> Any:
        return np.sum(np.arcsinh(x) * 2)

    return growth


def test_operation_without_complex_support_is_checked_by_differences(growth: Callable[..., Any]) -> None:
    check = check_gradients(growth, [0.5, -1.0], second_order=True)
    assert check.passed
    assert {str(each.method) for each in check.comparisons} == {"differences in arcsinh"}
    assert max(each.error for each in check.comparisons) < 1e-8


@pytest.mark.parametrize(("at_zero", "is_right"), [(0.0, True), (1.0, True), (-0.3, True), (1.5, False)])
def test_slope_at_an_undeclared_kink_may_be_between_the_one_sided_slopes(at_zero: float, is_right: bool) -> None:
    class Fabs(Elementwise):
        """The absolute value, without support for complex numbers."""

        implements = np.fabs
        formula = "fabs({x})"
        domain = (Domain(kinks=(0.0,)),)

        @staticmethod
        def gradient_x(g: Any, out: Any, x: Any) -> Any:
            return g * np.where(np.equal(x, 0), at_zero, np.sign(x))

    check = check_gradients(lambda x: np.sum(np.fabs(x) * 2), [0.0, -1.0, 3.0])
    assert check.passed == is_right
    assert [str(each.method) for each in check.comparisons] == ["differences in fabs"]
    if not is_right:
        worst = check.comparisons[0].worst
        assert worst is not None
        assert worst.index == (0,)
        assert any("is not between the slopes on both sides" in line or "is wrong" in line for line in failure_lines(check))


def test_wrong_rule_is_reported_with_the_smallest_example(growth: Callable[..., Any]) -> None:
    with pytest.raises(AssertionError) as caught:
        assert_gradients(growth, np.array([[0.31, 1.75], [2.25, -1.0]]))
    text = str(caught.value)
    assert "the gradient with respect to x is " in text
    assert "the rule of arcsinh for its input x is wrong: it is" in text
    assert f"{Path(__file__).name}:" in text
    example = text.partition("Falsifying example:\n")[2]
    assert example == "assert_gradients(\n    growth,\n    np.array([[2.0]]),\n)"
    with pytest.raises(AssertionError):
        exec(example, {"assert_gradients": assert_gradients, "growth": growth, "np": np})


def test_wrong_rule_is_reported_with_the_smallest_drawn_example(growth: Callable[..., Any]) -> None:
    with pytest.raises(AssertionError) as caught:
        assert_gradients(growth, arrays((2,)), examples=100, seed=1)
    assert "np.array([0.0, 2.0])" in str(caught.value)
    assert "found with seed=1" in str(caught.value)
    with pytest.raises(AssertionError) as caught:
        assert_op_gradients(registry.named("arcsinh"), examples=100)  # type: ignore[arg-type]
    assert str(caught.value).endswith("assert_op_gradients(\n    Arcsinh,\n    (np.array(2.0),),\n)")
    assert not getattr(caught.value, "__notes__", [])


def test_seed_of_the_pytest_run_draws_the_examples(growth: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hypothesis.core, "global_force_seed", 17)
    with pytest.raises(AssertionError, match="found with seed=17"):
        assert_gradients(growth, arrays((2,)), examples=100)


def right(g: Any, out: Any, x: Any) -> Any:
    return g * 0.5 * (np.exp(x) + np.exp(-x))


def writes(g: Any, out: Any, x: Any) -> Any:
    g.value.flags.writeable = True
    g.value[...] *= 2
    return g


def noisy(g: Any, out: Any, x: Any) -> Any:
    return right(g, out, x) * (1 + 1e-13 * np.random.default_rng().normal())


@pytest.mark.parametrize(("rule", "message"), [
    (lambda g, out, x: x, "is wrong"),
    (lambda g, out, x: 0, "returned int, which was not computed from the cotangent"),
    (lambda g, out, x: g.value, "returned ndarray"),
    (lambda g, out, x: np.stack([g, g], axis=-1), "returned shape"),
    (lambda g, out, x: right(g, out, x).astype(np.float32), "returns float32 for an input of float64"),
    (writes, "changes an array that it was given"),
    (noisy, "gives another result when it is run again"),
    (lambda g, out, x: g / {}["x"], "raises KeyError"),
    (lambda g, out, x: right(np.clip(g, -10, 10), out, x), "is not linear in its cotangent"),
    (lambda g, out, x: right(np.where(np.equal(g, 0), 1e-9, g), out, x), "makes something of nothing"),
    (lambda g, out, x: g * 0.5 * (np.exp(x.value) + np.exp(-x)), "takes numbers out of the record"),
    (lambda g, out, x: right(g, out, x) + g * (float(x.value[0]) - x[0]), "takes numbers out of the record"),
    (lambda g, out, x: right(g, out, x.detach()), "stops a gradient"),
])  # fmt: skip
def test_misbehaving_rules_are_reported(rule: Any, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Sinh(Elementwise):
        """The hyperbolic sine, whose rule the test replaces."""

        implements = np.sinh
        formula = "sinh({x})"
        domain = (REAL,)
        gradient_x = staticmethod(right)

    assert_op_gradients(Sinh, examples=10)
    monkeypatch.setattr(Sinh, "rules", (rule,))
    with pytest.raises(AssertionError, match=message):
        assert_op_gradients(Sinh, (np.array([0.5, 1.5, 2.5]),))


def test_other_faults_of_operations_are_reported() -> None:
    class WithoutRule(Elementwise):
        """Lacks a rule."""

        formula = "silent({x})"
        domain = (REAL,)
        value = staticmethod(np.sinh)

    class OtherValue(Elementwise):
        """Computes something other than the function it implements."""

        implements = np.deg2rad
        formula = "another({x})"
        domain = (REAL,)

        @staticmethod
        def value(x: Any) -> Any:
            return x * 0.5

        @staticmethod
        def gradient_x(g: Any, out: Any, x: Any) -> Any:
            return g * 0.5

    class FalselyAnalytic(Elementwise):
        """Wrongly declared analytic."""

        formula = "believed({x})"
        domain = (Domain(low=0.0),)
        analytic = True

        @staticmethod
        def value(x: Any) -> Any:
            return np.real(x) * 1.5

        @staticmethod
        def gradient_x(g: Any, out: Any, x: Any) -> Any:
            return g * 0

    for op, message in (
        (WithoutRule, "no derivative rule, and its value changes"),
        (OtherValue, "its value is not that of np.deg2rad"),
        (FalselyAnalytic, "its complex value does not follow its value"),
    ):
        with pytest.raises(AssertionError, match=message):
            assert_op_gradients(op, examples=10)
    with pytest.raises(UsageError, match="an operation is needed"):
        assert_op_gradients("tanh")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="Sum is not elementwise"):
        assert_op_gradients(reductions.Sum)
    assert_op_gradients(reductions.Sum, st.tuples(arrays((2, 3))), axis=0, examples=10)


def test_faults_in_the_value_of_an_operation_are_reported() -> None:
    class Wide(Elementwise):
        """Always computes in double precision."""

        formula = "wide({x})"
        domain = (REAL,)

        @staticmethod
        def value(x: Any) -> Any:
            return np.asarray(x, dtype=np.float64) * 2

        @staticmethod
        def gradient_x(g: Any, out: Any, x: Any) -> Any:
            return g * 2

    class Holed(Elementwise):
        """NaN inside its declared domain."""

        formula = "holed({x})"
        domain = (REAL,)

        @staticmethod
        def value(x: Any) -> Any:
            return np.where(x < -1.5, np.nan, x)

        @staticmethod
        def gradient_x(g: Any, out: Any, x: Any) -> Any:
            return g

    with pytest.raises(AssertionError, match="its value is float64 where its inputs are float32"):
        assert_op_gradients(Wide, examples=10)
    with pytest.raises(AssertionError, match="its value is NaN at arrays inside its declared domain"):
        assert_op_gradients(Holed, examples=100)
    given = np.zeros(2)
    for arguments, message in (
        ((np.ones(2), given), r"Exp takes 1 arrays \(x\), and was given 2 arrays"),
        (([1, 2],), "Exp is checked at floating arrays, this is list"),
        ((np.array([1, 2]),), "this is an array of int64"),
        ((), "was given 0 arrays"),
    ):
        with pytest.raises(UsageError, match=message):
            assert_op_gradients(exponentials.Exp, arguments)
    assert not given.any()
    with pytest.raises(UsageError, match="was given 1 arrays and axis"):
        assert_op_gradients(exponentials.Exp, (np.ones(2),), axis=0)
    assert_op_gradients(exponentials.Exp, np.ones(2))
    assert_op_gradients(exponentials.Exp, arrays((2,)), examples=5)


def test_declarations_that_would_be_ignored_are_refused() -> None:
    def own(x: Any) -> Any:
        return x

    for wrong, message in (
        ({"implements": own}, r"implements own, which is no function of NumPy's .* call Wrong.apply\(...\)"),
        ({"domain": REAL}, "the domain is a tuple with a Domain for each input"),
        ({"gradient_y": staticmethod(right)}, "has a rule gradient_y and no input y: its inputs are x"),
    ):
        with pytest.raises(UsageError, match=message):
            type("Wrong", (Elementwise,), {"formula": "wrong({x})", "domain": (REAL,), "value": staticmethod(own), **wrong})


def test_operation_without_a_numpy_function_can_be_applied() -> None:
    class Softplus(Elementwise):
        """log(1 + exp(x))."""

        formula = "softplus({x})"
        domain = (REAL,)

        @staticmethod
        def value(x: Any) -> Any:
            return np.logaddexp(x, 0.0).astype(x.dtype)

        @staticmethod
        def gradient_x(g: Any, out: Any, x: Any) -> Any:
            return g * (0.5 * (np.tanh(0.5 * x) + 1))

    step = trace(lambda x: np.sum(Softplus.apply(x)), [0.0, 1.0])
    assert step.nodes[1].op == "softplus"
    assert step.nodes[1].source is not None
    assert step.nodes[1].source.text == "Softplus.apply(x)"
    np.testing.assert_array_equal(Softplus.apply(np.array([0.0])), [np.log(2)])
    assert_op_gradients(Softplus, examples=20)


@pytest.mark.parametrize(("function", "x"), [
    (lambda x: -np.log(1 / (1 + np.exp(-x))), -70.0),
    (lambda x: np.log(np.exp(-x * x / 2)), 11.0),
    (lambda x: np.sum(np.sqrt(x)), [1e-31, 1.0]),
    (lambda x: np.std(x), [1e-28, 2e-28, 3e-28]),
    (lambda x: np.sum(np.log(x**4)), [1e-8, 1e8]),
    (lambda x: np.log(np.sum(np.exp(x))), [355.0]),
    (lambda x: np.sum(x - np.mean(x)), [1.0, 1e8, -3.0]),
    (lambda x: np.sum((x + 1e8) - x), [1.0, 2.0]),
])  # fmt: skip
def test_extreme_numbers_and_cancellation_pass(function: Callable[..., Any], x: Any) -> None:
    assert_gradients(function, np.array(x), second_order=True)


def test_invalid_options_are_refused() -> None:
    for options, message in (
        ({"tolerance": float("nan")}, "the tolerance is a relative error above 0"),
        ({"tolerance": -1}, "the tolerance"),
        ({"tolerance": "a"}, "the tolerance"),
        ({"seed": -1}, "the seed takes a whole number"),
        ({"seed": "a"}, "the seed takes a whole number"),
    ):
        with pytest.raises(UsageError, match=message):
            assert_gradients(lambda x: np.sum(x), np.ones(2), **options)  # type: ignore[arg-type]
    for count in (0, -1, 2.5):
        with pytest.raises(UsageError, match="examples takes a whole number"):
            assert_gradients(lambda x: np.sum(x), arrays((2,)), examples=count)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="'x' of the function is a strategy: assert_gradients draws"):
        check_gradients(lambda x: np.sum(x), arrays((2,)))
    assert check_gradients(lambda x: np.sum(x), np.ones(2, ">f8")).passed
    assert_gradients(lambda x, y: np.sum(x * y), broadcastable_arrays(2), examples=10)


def test_intermittently_wrong_rule_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    calls_so_far = [0]

    def intermittently_wrong(g: Any, out: Any, x: Any) -> Any:
        calls_so_far[0] += 1
        return g * out * (1.5 if calls_so_far[0] % 7 == 0 else 1)

    monkeypatch.setattr(exponentials.Exp, "rules", (intermittently_wrong,))
    with pytest.raises(AssertionError, match="Exp is wrong"):
        assert_op_gradients(exponentials.Exp, examples=50)
    with pytest.raises((AssertionError, UsageError), match="rule of exp"):
        for _ in range(7):
            assert_gradients(lambda x: np.sum(np.exp(x)), np.ones(2))


def test_arrays_are_checked_without_hypothesis() -> None:
    code = (
        "import sys; sys.modules['hypothesis'] = None\n"
        "import numpy as np, tracer.testing as t\n"
        "t.assert_gradients(lambda x: np.sum(x * x), np.ones(2))\n"
        "try: t.arrays\n"
        "except ImportError as error: print(error)\n"
        "try: t.assert_op_gradients(tracer.ops.base.registry.named('exp'))\n"
        "except ImportError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", f"import tracer.ops.base\n{code}"], capture_output=True, text=True, check=True)
    assert done.stdout == "drawing examples needs Hypothesis: pip install hypothesis\n" * 2


def test_missing_rule_of_an_input_is_reported() -> None:
    class Hypotenuse(Elementwise):
        """Lacks the rule of y."""

        formula = "hypotenuse({x}, {y})"
        domain = Domain(low=0.0), Domain(low=0.0)

        @staticmethod
        def value(x: Any, y: Any) -> Any:
            return np.hypot(x, y)

        @staticmethod
        def gradient_x(g: Any, out: Any, x: Any, y: Any) -> Any:
            return g * x / out

    with pytest.raises(AssertionError, match=r"the gradient with respect to y is 0\.0"):
        assert_op_gradients(Hypotenuse, examples=10)


# Messages and strategies.


def test_table_and_verdict() -> None:
    check = check_step(large())
    table = check_table(check)
    assert table[0].split() == ["parameter", "shape", "method", "numbers", "error", "verdict"]
    assert "of 3,000 + 4 sums" in table[1]
    assert table[1].endswith("right")
    assert verdict_line(check) == f"right: all agree to 1e-10, and so does each of {check.rules} rules by itself"
    json.dumps(check.as_data())


def test_examples_shrink() -> None:
    assert [each.tolist() for each in shrink([np.full((3, 4), 7.25), np.ones(4)], lambda given: given[0].size > 0)] == [
        [[0.0]], [0.0]
    ]  # fmt: skip


def test_drawn_arrays_include_edge_cases() -> None:
    seen: set[str] = set()

    @settings(max_examples=300)
    @given(arrays(extremes=True))
    def look(array: np.ndarray) -> None:
        kinds = {
            "tie": array.size > len(np.unique(array)), "zero": bool(np.any(array == 0)), "0-d": array.ndim == 0,
            "size 0": array.size == 0, "size 1": 1 in array.shape,
            "square": array.ndim == 2 and array.shape[0] == array.shape[1] > 1,
            "not contiguous": not array.flags.c_contiguous, "large": bool(np.any(np.abs(array) > 1e7)),
            "small": bool(np.any((np.abs(array) < 1e-7) & (array != 0))),
        }  # fmt: skip
        seen.update(name for name, has in kinds.items() if has)

    look()
    assert len(seen) == 9, seen

    # Two arrays that both grow are rare: they are searched until there are some.
    find(broadcastable_arrays(2), both_grow, settings=settings(max_examples=5_000, database=None))  # raises if there are none
    both = {"both"}

    @settings(max_examples=300)
    @given(broadcastable_arrays(2))
    def look_at_two(pair: tuple[np.ndarray, np.ndarray]) -> None:
        both.add("both" if both_grow(pair) else "one" if pair[0].shape != pair[1].shape else "none")
        both.add("same" if pair[0] is pair[1] else "other")

    look_at_two()
    assert both == {"both", "one", "none", "same", "other"}


def both_grow(pair: tuple[np.ndarray, np.ndarray]) -> bool:
    """Whether each of two arrays is broadcast to a larger shape."""
    result = np.broadcast_shapes(*(array.shape for array in pair))
    return all(array.shape != result for array in pair)


@given(array=arrays(domain=Domain(low=2.0, high=5.0, poles=(3.0,)), min_side=1))
def test_drawn_arrays_are_in_their_domain(array: np.ndarray) -> None:
    assert np.all((array > 2) & (array < 5) & (array != 3))
