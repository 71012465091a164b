"""Every derivative rule, first and second order, in both dtypes, against the oracle and against finite differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.functions import weighted, weighted_sum
from support.profile import PER_DOMAIN, PER_OPERATION, PROGRAMS
from support.strategies import CASES, Case, calls, seeds, separated
from tracer.ops import registry
from tracer.ops.elementwise import Elementwise
from tracer.ops.several_results import SeveralResults
from tracer.recording.function import trace
from tracer.testing import Program, assert_gradients, assert_op_gradients, programs

PACKAGE_OPS = [op for op in registry if op.__module__.startswith("tracer.")]
"""The operations of the package; other test modules register more."""

DIFFERENTIABLE = sorted(op.name for op in PACKAGE_OPS if op.has_rules(max(1, len(op.inputs))))


WITH_PLAIN_PARAMETERS = {"zeta", "ldexp", "jv", "yv", "iv", "ive", "kv", "gammainc", "gammaincc", "betainc"}
"""Elementwise operations whose first arguments have no derivative rule; those of ldexp have to be whole."""


def differences(function: Callable[..., Any], arrays: Sequence[np.ndarray], step: float) -> list[np.ndarray]:
    """The derivatives of a scalar by central differences of fourth order (Fornberg 1988, table 1)."""
    results = []
    for position, array in enumerate(arrays):
        result = np.zeros(array.shape)
        for index in np.ndindex(array.shape):

            def at(offset: float, position: int = position, index: tuple[int, ...] = index) -> float:
                moved = [np.array(each) for each in arrays]
                moved[position][index] += offset
                return float(function(*moved))

            result[index] = (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step)
        results.append(result)
    return results


def test_every_operation_with_a_derivative_is_tested() -> None:
    assert sorted(CASES) == DIFFERENTIABLE


@pytest.mark.parametrize("name", sorted(CASES))
@given(data=st.data())
@settings(max_examples=PER_OPERATION // 2)
def test_first_and_second_order_derivatives(name: str, data: st.DataObject) -> None:
    case = data.draw(calls(name))
    assert_gradients(weighted(case.function, len(case.arrays)), *case.arrays, second_order=True)


@pytest.mark.parametrize("name", sorted(set(CASES) - {"astype"}))
@given(data=st.data())
@settings(max_examples=PER_OPERATION // 2)
def test_single_precision_matches_double_precision(name: str, data: st.DataObject) -> None:
    case = data.draw(calls(name))
    arrays = [array.astype(np.float32) for array in case.arrays]

    def function(*arguments: Any) -> Any:
        out = case.function(*arguments)
        return np.sum(out * np.random.default_rng(1).uniform(0.5, 1.5, np.shape(out)).astype(np.float32))

    assert_gradients(function, *arrays)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    sorted(
        op.name
        for op in PACKAGE_OPS
        if issubclass(op, Elementwise) and not issubclass(op, SeveralResults) and op.name not in WITH_PLAIN_PARAMETERS
    ),
)
def test_elementwise_operations_on_their_declared_domain(name: str) -> None:
    """An operation with several results needs to be told which."""
    op = registry.named(name)
    assert op is not None
    assert_op_gradients(op, examples=PER_DOMAIN)


@pytest.mark.parametrize("name", sorted(CASES))
@given(data=st.data(), seed=seeds)
@pytest.mark.filterwarnings("ignore:invalid value")
@settings(max_examples=PER_OPERATION // 2)
def test_derivatives_match_finite_differences(name: str, data: st.DataObject, seed: int) -> None:
    """Independent of the checker: NumPy only, on well-separated numbers."""
    case: Case = data.draw(CASES[name])
    expected = differences(lambda *arrays: weighted_sum(case.function(*arrays), seed), case.arrays, 1e-3)
    step = trace(lambda *tensors: weighted_sum(case.function(*tensors), seed), *case.arrays)
    for position, other in enumerate(expected):
        found = step.gradient(f"argument{position}")
        if "at 0" in case.description or "0.5" in case.description:
            continue  # no left-sided difference at a power of 0
        scale = max(1.0, float(np.max(np.abs(other), initial=0.0)))
        np.testing.assert_allclose(found, other, rtol=1e-7, atol=1e-7 * scale)


USES: dict[str, Callable[[Any], Any]] = {
    "add": lambda x: x + x,
    "subtract": lambda x: 3 * x - x,
    "multiply": lambda x: x * x,
    "divide": lambda x: (x * x + 1) / x,
    "power": lambda x: x**x,
    "matmul": lambda x: x @ x,
    "dot": lambda x: np.dot(x, x),
    "outer": lambda x: np.outer(x, x),
    "concatenate": lambda x: np.concatenate([x, x * 2, x], axis=1),
    "stack": lambda x: np.stack([x, x], axis=-1),
    "where": lambda x: np.where(np.eye(3, dtype=bool), x, x * x),
    "einsum": lambda x: np.einsum("ij,ji->i", x, x),
}


@pytest.mark.parametrize("name", sorted(USES))
@given(seed=seeds)
@settings(max_examples=10)
def test_value_used_twice(name: str, seed: int) -> None:
    array = np.abs(separated((3, 3), seed)) * 0.5 + 0.3
    assert_gradients(lambda x: weighted_sum(USES[name](x)), array, second_order=True)


@pytest.mark.slow
@given(program=programs())
@settings(max_examples=PROGRAMS)
@pytest.mark.filterwarnings("ignore:Degrees of freedom", "ignore:Mean of empty slice")
def test_random_programs(program: Program) -> None:
    """Shared values, views, reductions and broadcasting, including ties."""
    assert_gradients(program.function(), *program.arguments, second_order=True)
