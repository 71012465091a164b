"""The check of one operation at given arrays: values against NumPy, rules of first and second order, in both dtypes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tracer.arguments import DTYPES
from tracer.checking.complex_step import slope_by_complex_step
from tracer.checking.finite_differences import DirectionalPath, slope
from tracer.checking.gradients import check_step
from tracer.checking.results import Check
from tracer.errors import UsageError
from tracer.ops.base import Call, Op
from tracer.recording.function import trace

ROUNDING = 1e-12
"""How far a value may be from NumPy's: `x**2` and `np.power(x, 2)` round differently."""

SIMILAR = 1e-4
"""How far the complex step may be from differences, which are only good enough to tell a wrong one."""


def inputs_of(op: type[Op], arrays: Sequence[Any], parameters: Mapping[str, Any]) -> Call:
    """The inputs and parameters of a call; raises UsageError where arrays or parameters do not fit the operation."""
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
    """Whether the value at these arrays is infinite in one of the dtypes, so that there is nothing to differentiate."""
    inputs, options = inputs_of(op, arrays, parameters)
    with np.errstate(all="ignore"):
        return any(bool(np.any(np.isinf(op.value(*(_as(x, dtype) for x in inputs), **options)))) for dtype in DTYPES)


def wrong_with_value(op: type[Op], arrays: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> list[str]:
    """What is wrong with the value of an operation, and with how it is computed in complex numbers."""
    inputs, options = inputs_of(op, arrays, parameters)
    with np.errstate(all="ignore"):
        value = np.asarray(op.value(*inputs, **options))
        if np.any(np.isnan(value)):
            return ["its value is NaN at arrays inside its declared domain"]
        for dtype in DTYPES:
            found = np.asarray(op.value(*(_as(x, dtype) for x in inputs), **options)).dtype
            if found.kind == "f" and found != dtype and "dtype" not in options:
                return [f"its value is {found} where its inputs are {dtype}"]
        return _wrong_beside_numpy(op, arrays, parameters, value) or _wrong_with_slopes(op, inputs, options, value)


def _wrong_beside_numpy(
    op: type[Op], arrays: Sequence[np.ndarray], parameters: Mapping[str, Any], value: np.ndarray
) -> list[str]:
    for function in op.implements if isinstance(op.implements, tuple) else (op.implements,):
        expected = np.asarray(function(*arrays, **parameters))
        if value.shape != expected.shape or not np.allclose(value, expected, rtol=ROUNDING, atol=ROUNDING):
            return [f"its value is not that of np.{function.__name__}"]
    return []


def _wrong_with_slopes(op: type[Op], inputs: Sequence[Any], options: Mapping[str, Any], value: np.ndarray) -> list[str]:
    rng = np.random.default_rng(0)
    directions = [rng.uniform(0.5, 1, x.shape) if _is_floating(x) else None for x in inputs]
    line = DirectionalPath(op, inputs, directions, options)
    if value.dtype.kind != "f" or np.any(line.kink_sides_at(0) == 0):
        return []
    slopes, error = slope(line)
    room = SIMILAR * np.maximum(np.abs(slopes), 1e-3 * np.max(np.abs(slopes), initial=0.0)) + 10 * error
    if not op.has_rules(len(inputs)):
        return ["it has no derivative rule, and its value changes with its inputs"] if np.any(np.abs(slopes) > room) else []
    if op.complex_value is None:
        return []
    real = np.real(op.complex_value(*(x + 0j if _is_floating(x) else x for x in inputs), **options))
    follows = real.shape == value.shape and np.allclose(real, value, rtol=SIMILAR, atol=SIMILAR)
    if not follows or np.any(np.abs(slope_by_complex_step(line) - slopes) > room):
        return ["its complex value does not follow its value: it is not analytic, or complex_value is wrong"]
    return []


def check_rules_of(op: type[Op], arrays: Sequence[np.ndarray], parameters: Mapping[str, Any], dtype: str) -> Check:
    """Check the rules of an operation at arrays, brought to a dtype; second order in double precision only.

    What a rule raises passes through.
    """
    names = op.inputs if len(op.inputs) == len(arrays) else [f"x{position}" for position in range(len(arrays))]
    step = trace(_weighted(op, parameters, names), *(_as(x, dtype) for x in arrays))
    return check_step(step, second_order=dtype == "float64")


def _weighted(op: type[Op], parameters: Mapping[str, Any], names: Sequence[str]) -> Callable[..., Any]:
    """A function of the operation's inputs that returns one number, in which every element of its value has a weight."""

    def weighted(*tensors: Any) -> Any:
        inputs, options = op.call(*tensors, **parameters)
        out = tensors[0].recorder.record(op, inputs, options)
        return np.sum(out * np.random.default_rng(1).uniform(0.5, 1.5, out.shape).astype(out.dtype))

    kind = inspect.Parameter.POSITIONAL_ONLY
    signature = inspect.Signature([inspect.Parameter(name, kind) for name in names])
    weighted.__signature__ = signature  # type: ignore[attr-defined]
    return weighted


def _is_floating(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def _as(value: Any, dtype: str) -> Any:
    return value.astype(dtype) if _is_floating(value) else value
