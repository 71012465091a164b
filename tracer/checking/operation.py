"""Checks a single operation at given arrays: its value against NumPy, its rules in first and second order, in both dtypes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tracer.arguments import DTYPES
from tracer.checking.complex_step import complex_step_derivative
from tracer.checking.finite_differences import DirectionalPath, finite_difference_derivative
from tracer.checking.gradients import check_step
from tracer.checking.results import Check
from tracer.errors import UsageError
from tracer.ops.base import Call, Op
from tracer.recording.function import step_of_call

VALUE_TOLERANCE = 1e-12
"""Tolerance for a value compared with NumPy's: `x**2` and `np.power(x, 2)` round differently."""

DERIVATIVE_TOLERANCE = 1e-4
"""Tolerance for complex-step derivatives compared with finite differences, which are less accurate."""


def inputs_of(op: type[Op], arrays: Sequence[Any], parameters: Mapping[str, Any]) -> Call:
    """The inputs and parameters of a call. Raises UsageError if they do not fit the operation."""
    for array in arrays:
        if not (isinstance(array, np.ndarray) and array.dtype.kind == "f"):
            kind = f"an array of {array.dtype}" if isinstance(array, np.ndarray) else type(array).__name__
            raise UsageError(f"{op.__name__} is checked at floating arrays, this is {kind}")
    if op.call is Op.call and (len(arrays) != len(op.inputs) or parameters):
        given = f"{len(arrays)} arrays{' and ' if parameters else ''}{', '.join(parameters)}"
        raise UsageError(f"{op.__name__} takes {len(op.inputs)} arrays ({', '.join(op.inputs)}), and was given {given}")
    try:
        return op.call(*arrays, **parameters)
    except TypeError as error:
        raise UsageError(f"{op.__name__} cannot be called like this: {error}") from None


def overflows(op: type[Op], arrays: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> bool:
    """True if the value at these arrays overflows in one of the dtypes, and so has no derivative."""
    inputs, options = inputs_of(op, arrays, parameters)
    with np.errstate(all="ignore"):
        return any(bool(np.any(np.isinf(op.value(*(_cast(x, dtype) for x in inputs), **options)))) for dtype in DTYPES)


def value_problems(op: type[Op], arrays: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> list[str]:
    """The problems, if any, with the value of an operation and with its complex implementation."""
    inputs, options = inputs_of(op, arrays, parameters)
    with np.errstate(all="ignore"):
        value = np.asarray(op.value(*inputs, **options))
        if np.any(np.isnan(value)):
            return ["its value is NaN at arrays inside its declared domain"]
        for dtype in DTYPES:
            actual = np.asarray(op.value(*(_cast(x, dtype) for x in inputs), **options)).dtype
            if actual.kind == "f" and actual not in (dtype, _numpy_dtype(op, arrays, parameters, dtype)):
                return [f"its value is {actual} where its inputs are {dtype}"]
        return _numpy_problems(op, arrays, parameters, value) or _derivative_problems(op, inputs, options, value)


def _numpy_dtype(op: type[Op], arrays: Sequence[np.ndarray], parameters: Mapping[str, Any], dtype: str) -> Any:
    """The dtype that NumPy's function returns for arrays of a dtype; the dtype itself for an operation of its own."""
    return np.asarray(op.functions[0](*(_cast(x, dtype) for x in arrays), **parameters)).dtype if op.functions else dtype


def _numpy_problems(op: type[Op], arrays: Sequence[np.ndarray], parameters: Mapping[str, Any], value: np.ndarray) -> list[str]:
    for function in op.functions:
        expected = np.asarray(function(*arrays, **parameters))
        if value.shape != expected.shape or not np.allclose(value, expected, rtol=VALUE_TOLERANCE, atol=VALUE_TOLERANCE):
            return [f"its value is not that of np.{function.__name__}"]
    return []


def _derivative_problems(op: type[Op], inputs: Sequence[Any], options: Mapping[str, Any], value: np.ndarray) -> list[str]:
    rng = np.random.default_rng(0)
    directions = [rng.uniform(0.5, 1, x.shape) if _is_floating(x) else None for x in inputs]
    path = DirectionalPath(op, inputs, directions, options)
    if value.dtype.kind != "f" or np.any(path.kink_sides_at(0) == 0):
        return []
    derivative, error = finite_difference_derivative(path)
    size = np.abs(derivative)
    allowed = DERIVATIVE_TOLERANCE * np.maximum(size, 1e-3 * np.max(size, initial=0.0)) + 10 * error
    if not op.has_rules(len(inputs)):
        return ["it has no derivative rule, and its value changes with its inputs"] if np.any(size > allowed) else []
    if op.complex_value is None:
        return []
    real = np.real(op.complex_value(*(x + 0j if _is_floating(x) else x for x in inputs), **options))
    agrees = real.shape == value.shape and np.allclose(real, value, rtol=DERIVATIVE_TOLERANCE, atol=DERIVATIVE_TOLERANCE)
    if not agrees or not np.all(np.abs(complex_step_derivative(path) - derivative) <= allowed):  # NaN is no agreement
        return ["its complex value does not follow its value: it is not analytic, or complex_value is wrong"]
    return []


def check_op_rules(op: type[Op], arrays: Sequence[np.ndarray], parameters: Mapping[str, Any], dtype: str) -> Check:
    """Check the rules of an operation at arrays converted to a dtype; second order only in float64.

    Exceptions of a rule propagate.
    """
    names = op.inputs if len(op.inputs) == len(arrays) else [f"x{position}" for position in range(len(arrays))]
    step = step_of_call(_scalar_function(op, parameters, names), *(_cast(x, dtype) for x in arrays))
    return check_step(step, second_order=dtype == "float64")


def _scalar_function(op: type[Op], parameters: Mapping[str, Any], names: Sequence[str]) -> Callable[..., Any]:
    """A scalar function of the operation's inputs: the sum of its value with a different weight for each element."""

    def weighted_sum(*tensors: Any) -> Any:
        inputs, options = op.call(*tensors, **parameters)
        out = tensors[0].recorder.record(op, inputs, options)
        return np.sum(out * np.random.default_rng(1).uniform(0.5, 1.5, out.shape).astype(out.dtype))

    kind = inspect.Parameter.POSITIONAL_ONLY
    signature = inspect.Signature([inspect.Parameter(name, kind) for name in names])
    weighted_sum.__signature__ = signature  # type: ignore[attr-defined]
    return weighted_sum


def _is_floating(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def _cast(value: Any, dtype: str) -> Any:
    return value.astype(dtype) if _is_floating(value) else value
