"""The check passes nothing that is wrong: NaN and infinities, unsuitable steps, and records that are not those of the program."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.cli import run
from tracer import trace
from tracer.checking import function as function_checks
from tracer.checking.compare import MAX_UNRATED, GradientComparison, Sampling
from tracer.checking.error_scale import error_scales
from tracer.checking.operation import value_problems
from tracer.checking.results import Check, Comparison, Difference, Outcome
from tracer.errors import RecordingError
from tracer.i18n.message import Message
from tracer.ops.families import linear_algebra
from tracer.ops.families.elementwise import arithmetic
from tracer.ops.families.elementwise.hyperbolic import Tanh
from tracer.testing import assert_gradients, check_gradients, programs, report
from tracer.views.text.check import failure_lines


def compared(actual: Any, expected: Any, projections: int = 0) -> Comparison:
    """The comparison of a gradient with a known reference."""
    actual, expected = np.array(actual, dtype=np.float64), np.array(expected, dtype=np.float64)

    def directional(directions: np.ndarray, factor: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        rows = np.array([np.sum(np.where(row == 0, 0, row * expected)) for row in directions])
        return rows, np.abs(rows), np.zeros(len(rows))

    comparison = GradientComparison(actual, lambda: np.abs(actual), directional, 1e-10, actual.size)
    sampled = range(0) if projections else range(actual.size)
    with np.errstate(all="ignore"):
        rating = comparison.rate(Sampling(sampled, projections), np.random.default_rng(0))
    unrated = tuple(rating.unrated)
    method = Message("complex_step")
    return Comparison(
        "x", actual.shape, 1, method, actual.size, len(sampled), projections, rating.worst, unrated, rating.unrated_count
    )


# Numbers that are not finite.


def test_difference_with_an_error_of_nan_is_wrong() -> None:
    assert Difference((0,), np.nan, 1.0, np.nan, 1e-10).is_wrong
    assert Difference((0,), 1.0, 1.0, 0.0, np.nan).is_wrong


def test_complex_value_with_a_derivative_of_nan_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = (np.array([0.5, -1.0]),)
    assert value_problems(Tanh, arrays, {}) == []

    def with_nan(x: np.ndarray) -> np.ndarray:
        value = np.tanh(np.real(x)).astype(complex)
        value.imag = np.where(np.imag(x) == 0, 0, np.nan)
        return value

    monkeypatch.setattr(Tanh, "complex_value", staticmethod(with_nan))
    assert len(value_problems(Tanh, arrays, {})) == 1


@pytest.mark.parametrize("projections", [0, 4])
def test_nan_does_not_hide_what_is_wrong_beside_it(projections: int) -> None:
    found = compared([np.nan, 1.5, 3.0], [1.0, 1.0, 3.0], projections)
    assert (found.outcome, found.worst and found.worst.index) == (Outcome.WRONG, (1,))
    assert [each.index for each in found.unrated] == [(0,)]


@pytest.mark.parametrize("projections", [0, 4])
@pytest.mark.parametrize(("actual", "expected", "outcome"), [
    ([np.nan, 1.0], [1.0, 1.0], Outcome.WRONG),
    ([np.nan, 1.0], [np.nan, 1.0], Outcome.WRONG),
    ([np.inf, 1.0], [1.0, 1.0], Outcome.WRONG),
    ([np.inf, 1.0], [-np.inf, 1.0], Outcome.WRONG),
    ([np.inf, 1.0], [np.nan, 1.0], Outcome.WRONG),
    ([np.inf, 1.0], [np.inf, 1.0], Outcome.NOT_JUDGED),
    ([1.0, 1.0], [np.nan, 1.0], Outcome.NOT_JUDGED),
    ([1.0, 1.0], [np.inf, 1.0], Outcome.NOT_JUDGED),
    ([1.0, 1.0], [1.0, 1.0], Outcome.RIGHT),
])  # fmt: skip
def test_outcome_where_numbers_are_not_finite(projections: int, actual: Any, expected: Any, outcome: Outcome) -> None:
    found = compared(actual, expected, projections)
    assert found.outcome is outcome
    assert found.passed == (outcome is Outcome.RIGHT)
    assert found.worst is not None and not found.worst.is_wrong  # the other element is rated, and right


SPECIAL = st.sampled_from([np.nan, np.inf, -np.inf])


@given(st.lists(st.one_of(st.just(1.0), st.just(1.5), SPECIAL), min_size=1, max_size=8), st.data())
def test_only_a_gradient_that_agrees_everywhere_is_right(actual: list[float], data: st.DataObject) -> None:
    expected = data.draw(st.lists(st.one_of(st.just(1.0), SPECIAL), min_size=len(actual), max_size=len(actual)))
    agrees = all(one == other == 1 for one, other in zip(actual, expected, strict=True))
    for projections in (0, 4):
        assert compared(actual, expected, projections).passed == agrees


def test_many_elements_without_reference_are_counted() -> None:
    size = 5 * MAX_UNRATED
    infinite = compared(np.full(size, np.nan), np.ones(size), projections=4)
    assert (infinite.outcome, len(infinite.unrated), infinite.unrated_count) == (Outcome.WRONG, MAX_UNRATED, size)
    unknown = compared(np.ones(size), np.full(size, np.nan), projections=4)
    assert unknown.outcome is Outcome.NOT_JUDGED
    assert unknown.unrated_count == MAX_UNRATED
    last = failure_lines(Check((unknown,), 0, ()))[-1]
    assert last.endswith("cannot be judged as a whole: too many of them have no reference")


def test_json_agrees_with_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("root.py").write_text(
        "import numpy as np\nfrom tracer import Scenario\n"
        "def model(x, w): return x * (w * w ** 0.5)\n"
        "scenario = Scenario(data=lambda: {'x': np.array([1.0, 2.0])}, parameters={'w': np.array([0.0, 1.0])}, model=model,\n"
        "                    loss=lambda prediction: np.sum(prediction))\n"
    )
    assert run("check", "root.py", "--json") == 1
    found = json.loads(capsys.readouterr().out)
    (comparison,) = found["comparisons"]
    assert (found["passed"], found["outcome"], comparison["passed"], comparison["outcome"]) == (False, "wrong", False, "wrong")
    assert [(each["index"], each["found"]) for each in comparison["unrated"]] == [([0], "nan")]
    assert isinstance(comparison["error"], float)  # of the other element
    assert run("check", "root.py") == 1
    assert "the gradient with respect to w is nan at [0]" in capsys.readouterr().out


# Steps.


@pytest.mark.parametrize("epsilon", [1e-18, 1e-28, 1e-32, 1e-45, 1e-60])
@pytest.mark.parametrize("function", [
    lambda x, epsilon: np.sum(np.log(x + epsilon)),
    lambda x, epsilon: np.sum(np.log((x - 1) + 1 + epsilon)),
    lambda x, epsilon: np.sum(np.sqrt(x * x + epsilon)),
    lambda x, epsilon: np.sum(1 / (x + epsilon)) * epsilon**2,
    lambda x, epsilon: np.sum(np.tanh(x / epsilon)) * epsilon,
])  # fmt: skip
def test_right_gradient_near_zero_is_never_called_wrong(function: Callable[..., Any], epsilon: float) -> None:
    for x in ([0.0], [0.0, 1.0], [epsilon], [1.0, 3 * epsilon]):
        check = check_gradients(lambda x: function(x, epsilon), x)
        assert check.outcome is not Outcome.WRONG, report(check)


@pytest.mark.parametrize("x", [1e-120, 1e-150, 1e-200, 1e-280])
@pytest.mark.parametrize("function", [np.log, np.sqrt, lambda x: 1 / x, lambda x: x / (x + 1e-200), lambda x: x**3])
def test_right_gradient_of_a_tiny_number_is_never_called_wrong(function: Callable[..., Any], x: float) -> None:
    check = check_gradients(lambda x: np.sum(function(x)), [x, 1.0])
    if np.isfinite(check.comparisons[0].unrated[0].found if check.comparisons[0].unrated else 0.0):
        assert check.outcome is not Outcome.WRONG, report(check)
    else:  # the gradient overflows: that is said, and no reference is made up
        assert "expected" not in report(check)


def test_wrong_gradient_near_zero_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from tracer.ops import registry

    log = registry.named("log")
    assert log is not None
    monkeypatch.setattr(log, "rules", (lambda g, out, x: 1.001 * g / x,))
    for epsilon in (1e-18, 1e-28, 1e-45):
        check = check_gradients(lambda x, epsilon=epsilon: np.sum(np.log(x + epsilon)), [0.0, 1.0])
        assert check.outcome is Outcome.WRONG


def test_reference_that_depends_on_the_step_is_not_judged() -> None:
    def directional(directions: np.ndarray, factor: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        expected = np.array([2.0 if np.any(row[0]) else 1.0 for row in directions])
        expected[:] = np.where(expected == 2, 2 + np.log10(factor), 1)
        return expected, np.abs(expected), np.zeros(len(directions))

    comparison = GradientComparison(np.array([1.0, 1.0]), lambda: np.ones(2), directional, 1e-10, 2)
    rating = comparison.rate(Sampling(range(2), 0), np.random.default_rng(0))
    assert [(each.index, each.reason.code) for each in rating.unrated] == [((0,), "reference_varies")]
    assert rating.worst is not None and rating.worst.index == (1,) and not rating.is_wrong


# Records that are not those of the program.


def by_isscalar(x: Any) -> Any:
    total = np.sum(x)
    return total * (2.0 if np.isscalar(total) else 3.0)


def by_float(x: Any) -> Any:
    total = np.sum(x)
    return total * (2.0 if isinstance(total, float) else 3.0)


def by_ndarray(x: Any) -> Any:
    return np.sum(x * (2.0 if isinstance(x, np.ndarray) else 3.0))


def by_attribute(x: Any) -> Any:
    return np.sum(x * (2.0 if hasattr(x, "strides") else 3.0))


@pytest.mark.parametrize("function", [by_isscalar, by_float, by_ndarray, by_attribute])
def test_branch_on_the_type_is_found(function: Callable[..., Any]) -> None:
    check = check_gradients(function, [1.0, 2.0])
    assert [fault.what.code for fault in check.faults] == ["plain_run_value"]
    assert "wrong: the recorded run is not that of the same functions on plain arrays" in report(check)
    with pytest.raises(AssertionError, match=r"it is 3\.0, and with plain arrays the function returns 2\.0"):
        assert_gradients(function, np.array([1.0, 2.0]))


@pytest.mark.parametrize("number", [np.inf, -np.inf, np.nan])
def test_plain_run_that_is_not_finite_is_found(number: float) -> None:
    check = check_gradients(lambda x: np.sum(x) if not isinstance(x, np.ndarray) else number, [1.0, 2.0])
    assert [fault.what.code for fault in check.faults] == ["plain_run_value"]


def test_branch_with_the_same_value_and_another_slope_is_found() -> None:
    weights = np.array([1.0, 2.0])
    check = check_gradients(lambda x: np.sum(x * (x if isinstance(x, np.ndarray) else weights)), weights)
    assert [fault.what.code for fault in check.faults] == ["plain_run_nearby"]


def test_operation_without_a_rule_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing in the record says that its value changes with its input."""
    from tracer.ops import registry

    sine = registry.named("sin")
    assert sine is not None
    monkeypatch.setattr(sine, "rules", (None,))
    check = check_gradients(lambda x: np.sum(np.sin(x) + x), [1.0, 2.0])
    assert [fault.what.code for fault in check.faults] == ["plain_run_slope"]


