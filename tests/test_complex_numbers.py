"""Complex numbers inside real programs: which operations take them, their gradients, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tracer
from support.complex_calls import complex_calls
from support.functions import weighted
from support.profile import PER_OPERATION
from support.strategies import CASES, WITHOUT_GRADIENT
from tracer.analysis.verify import verify
from tracer.checking.results import Outcome
from tracer.errors import RecordingError, UsageError
from tracer.graph.expression import infix, number
from tracer.ops import registry
from tracer.testing import check_gradients
from tracer.views.text.log import log_text

pytestmark = pytest.mark.filterwarnings("ignore:Casting complex values")


def gradient_of(function: Callable[..., Any], *arrays: Any) -> np.ndarray:
    return tracer.trace(function, *map(np.asarray, arrays)).gradient("x")


@pytest.mark.parametrize("name", sorted(set(CASES) - {"extract"}))  # its calls compare first
@given(data=st.data())
@settings(max_examples=max(min(3, PER_OPERATION - 1), PER_OPERATION // 4))
def test_every_operation_is_right_for_complex_numbers_or_refuses_them(name: str, data: st.DataObject) -> None:
    op = registry.named(name)
    assert op is not None
    case = data.draw(complex_calls(name))
    function = weighted(case.function, len(case.arrays))
    if not op.takes_complex():
        with pytest.raises(RecordingError, match="complex"):
            tracer.trace(function, *case.arrays)
        return
    if name in ("var", "std", "nanvar", "nanstd") and "'dtype'" in case.description:
        # NumPy leaves the imaginary part out of the mean, and in the deviations.
        with pytest.raises(RecordingError, match="a variance of complex numbers is recorded without a real dtype="):
            tracer.trace(function, *case.arrays)
        return
    try:
        function(*(array.copy() for array in case.arrays))
    except TypeError:  # a complex number written into a real array
        with pytest.raises(TypeError):
            tracer.trace(function, *case.arrays)
        return
    check = check_gradients(function, *case.arrays, second_order=True)
    has_nan = "with NaN" in case.description  # there is no reference at these
    assert check.passed or (has_nan and check.outcome is Outcome.NOT_JUDGED), (case, check)


@pytest.mark.parametrize("name", sorted(set(WITHOUT_GRADIENT) - {"empty", "ones", "zeros"}))  # these have no inputs
def test_operation_without_gradient_takes_complex_numbers_or_refuses_them(name: str) -> None:
    op = registry.named(name)
    assert op is not None
    x, found = np.array([[0.3, -1.2, 0.0], [2.0, 0.1, 5.0]]), []
    function = WITHOUT_GRADIENT[name]

    def recorded(x: Any) -> Any:
        found.append(function(x * (1 + 0.5j)))
        return np.sum(x)

    if op.takes_complex() and not name.startswith("logical"):  # their functions compare first
        tracer.trace(recorded, x)
        np.testing.assert_array_equal(found[0].value, function(x * (1 + 0.5j)))
    else:
        with pytest.raises(RecordingError, match="complex"):
            tracer.trace(recorded, x)


def test_truth_of_complex_numbers_is_that_of_numpy() -> None:
    z, found = np.array([0, 1j, 2]), []
    functions = (np.logical_not, lambda x: np.logical_and(x, x), lambda x: np.logical_or(x, 0), np.isnan, np.isfinite)
    tracer.trace(lambda x: (found.extend(function(x * z) for function in functions), np.sum(x))[1], np.ones(3))
    for each, function in zip(found, functions, strict=True):
        np.testing.assert_array_equal(each.value, function(z))


def test_gradients_of_known_functions() -> None:
    np.testing.assert_allclose(
        gradient_of(lambda x: np.sum(np.abs(x * (1 + 0.5j))), [1.0, -2.0]), np.sqrt(1.25) * np.array([1, -1])
    )
    found = gradient_of(lambda x: np.square(np.abs(np.sum(np.exp(1j * x)))), [0.0, 1.0])
    np.testing.assert_allclose(found, [2 * np.sin(1.0), -2 * np.sin(1.0)], rtol=1e-14)
    np.testing.assert_array_equal(gradient_of(lambda x: np.sum(np.abs(x.astype(complex))), [1.0, -2.0, 0.0]), [1, -1, 0])
    np.testing.assert_allclose(gradient_of(lambda x: np.sum((x * x * 1j).imag), [3.0]), [6])
    np.testing.assert_allclose(gradient_of(lambda x: np.sum(np.angle(np.exp(1j * x))), [0.3, 1.0]), [1, 1])
    np.testing.assert_allclose(gradient_of(lambda x: np.sum(np.abs(np.sqrt(x + 0j))), [-4.0]), [-0.25])
    np.testing.assert_allclose(gradient_of(lambda x: np.sum(np.log(x + 0j).real), [-4.0]), [-0.25])
    np.testing.assert_allclose(gradient_of(lambda x: np.sum(np.abs((-2.0) ** (x * 1j))), [0.5]), [-np.pi * np.exp(-np.pi / 2)])
    np.testing.assert_array_equal(gradient_of(lambda x: np.sum(np.abs(np.extract([True, False], x * 2j))), [3.0, 1.0]), [2, 0])
    assert gradient_of(lambda x: np.abs(x * 1j), 0.0) == 0
    assert gradient_of(lambda x: np.angle(x * 1j), 0.0) == 0


def test_cotangent_of_a_complex_number_is_that_of_jax() -> None:
    """For z = a + ib it is dL/da - i dL/db."""
    a, b = 0.7, -0.4
    step = tracer.trace(lambda a, b: (3 * (a + 1j * b)).real + 5 * (a + 1j * b).imag, a, b)
    (z, *_) = (node for node in step.nodes if node.formula.startswith("{0} + {1}") and node.dtype == "complex128")
    assert (step.gradient("a"), step.gradient("b")) == (3, 5)
    total = sum(step.nodes[step.gradients[node.id]].value for node in step.nodes if node.op == "add" and node.dtype == z.dtype)
    assert total == 3 - 5j


@pytest.mark.parametrize("function", [
    lambda x: np.max(x * 1j), lambda x: np.sum(x * 1j > 0), lambda x: np.maximum(x, 1j), lambda x: np.argmax(x * 1j),
])  # fmt: skip
def test_order_of_complex_numbers_is_refused(function: Callable[..., Any]) -> None:
    with pytest.raises(RecordingError, match=r"complex numbers have no order: compare np.abs\(z\), z.real or z.imag"):
        tracer.trace(lambda x: np.sum(np.abs(function(x))), np.ones(2))


def test_refusals_name_the_way_round() -> None:
    with pytest.raises(RecordingError, match=r"sign is recorded for real numbers, .* complex: z / np.abs\(z\)"):
        tracer.trace(lambda x: np.sum(np.abs(np.sign(x * 1j))), np.ones(2))
    with pytest.raises(UsageError, match=r"complex128, and the loss is a real number: take np.abs\(z\), z.real or z.imag"):
        tracer.trace(lambda x: np.sum(x * 1j), np.ones(2))
    with pytest.raises(UsageError, match="'x' is not real: its dtype is complex128"):
        tracer.trace(lambda x: np.sum(np.abs(x)), np.ones(2) * 1j)


def test_single_precision_stays_single() -> None:
    step = tracer.trace(lambda x: np.sum(np.abs(np.exp(x * 1j) + x)), np.array([0.5, 2.0], np.float32))
    assert {node.dtype for node in step.nodes} == {"bool", "float32", "complex64"}
    assert step.gradient("x").dtype == np.float32


def test_types_of_numbers_are_asked_for() -> None:
    def function(x: Any) -> Any:
        z = x * 1j
        assert (np.iscomplexobj(x), np.iscomplexobj(z), np.isrealobj(x), np.isrealobj(z)) == (False, True, True, False)
        return np.sum(z.imag)

    tracer.trace(function, np.ones(2))


def test_method_names_the_operations_that_differences_were_used_for() -> None:
    check = check_gradients(lambda x: np.sum(np.abs(np.exp(x * 1j) + x)), np.array([0.5, 2.0]))
    assert check.passed
    assert str(check.comparisons[0].method) == "differences in absolute, exp, multiply"


@pytest.mark.parametrize(("text", "written"), [
    ("0.3-0.2j", "2 * (0.3 - 0.2j)"), ("-0.3+2e-19j", "2 * (-0.3 + 2e-19j)"), ("1e-05-1e+20j", "2 * (1e-05 - 1e+20j)"),
    ("0.5j", "2 * 0.5j"), ("nan+infj", "2 * (nan + infj)"), ("-1e-05", "2 * -1e-05"),
])  # fmt: skip
def test_complex_number_in_a_formula_is_bracketed(text: str, written: str) -> None:
    assert infix(("*",), (number("2"), number(text))).text == written


def test_trace_file_and_log_hold_complex_numbers(tmp_path: Path) -> None:
    step = tracer.trace(lambda x: np.sum(np.abs(np.fft.fft(x * np.exp(1j * x)))), np.array([0.5, 2.0, -1.0]))
    tracer.save(step, tmp_path / "trace.sqlite")
    read = tracer.open(tmp_path / "trace.sqlite")
    for one, other in zip(step.nodes, read.steps[0].nodes, strict=True):
        assert (one.dtype, one.value.tobytes()) == (other.dtype, other.value.tobytes())
    assert verify(read).passed
    assert "(x * exp(1j * x))[0] = 0.5*exp(1j*0.5) = 0.4388+0.2397j" in log_text(read)
