"""Every derivative rule, first and second order, against finite differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strategies import CASES, Case, seeds, separated
from tracer.autodiff import gradients
from tracer.graph import Phase
from tracer.op import registry
from tracer.recorder import Recorder
from tracer.tensor import Tensor

DIFFERENTIABLE = sorted(op.name for op in registry if any(op.differentiable(place) for place in range(max(1, len(op.inputs)))))


def weighted_sum(values: Sequence[Any], seed: int) -> Any:
    """A scalar that depends on every element with a different weight."""
    rng = np.random.default_rng(seed)
    return sum((np.sum(value * rng.uniform(0.5, 1.5, np.shape(value))) for value in values), start=0.0)


def first_order(case: Case, seed: int) -> list[np.ndarray]:
    """The recorded gradients of the weighted sum of the case's result."""
    return [gradient.value for gradient in _recorded(case, seed)[1]]


def second_order(case: Case, seed: int, directions: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The recorded gradients of <gradient, direction>: the Hessian times the directions."""
    tensors, found = _recorded(case, seed)
    along = sum((np.sum(gradient * direction) for gradient, direction in zip(found, directions)), start=0.0)
    if not isinstance(along, Tensor):
        return [np.zeros(tensor.shape) for tensor in tensors]
    again = gradients(along, tensors)
    return [again[tensor.id].value if tensor.id in again else np.zeros(tensor.shape) for tensor in tensors]


def _recorded(case: Case, seed: int) -> tuple[list[Tensor], list[Tensor]]:
    recorder = Recorder()
    tensors = [recorder.leaf("parameter", f"x{position}", array) for position, array in enumerate(case.arrays)]
    recorder.enter(Phase.FORWARD)
    loss = weighted_sum([case.function(*tensors)], seed)
    found = gradients(loss, tensors)
    for tensor in tensors:
        if tensor.id in found:
            assert found[tensor.id].shape == tensor.shape
            assert found[tensor.id].dtype == tensor.dtype
    zeros = [recorder.leaf("constant", "", np.zeros(tensor.shape)) for tensor in tensors]
    return tensors, [found.get(tensor.id, zero) for tensor, zero in zip(tensors, zeros)]


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


def assert_close(found: Sequence[np.ndarray], expected: Sequence[np.ndarray], tolerance: float) -> None:
    for position, (one, other) in enumerate(zip(found, expected, strict=True)):
        scale = max(1.0, float(np.max(np.abs(other), initial=0.0)))
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance * scale, err_msg=f"input {position}")


def test_every_operation_with_a_derivative_is_tested() -> None:
    assert sorted(CASES) == DIFFERENTIABLE


@pytest.mark.parametrize("name", sorted(CASES))
@given(data=st.data(), seed=seeds)
@settings(max_examples=60)
def test_first_order(name: str, data: st.DataObject, seed: int) -> None:
    case = data.draw(CASES[name])
    expected = differences(lambda *arrays: weighted_sum([case.function(*arrays)], seed), case.arrays, 1e-3)
    assert_close(first_order(case, seed), expected, 1e-7)


@pytest.mark.parametrize("name", sorted(CASES))
@given(data=st.data(), seed=seeds)
@settings(max_examples=30)
def test_second_order(name: str, data: st.DataObject, seed: int) -> None:
    case = data.draw(CASES[name])
    rng = np.random.default_rng(seed)
    directions = [rng.uniform(0.5, 1.5, array.shape) for array in case.arrays]

    def slope(*arrays: np.ndarray) -> float:
        found = first_order(Case(case.function, arrays), seed)
        return float(sum(np.sum(gradient * direction) for gradient, direction in zip(found, directions)))

    assert_close(second_order(case, seed, directions), differences(slope, case.arrays, 1e-3), 1e-6)


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
@settings(max_examples=20)
def test_one_value_used_twice(name: str, seed: int) -> None:
    array = np.abs(separated((3, 3), seed)) * 0.5 + 0.3
    case = Case(USES[name], (array,), name)
    expected = differences(lambda x: weighted_sum([case.function(x)], seed), case.arrays, 1e-3)
    assert_close(first_order(case, seed), expected, 1e-7)
    directions = [np.ones((3, 3))]

    def slope(x: np.ndarray) -> float:
        return float(np.sum(first_order(Case(case.function, (x,)), seed)[0]))

    assert_close(second_order(case, seed, directions), differences(slope, case.arrays, 1e-3), 1e-6)


PIECES: tuple[Callable[[Any, Any, Any], Any], ...] = (
    lambda a, c, w: a + c,
    lambda a, c, w: a * c,
    lambda a, c, w: np.tanh(a) - c,
    lambda a, c, w: a @ w,
    lambda a, c, w: np.mean(a, axis=0, keepdims=True) + c,
    lambda a, c, w: np.exp(np.tanh(a)),
    lambda a, c, w: a[::-1] * c[:1],
    lambda a, c, w: np.sqrt(a * a + 1),
    lambda a, c, w: a.T / (c * c + 1),
    lambda a, c, w: np.sum(a, axis=-1, keepdims=True) * 0.1 * c,
)
"""The operations of random programs: of two values and the weights."""


@given(seed=seeds, depth=st.integers(1, 8))
@settings(max_examples=60)
def test_random_programs(seed: int, depth: int) -> None:
    """Programs in which values are used again and broadcast against each other."""
    plan = np.random.default_rng(seed).integers(0, 10, size=(depth, 3))

    def program(x: Any, w: Any, b: Any) -> Any:
        values = [x, np.tanh(x @ w), np.sin(w), b]
        for kind, one, other in plan:
            first, second = values[one % len(values)], values[other % len(values)]
            square = np.shape(first) == (3, 3) and np.ndim(second) == 2
            values.append(PIECES[kind](first, second, w) if square else np.tanh(first) * np.cos(second))
        return np.tanh(values[-1]) + values[1] + b

    arrays = (separated((3, 3), seed) * 0.3, separated((3, 3), seed + 1) * 0.3, separated((3,), seed + 2) * 0.3)
    case = Case(program, arrays, "program")
    expected = differences(lambda *given: weighted_sum([program(*given)], seed), arrays, 1e-3)
    assert_close(first_order(case, seed), expected, 1e-6)