def test_stopped_gradient_is_noted_where_the_plain_function_has_another() -> None:
    def function(x: Any) -> Any:
        return np.sum(x * x) if isinstance(x, np.ndarray) else np.sum(x * x.detach())

    check = check_gradients(function, [1.0, 2.0])
    assert check.passed
    assert report(check).splitlines()[-1].endswith("a gradient is stopped (.detach())")


def test_array_instead_of_a_number_is_found() -> None:
    check = check_gradients(lambda x: x * 2 if isinstance(x, np.ndarray) else np.sum(x), [1.0, 2.0])
    assert [fault.what.code for fault in check.faults] == ["plain_run_returns"]


def test_function_that_needs_recorded_arrays_is_noted() -> None:
    check = check_gradients(lambda x: np.sum(x * x.detach()), [1.0, 2.0])
    assert check.passed
    assert "not compared with a run on plain arrays, which raises AttributeError" in report(check).splitlines()[-1]


@given(programs())
def test_random_program_is_that_of_its_plain_run(program: Any) -> None:
    check = check_gradients(program.function(), *program.arguments)
    assert check.passed and not check.notes, report(check)


def test_scenario_is_compared_with_its_plain_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("typed.py").write_text(
        "import numpy as np\nfrom tracer import Scenario\n"
        "def model(x, w): return x @ w * (1.0 if isinstance(w, np.ndarray) else 3.0)\n"
        "scenario = Scenario(data=lambda: {'x': np.eye(2)}, parameters={'w': np.ones(2)}, model=model,\n"
        "                    loss=lambda prediction: np.sum(prediction ** 2))\n"
    )
    for arguments in ((), ("--exhaustive",)):
        assert run("check", "typed.py", *arguments) == 1
        out = capsys.readouterr().out
        assert "it is 18.0, and with plain arrays the function returns 2.0" in out


@pytest.mark.parametrize("arguments", [("a", "x"), ("x", 0), ("x", 1), ("x", -1)])
@pytest.mark.parametrize("function", [np.size, np.shape, np.ndim])
def test_size_shape_and_ndim_are_those_of_numpy(function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    def called(x: Any) -> Any:
        if arguments[0] == "a":
            return function(a=x)
        return function(x, *arguments[1:]) if function is np.size else function(x)

    x = np.ones((2, 3))
    found = []
    check_gradients(lambda x: (found.append(called(x)), np.sum(x))[1], x)
    assert all(each == called(x) for each in found)


@pytest.mark.parametrize("function", [
    lambda x: np.sum(np.abs(x * (1 + 0.5j))),
    lambda x: np.square(np.abs(np.sum(np.exp(1j * x)))),
    lambda x: np.sum(np.abs(x.astype(complex))),
    lambda x: np.sum(np.abs(np.where(x > 0, x, 1j))),
    lambda x: np.sum(np.abs(np.stack([x, np.array([1j, 1])]))),
    lambda x: np.sum(np.abs(x ** 1j)),
])  # fmt: skip
def test_complex_values_inside_a_program_are_recorded(function: Callable[..., Any]) -> None:
    check = check_gradients(function, [1.0, 2.0], second_order=True)
    assert check.passed
    assert np.any(trace(function, [1.0, 2.0]).gradient("x") != 0)


def add_in_place(x: Any) -> Any:
    x += 1
    return x


def through_a_view(x: Any) -> Any:
    add_in_place(x[0, ...])
    return np.sum(x * x)


def through_an_argument(x: Any) -> Any:
    y = x
    y *= 3
    return x * y


def through_reshape(x: Any) -> Any:
    y = x.reshape(())
    y -= 1
    return np.sum(x * x)


def through_squeeze(x: Any) -> Any:
    y = np.squeeze(x)
    y /= 2
    return np.sum(x * x)


@pytest.mark.parametrize(("function", "x"), [
    (through_a_view, [1.0, 2.0]), (through_an_argument, 2.0), (through_reshape, [2.0]), (through_squeeze, [[2.0]]),
])  # fmt: skip
def test_write_through_a_view_without_axes_is_refused(function: Callable[..., Any], x: Any) -> None:
    with pytest.raises(RecordingError, match="x is a parameter, and its gradient is that of its value before"):
        check_gradients(function, np.array(x))


def test_scalars_are_rebound_as_in_numpy() -> None:
    def function(x: Any) -> Any:
        total = np.sum(x)
        total += x[0]
        total *= np.tanh(total)
        total /= x.mean()
        return total

    assert_gradients(function, np.array([1.0, 2.0]))


def test_plain_run_gets_arrays_of_its_own() -> None:
    x = np.array([1.0, 2.0])

    def function(x: Any) -> Any:
        if isinstance(x, np.ndarray):
            x += 1
        return np.sum(x)

    check = function_checks.check_gradients(function, x)
    assert check.outcome is Outcome.WRONG
    assert x.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("size", [1.0, 1e-165, 1e-60, 1e60, 1e120, 1e160])
def test_error_scale_of_a_product_neither_overflows_nor_underflows(size: float) -> None:
    x, w = np.array([[size, -size]]), np.array([[3.0], [3.0]])  # the terms cancel
    computed = [(None, (), {}, x), (None, (), {}, w), (linear_algebra.Matmul, (0, 1), {}, x @ w)]
    np.testing.assert_allclose(error_scales(computed, 2)[2], size * 3 * np.sqrt(2))
    product = [(None, (), {}, x), (None, (), {}, 1e3 / x), (arithmetic.Multiply, (0, 1), {}, x * (1e3 / x))]
    np.testing.assert_allclose(error_scales(product, 2)[2], 1e3)
