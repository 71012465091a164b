"""Mutation testing: wrong derivative rules and engine faults, patched into the code at run time.

Four kinds: faults applicable to any rule (`every_rule`), faults of a single rule (`RULES`: a replacement in its source), faults
of the engine (`ENGINE`, likewise), and faults that make the engine record something else than the program (`RECORDING`).
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
import pytest

from support.rule_mutations import complex_numbers, fourier, linalg, movement, special, statistics
from tracer.ops import registry
from tracer.ops.base import Op
from tracer.ops.families import (
    einstein_summation,
    indexing,
    joining,
    linear_algebra,
    reductions,
    selection,
    shaping,
)
from tracer.ops.families.elementwise import (
    arithmetic,
    division,
    exponentials,
    hyperbolic,
    nan_handling,
    powers,
    signs,
    trigonometry,
)
from tracer.ops.families.movement import pieces
from tracer.ops.families.special import entropy, error_functions, gamma_functions, logistic
from tracer.ops.families.statistical import extremes, quantiles, spread
from tracer.ops.movement import MovementGradient
from tracer.recording import autodiff, recorder
from tracer.recording.methods.writing import InPlace
from tracer.recording.step_tape import StepTape
from tracer.recording.tensor import Tensor


@dataclass(frozen=True)
class Mutant:
    """A named fault, the operation whose examples should expose it (empty: whole programs), and the function that applies it."""

    name: str
    operation: str
    put_in: Callable[[pytest.MonkeyPatch], None]
    example: tuple[Callable[..., Any], tuple[np.ndarray, ...]] | None = None
    """The function and arrays that expose it, instead of those of the operation."""


# Faults applicable to any rule.


def _changed(change: Callable[[np.ndarray], np.ndarray]) -> Callable[..., Any]:
    """A wrapper of a rule that changes its result without recording an operation."""

    def wrapper(returned: Tensor, given: tuple[Tensor, ...]) -> Tensor:
        with np.errstate(all="ignore"):
            value = np.asarray(change(np.array(returned.value)), dtype=returned.dtype)
        return returned.recorder.leaf("constant", "", value)  # type: ignore[attr-defined]

    return wrapper


def _one_entry(value: np.ndarray) -> np.ndarray:
    if value.size:
        value.flat[-1] *= 1.0001
    return value


def _one_entry_is(number: float) -> Callable[[np.ndarray], np.ndarray]:
    def change(value: np.ndarray) -> np.ndarray:
        if value.size:
            value.flat[0] = number
        return value

    return change


def _nan_beside_a_wrong_entry(value: np.ndarray) -> np.ndarray:
    return _one_entry_is(np.nan)(_one_entry(value))


def _complex_detour(returned: Tensor, given: tuple[Tensor, ...]) -> Tensor:
    """Returns the real part of a complex number, of which the record has no derivative."""
    value = np.real(returned.value * (1 + 1e-3j)) * 1.0001
    return returned.recorder.leaf("constant", "", value.astype(returned.dtype))  # type: ignore[attr-defined]


def _branches_on_type(returned: Tensor, given: tuple[Tensor, ...]) -> Tensor:
    return returned if isinstance(given[0], np.ndarray) else returned * 1.001


def _square_transposed(value: np.ndarray) -> np.ndarray:
    return np.swapaxes(value, -1, -2) if value.ndim > 1 and value.shape[-1] == value.shape[-2] else 1.01 * value


def _writes_into(place: int) -> Callable[..., Any]:
    def wrapper(returned: Tensor, given: tuple[Tensor, ...]) -> Tensor:
        array = [each for each in given if isinstance(each, Tensor) and isinstance(each.value, np.ndarray)][place].value
        array.flags.writeable = True
        array *= 1.5
        array.flags.writeable = False
        return returned

    return wrapper


def _nondeterministic() -> Callable[..., Any]:
    rng = np.random.default_rng(0)
    return _changed(lambda value: value * (1 + 1e-12 * rng.normal(size=value.shape)))


EVERY: dict[str, Callable[[], Callable[..., Any]]] = {
    "a factor of 1.000001": lambda: _changed(lambda value: value * 1.000001),
    "the sign": lambda: _changed(np.negative),
    "the term is missing": lambda: _changed(np.zeros_like),
    "one entry off by 1e-4": lambda: _changed(_one_entry),
    "rounded to single precision": lambda: _changed(lambda value: value.astype(np.float32)),
    "transposed when it is square": lambda: _changed(_square_transposed),
    "the cotangent is returned": lambda: lambda returned, given: given[0] if given[0].shape == returned.shape else returned * 2,
    "the result is returned": lambda: lambda returned, given: given[1] if given[1].shape == returned.shape else returned * 2,
    "another dtype": lambda: lambda returned, given: returned.astype(np.float32),
    "an axis too many": lambda: lambda returned, given: np.stack([returned, returned], axis=-1),
    "a plain array": lambda: lambda returned, given: returned.value,
    "differs between two runs": _nondeterministic,
    "one entry is NaN": lambda: _changed(_one_entry_is(np.nan)),
    "one entry is infinite": lambda: _changed(_one_entry_is(np.inf)),
    "all entries are NaN": lambda: _changed(lambda value: np.full_like(value, np.nan)),
    "NaN beside a wrong entry": lambda: _changed(_nan_beside_a_wrong_entry),
    "a complex detour": lambda: _complex_detour,
    "a branch on the type": lambda: _branches_on_type,
    "writes into the cotangent": lambda: _writes_into(0),
    "writes into an input": lambda: _writes_into(-1),
}

SYMMETRIC_GRADIENT = {"cholesky", "eigh", "eigvalsh"}
"""Operations whose gradient is a symmetric matrix, for which transposing it is not a fault."""

RETURNS_COTANGENT = {
    "add", "positive", "subtract", "stack", "broadcast_to", "concatenate", "astype", "remainder", "fmod", "divmod",
    "modf", "real", "conjugate",
    "real_if_close", "unwrap", "nan_to_num",
}  # fmt: skip
"""Operations with a rule that returns the cotangent, for which returning it is not a fault."""


def every_rule() -> Iterator[Mutant]:
    """Each fault of EVERY in the first and the last rule of each operation."""
    for op in (op for op in registry if op.__module__.startswith("tracer.")):  # other tests register more
        if not op.has_rules(max(1, len(op.inputs))):
            continue
        for fault, make in EVERY.items():
            if fault == "the cotangent is returned" and op.name in RETURNS_COTANGENT:
                continue
            if fault == "transposed when it is square" and op.name in SYMMETRIC_GRADIENT:
                continue
            for last in (False, True) if len(op.inputs) > 1 and op.rules[-1] and op.rules[0] else (False,):
                where = f"{op.name}: {fault}{' (last input)' if last else ''}"
                yield Mutant(where, op.name, lambda patch, op=op, make=make, last=last: _wrap(patch, op, make(), last))


def _wrap(patch: pytest.MonkeyPatch, op: type[Op], wrapper: Callable[..., Any], last: bool) -> None:
    original = op.gradient

    def gradient(position: int, g: Any, out: Any, inputs: Any, parameters: Any) -> Any:
        returned = original(position, g, out, inputs, parameters)
        chosen = position == (len(inputs) - 1 if last else min(place for place in range(len(inputs)) if op.differentiable(place)))
        return wrapper(returned, (g, out, *inputs)) if chosen else returned

    patch.setattr(op, "gradient", gradient)


# Faults of a single rule or of the engine: replacements in the source.

RULES: tuple[tuple[type[Op], str, str, str], ...] = (
    (arithmetic.Subtract, "gradient_y", "return -g", "return g"),
    (arithmetic.Multiply, "gradient_x", "g * y", "g * x"),
    (arithmetic.Divide, "gradient_x", "g / y", "g * y"),
    (arithmetic.Divide, "gradient_y", "-g * out / y", "-g * out"),
    (arithmetic.Divide, "gradient_y", "-g * out / y", "-g * x / y"),
    (arithmetic.Divide, "gradient_y", "-g * out", "g * out"),
    (arithmetic.Power, "gradient_x", "g * (y * x ** (y - 1))", "g * x ** (y - 1)"),
    (arithmetic.Power, "gradient_x", "g * (y * x ** (y - 1))", "g * (y * x ** y)"),
    (arithmetic.Power, "gradient_x", "g * (y * x) if y == 2", "g * x if y == 2"),
    (arithmetic.Power, "gradient_x", "g if y == 1", "g * x if y == 1"),
    (arithmetic.Power, "gradient_x", "g * 0.0 if y == 0", "g * x if y == 0"),
    (arithmetic.Power, "gradient_x", "np.where(y == 0, 1, y - 1)", "(y - 1)"),
    (arithmetic.Power, "gradient_x", "np.where(y == 0, 0, y *", "np.where(y == 0, 1, y *"),
    (arithmetic.Power, "gradient_y", "np.where(np.equal(x, 0), 1, x)", "x"),
    (arithmetic.Power, "gradient_y", "out *", "x *"),
    (arithmetic.Square, "gradient_x", "2 * x", "x"),
    (arithmetic.Square, "gradient_x", "2 * x", "2 * out"),
    (arithmetic.Sqrt, "gradient_x", "2 * out", "2 * x"),
    (arithmetic.Sqrt, "gradient_x", "2 * out", "out"),
    (arithmetic.Absolute, "gradient_x", "np.sign(x)", "np.where(np.greater_equal(x, 0), 1.0, -1.0)"),
    (arithmetic.Absolute, "gradient_x", "np.sign(x)", "np.sign(out)"),
    (exponentials.Exp, "gradient_x", "g * out", "g * x"),
    (exponentials.Expm1, "gradient_x", "np.exp(x)", "out"),
    (exponentials.Log, "gradient_x", "g / x", "g / out"),
    (exponentials.Log1p, "gradient_x", "1 + x", "x"),
    (hyperbolic.Tanh, "gradient_x", "np.square(out)", "out"),
    (hyperbolic.Tanh, "gradient_x", "np.square(out)", "np.square(x)"),
    (hyperbolic.Tanh, "gradient_x", "1 - np.square(out)", "1 - np.square(out) * 0.9999"),
    (trigonometry.Sin, "gradient_x", "np.cos(x)", "np.sin(x)"),
    (trigonometry.Cos, "gradient_x", "-g", "g"),
    (exponentials.Exp2, "gradient_x", "math.log(2)", "math.log(3)"),
    (exponentials.Log2, "gradient_x", "math.log(2)", "math.log(10)"),
    (exponentials.Log10, "gradient_x", "(x * math.log(10))", "(out * math.log(10))"),
    (exponentials.Logaddexp, "gradient_x", "y - x", "x - y"),
    (exponentials.Logaddexp, "gradient_y", "np.logaddexp(0.0, x - y)", "np.logaddexp(0.0, x)"),
    (exponentials.Logaddexp2, "gradient_x", "np.exp2(", "np.exp("),
    (exponentials.Logaddexp2, "gradient_y", "np.logaddexp2(0.0, x - y)", "np.logaddexp(0.0, x - y)"),
    (hyperbolic.Sinh, "gradient_x", "np.cosh(x)", "out"),
    (hyperbolic.Cosh, "gradient_x", "np.sinh(x)", "-np.sinh(x)"),
    (hyperbolic.Arcsinh, "gradient_x", "1 + np.square(x)", "1 - np.square(x)"),
    (hyperbolic.Arccosh, "gradient_x", "(x - 1) * (x + 1)", "x * x + 1"),
    (hyperbolic.Arctanh, "gradient_x", "(1 - x) * (1 + x)", "1 + x * x"),
    (trigonometry.Tan, "gradient_x", "1 + np.square(out)", "1 + np.square(x)"),
    (trigonometry.Arcsin, "gradient_x", "np.sqrt(", "("),
    (trigonometry.Arccos, "gradient_x", "-g", "g"),
    (trigonometry.Arctan, "gradient_x", "np.square(x)", "np.square(out)"),
    (trigonometry.Arctan2, "gradient_y", "(x / ", "(y / "),
    (trigonometry.Arctan2, "gradient_x", "-g", "g"),
    (trigonometry.Sinc, "gradient_x", "order=1", "order=2"),
    (trigonometry.SincDerivative, "gradient_x", "order + 1", "order + 2"),
    (trigonometry.Deg2rad, "gradient_x", "math.pi / 180", "180 / math.pi"),
    (trigonometry.Rad2deg, "gradient_x", "math.pi", "3.1415926"),
    (trigonometry.Unwrap, "gradient_x", "return g", "return g * 2"),
    (division.Remainder, "gradient_y", "np.floor_divide(x, y)", "np.rint(x / y)"),
    (division.Remainder, "gradient_y", "-g", "g"),
    (division.Fmod, "gradient_y", "np.rint((x - out) / y)", "np.floor_divide(x, y)"),
    (division.Divmod, "gradient_x", "g if part else g * 0.0", "g"),
    (division.Divmod, "gradient_y", "-g", "g"),
    (division.Modf, "gradient_x", "if part", "if not part"),
    (powers.Reciprocal, "gradient_x", "np.square(out)", "np.square(x)"),
    (powers.Cbrt, "gradient_x", "3 * np.square(out)", "3 * out"),
    (powers.FloatPower, "gradient_y", "np.where(np.equal(x, 0), 1, x)", "x"),
    (powers.Hypot, "gradient_x", "np.where(np.equal(out, 0), 1, out)", "out"),
    (powers.Hypot, "gradient_y", "(y / ", "(x / "),
    (signs.Fabs, "gradient_x", "np.sign(x)", "np.sign(out)"),
    (signs.Copysign, "gradient_x", "np.sign(x) * ", ""),
    (signs.Heaviside, "gradient_y", "np.equal(x, 0), g, 0", "np.equal(x, 0), 0, g"),
    (nan_handling.Fmax, "gradient_x", "0.5 * g", "g"),
    (nan_handling.Fmax, "gradient_y", "np.greater(y, x)", "np.less(y, x)"),
    (nan_handling.Fmin, "gradient_x", "np.less(x, y)", "np.greater(x, y)"),
    (nan_handling.Fmin, "gradient_y", "0.5 * g", "0 * g"),
    (logistic.Expit, "gradient_x", "Expit.apply(-x)", "Expit.apply(x)"),
    (logistic.Logit, "gradient_x", "1 - x", "1 + x"),
    (logistic.LogExpit, "gradient_x", "-x", "x"),
    (logistic.SpecialLog1p, "gradient_x", "1 + x", "x"),
    (logistic.SpecialExpm1, "gradient_x", "np.exp(x)", "out"),
    (entropy.Xlogy, "gradient_x", "np.log(", "("),
    (entropy.Xlogy, "gradient_y", "x /", "1 /"),
    (entropy.Xlog1py, "gradient_x", "np.log1p(y)", "np.log(y)"),
    (entropy.Xlog1py, "gradient_y", "1 + y", "y"),
    (entropy.Entr, "gradient_x", "1 + ", ""),
    (entropy.RelEntr, "gradient_x", "1 + ", ""),
    (entropy.RelEntr, "gradient_y", "-g", "g"),
    (error_functions.Erf, "gradient_x", "2 / math", "1 / math"),
    (error_functions.Erfc, "gradient_x", "-g", "g"),
    (error_functions.Erfinv, "gradient_x", "np.square(out)", "-np.square(out)"),
    (error_functions.Ndtr, "gradient_x", "-0.5", "-1"),
    (error_functions.Erfcx, "gradient_x", "2 * x", "x"),
    (error_functions.LogNdtr, "gradient_x", "-math.sqrt(0.5)", "-0.5"),
    (error_functions.Ndtri, "gradient_x", "0.5", "0.25"),
    (gamma_functions.Gamma, "gradient_x", "out * ", ""),
    (gamma_functions.Gammaln, "gradient_x", "Digamma.apply(x)", "Digamma.apply(x + 1)"),
    (gamma_functions.Digamma, "gradient_x", "2.0", "3.0"),
    (gamma_functions.Zeta, "gradient_q", "x * ", ""),
    (gamma_functions.Betaln, "gradient_y", "x + y", "x"),
    (selection.Maximum, "gradient_x", "0.5 * g", "g"),
    (selection.Maximum, "gradient_x", "0.5 * g", "0 * g"),
    (selection.Maximum, "gradient_y", "0.5 * g", "g"),
    (selection.Maximum, "gradient_x", "np.greater(x, y)", "np.less(x, y)"),
    (selection.Minimum, "gradient_x", "0.5 * g", "g"),
    (selection.Minimum, "gradient_y", "np.equal(x, y), 0.5 * g, 0", "np.equal(x, y), 0.25 * g, 0"),
    (selection.Minimum, "gradient_y", "np.less(y, x)", "np.greater(y, x)"),
    (selection.Where, "gradient_x", "condition, g, 0", "condition, 0, g"),
    (selection.Where, "gradient_y", "condition, 0, g", "condition, g, g"),
    (selection.Clip, "gradient_x", "x > low if high is None", "x >= low if high is None"),
    (selection.Clip, "gradient_x", "np.logical_and(np.greater(x, low)", "np.logical_or(np.greater(x, low)"),
    (selection.Clip, "gradient_x", "np.less(x, high))", "np.less_equal(x, high))"),
    (selection.Clip, "gradient_x", "return g\n", "return g * 2\n"),
    (selection.Clip, "gradient_low", "np.less_equal(x, low)", "np.less(x, low)"),
    (selection.Clip, "gradient_low", "np.logical_and(taken, np.less(low, high))", "taken"),
    (selection.Clip, "gradient_high", "np.greater_equal(x, high)", "np.greater(x, high)"),
    (selection.Clip, "gradient_high", "np.logical_or(taken, np.greater_equal(low, high))", "taken"),
    (linear_algebra.Matmul, "gradient_x", "return g @ rows_and_columns_swapped(y)",
     "return g @ (y if y.shape[-1] == y.shape[-2] else rows_and_columns_swapped(y))"),
    (linear_algebra.Matmul, "gradient_y", "return rows_and_columns_swapped(x) @ g",
     "return (x if x.shape[-1] == x.shape[-2] else rows_and_columns_swapped(x)) @ g"),
    (linear_algebra.Matmul, "gradient_x", "np.expand_dims(g, -1) * y", "np.expand_dims(g, -1) * y * 2"),
    (linear_algebra.Matmul, "gradient_x", "g * y if x.ndim == 1", "g * x if x.ndim == 1"),
    (linear_algebra.Matmul, "gradient_y", "np.expand_dims(x, -1) * np.expand_dims(g, -2)",
     "np.expand_dims(x, -1) + np.expand_dims(g, -2)"),
    (linear_algebra.Dot, "gradient_x", "return g * y", "return g * x"),
    (linear_algebra.Dot, "gradient_y", "->{right}\", g, x)", "->{right}\", g, x) * 0.5"),
    (linear_algebra.Outer, "gradient_x", "g @ np.ravel(y)", "np.sum(g, axis=1)"),
    (linear_algebra.Outer, "gradient_y", "np.ravel(x) @ g", "np.sum(g, axis=0)"),
    (einstein_summation.Einsum, "gradient", "np.eye(shape[axis]", "np.ones((shape[axis], shape[axis])"),
    (einstein_summation.Einsum, "gradient", "np.ones(shape[axis]", "0.5 * np.ones(shape[axis]"),
    (einstein_summation.Einsum, "gradient", "f\"{names}->{distinct}\", g,", "f\"{names}->{distinct}\", 2 * g,"),
    (reductions.Sum, "gradient_x", "with_reduced_axes(g, x, axis, keepdims), x.shape",
     "g if np.shape(g) == x.shape[1:] else with_reduced_axes(g, x, axis, keepdims), x.shape"),
    (reductions.Mean, "gradient_x", "count_of(x, axis)", "x.size"),
    (reductions.Mean, "gradient_x", "g / count_of(x, axis)", "g"),
    (extremes.Max, "gradient_x", "/ np.astype(ties, g.dtype)", ""),
    (extremes.Max, "gradient_x", "np.equal(x, with_reduced_axes(out, x, axis, keepdims))",
     "np.greater_equal(x, with_reduced_axes(out, x, axis, keepdims) * 0.999)"),
    (extremes.Max, "gradient_x", "np.sum(chosen, axis=axis, keepdims=True)", "np.sum(chosen)"),
    (reductions.Prod, "gradient_x", "others = np.prod(np.where(np.eye(count, dtype=bool), 1, rows), axis=-1)",
     "others = np.prod(rows, axis=-1) / rows[..., 0, :]"),
    (reductions.Prod, "gradient_x", "tuple(order.index(other) for other in range(x.ndim))", "order"),
    (spread.Var, "gradient_x", "count_of(x, axis) - ddof", "count_of(x, axis)"),
    (spread.Var, "gradient_x", "2 / ", "1 / "),
    (spread.Var, "gradient_x", "np.mean(x, axis=axis, keepdims=True)", "np.mean(x)"),
    (spread.Std, "gradient_x", "np.where(np.equal(spread, 0), 1, spread)", "spread"),
    (spread.Std, "gradient_x", "- ddof", ""),
    (shaping.Reshape, "gradient_x", "np.reshape(g, x.shape, order)", "np.reshape(np.transpose(g), x.shape)"),
    (shaping.Ravel, "gradient_x", "np.reshape(g, x.shape, order)", "np.reshape(g[::-1], x.shape)"),
    (shaping.Transpose, "gradient_x", "axes and tuple(axes.index(axis) for axis in range(len(axes)))", "axes"),
    (shaping.Moveaxis, "gradient_x", "destination, source", "source, destination"),
    (shaping.Swapaxes, "gradient_x", "np.swapaxes(g, axis1, axis2)", "np.reshape(g, x.shape)"),
    (joining.AlongAxis, "gradient", "own = slice(start,", "start = 0 if len(inputs) == 2 else start\n    own = slice(start,"),
    (joining.Stack, "gradient", "(position,)]", "(len(inputs) - 1 - position,)]"),
    (indexing.Scatter, "value", "np.add.at(scattered, index_of(index, arrays), x)", "scattered[index_of(index, arrays)] = x"),
    (indexing.Take, "gradient", "(g, *inputs[1:])", "(g * 2, *inputs[1:])"),
    *linalg.RULES,
)  # fmt: skip

SHOWN_BY: dict[type[Op], str] = {
    indexing.Scatter: "take",
    quantiles.QuantileWeights: "quantile",
    MovementGradient: "take_at",
    pieces.Sections: "split",
    joining.AlongAxis: "concatenate",
    joining.StackAlong: "hstack",
    **linalg.SHOWN_BY,
}
"""The operation whose derivative an operation or a family is, where that is not its own name."""

ENGINE: tuple[tuple[ModuleType | type, str, str, str], ...] = (
    (autodiff, "gradients", "contribution = pending[operand] + contribution", "pass"),
    (autodiff, "gradients", "contribution = pending[operand] + contribution", "contribution = pending[operand]"),
    (autodiff, "gradients", "contribution = pending[operand] + contribution", "contribution = pending[operand] - contribution"),
    (autodiff, "gradients", "contribution = pending[operand] + contribution",
     "contribution = np.maximum(pending[operand], contribution)"),
    (autodiff, "gradients", "contribution = pending[operand] + contribution",
     "contribution = pending[operand] + contribution if position else contribution"),
    (autodiff, "gradients", "for position, operand in enumerate(operands):",
     "for operand, position in {operand: position for position, operand in enumerate(operands)}.items():"),
    (autodiff, "gradients", "for position, operand in enumerate(operands):",
     "for position, operand in list(enumerate(operands))[:1]:"),
    (autodiff, "gradients", "not reached[operand] or", "not reached[operand] or operand in found or operand < 1 or"),
    (autodiff, "gradients", "out = Tensor(value, recorder, id)", "out = g"),
    (autodiff, "gradients", "out = Tensor(value, recorder, id)", "out = recorder.tensor(output.id)"),
    (autodiff, "gradients", "inputs = [recorder.tensor(x) if type(x) is int else x.value for x in operands]",
     "inputs = [recorder.tensor(x) if type(x) is int else x.value for x in operands][::-1]"),
    (autodiff, "gradients", "found[id] = g", "found[id] = g = g * (1 + 1e-7)"),
    (autodiff, "gradients", "pending[operand] = contribution", "pending.setdefault(operand, contribution)"),
    (autodiff, "_between", "depends[operand] and op", "depends[operand] and position == len(operands) - 1 and op"),
    (autodiff, "_between", "depends[id] = 1", "depends[id] = id - min(wanted) < 4"),
    (autodiff, "_like", "np.sum(gradient", "np.mean(gradient"),
    (autodiff, "_like", "np.sum(gradient", "np.max(gradient"),
    (autodiff, "_like", "axis=stretched, keepdims", "axis=stretched[-1:], keepdims"),
    (autodiff, "_like", "if axis < added or", "if axis < added or axis == gradient.ndim - 1 or"),
    (autodiff, "_like", "np.sum(gradient, axis=stretched, keepdims=max(stretched) >= added)",
     "np.sum(gradient, axis=stretched, keepdims=max(stretched) >= added) * (2 if added and max(stretched) >= added else 1)"),
    (autodiff, "_like", "np.sum(gradient, axis=stretched, keepdims=max(stretched) >= added)",
     "gradient[tuple(slice(0, 1) if axis in stretched else slice(None) for axis in range(gradient.ndim))]"),
    (autodiff, "_like", "gradient = np.reshape(gradient, value.shape)",
     "gradient = np.reshape(np.transpose(gradient), value.shape)"),
    (recorder.Recorder, "seed_gradient", "output, 1)", "output, 2)"),
    (recorder.Recorder, "backward", "{value: gradient._id for value, gradient in found.items()}",
     "{value: gradient._id - (value == 1) for value, gradient in found.items()}"),
    (StepTape, "tensor", "Tensor(self.value(id), self, id)", "Tensor(self.value(id) * 1.001, self, id)"),
)  # fmt: skip


PAIR = np.array([1.0, 2.0])


def _writes_through_a_view(x: Any) -> Any:
    first = x[0, ...]
    first += 1
    return np.sum(x * x)


def _branches_on_scalars(x: Any) -> Any:
    total = np.sum(x)
    return total * (2.0 if np.isscalar(total) else 3.0)


def _branches_with_equal_values(x: Any) -> Any:
    return np.sum(x * (x if isinstance(x, np.ndarray) else PAIR))


PROGRAMS = (_branches_on_scalars, _branches_with_equal_values)
"""Programs that compute something else when they are recorded, with the engine as it is."""


RECORDING: tuple[tuple[ModuleType | type, str, str, str, Callable[..., Any]], ...] = (
    (recorder.Recorder, "record", 'if value.dtype.kind == "c":', 'if value.dtype.kind == "c" and (value := value.real) is None:',
     lambda x: np.sum(np.abs(x * (1 + 0.5j)))),
    (recorder.Recorder, "record", "raise RecordingError(complex_input(op))", "pass",
     lambda x: np.sum(np.imag(np.sign(x * (1 + 0.5j) + 1j)))),
    (recorder.Recorder, "record", "raise RecordingError(complex_input(op))", "values = [np.real(each) for each in values]",
     lambda x: np.sum(np.sign(x * (1 + 0.5j) + 1j).real * x)),
    (StepTape, "_entering", "if type(given) is complex:", "if type(given) is complex and (given := given.real) is None:",
     lambda x: np.sum(np.abs(x * (1 + 0.5j)))),
    (autodiff, "_between", 'value.dtype.kind in "fc"', 'value.dtype.kind == "f"', lambda x: np.sum(np.abs(x * (1 + 0.5j)))),
    (autodiff, "_like", "np.real(gradient)", "np.imag(gradient)", lambda x: np.sum(np.abs(x * (1 + 0.5j)))),
    (autodiff, "_like", "np.real(gradient)", "np.abs(gradient)", lambda x: np.sum(np.abs(x * (1 + 0.5j)))),
    (StepTape, "_entering", "array = native(np.array(given))", "array = native(np.array(np.real(given)))",
     lambda x: np.sum(np.abs(x * np.array([1j, 2])))),
    (InPlace, "_is_scalar", "return not isinstance", "return True or isinstance", _writes_through_a_view),
    (Tensor, "__array_function__", "function(*plain(arguments), **plain(options))", "function(arguments[0].value)",
     lambda x: np.sum(x) / np.size(x[np.newaxis], 0)),
    (Tensor, "__bool__", "bool(self.value)", "True", lambda x: np.sum(x) * (2.0 if x[0] > 5 else 3.0)),
    (Tensor, "item", "np.asarray(self.value).item(*index)", "0.0", lambda x: np.sum(x) * (2.0 if x[0].item() > 0 else 3.0)),
    (Tensor, "ndim", "self._value.ndim", "1 + self._value.ndim", lambda x: np.sum(x) * x.ndim),
)  # fmt: skip


def single_rules() -> Iterator[Mutant]:
    """Each fault of RULES."""
    for op, name, old, new in (*RULES, *fourier.RULES, *movement.RULES, *special.RULES, *statistics.RULES):
        shown_by = SHOWN_BY.get(op, op.name)
        yield Mutant(f"{op.name}: {name}: {new.strip()}", shown_by,
                     lambda patch, op=op, name=name, old=old, new=new: _replace_rule(patch, op, name, old, new))  # fmt: skip
    for op, name, old, new in complex_numbers.RULES:
        yield Mutant(f"{op.name} of complex numbers: {name}: {new.strip()}", f"complex {op.name}",
                     lambda patch, op=op, name=name, old=old, new=new: _replace_rule(patch, op, name, old, new))  # fmt: skip


def engine_faults() -> Iterator[Mutant]:
    """Each fault of ENGINE."""
    for owner, name, old, new in ENGINE:
        yield Mutant(f"{name}: {new}", "", lambda patch, owner=owner, name=name, old=old, new=new:
                     _replace_in_engine(patch, owner, name, old, new))  # fmt: skip


def recording_faults() -> Iterator[Mutant]:
    """Each fault of RECORDING."""
    for owner, name, old, new, function in RECORDING:
        yield Mutant(f"{name}: {new}", "", lambda patch, owner=owner, name=name, old=old, new=new:
                     _replace_in_engine(patch, owner, name, old, new), (function, (PAIR,)))  # fmt: skip
    for function in PROGRAMS:
        yield Mutant(function.__name__, "", lambda patch: None, (function, (PAIR,)))


def _replace_rule(patch: pytest.MonkeyPatch, op: type[Op], name: str, old: str, new: str) -> None:
    if name == "gradient":
        patch.setattr(op, name, classmethod(_rewritten(vars(op)[name].__func__, old, new)))
    elif name == "value":
        patch.setattr(op, name, staticmethod(_rewritten(op.value, old, new)))
    else:
        rewritten = _rewritten(getattr(op, name), old, new)
        position = op.inputs.index(name.removeprefix("gradient_"))
        patch.setattr(op, "rules", (*op.rules[:position], rewritten, *op.rules[position + 1 :]))


def _replace_in_engine(patch: pytest.MonkeyPatch, owner: ModuleType | type, name: str, old: str, new: str) -> None:
    original = vars(owner)[name]
    if isinstance(original, property):
        patch.setattr(owner, name, property(_rewritten(original.fget, old, new)))
        return
    rewritten = _rewritten(original, old, new)
    patch.setattr(owner, name, rewritten)
    if name == "gradients":
        patch.setattr(recorder, name, rewritten)


def _rewritten(function: FunctionType, old: str, new: str) -> FunctionType:
    """The function compiled from its source with a text replaced."""
    source = textwrap.dedent(inspect.getsource(function))
    assert old in source, f"{function.__qualname__} has no longer the text {old!r}"
    source = source[source.index("def ") :].replace(old, new)
    names: dict[str, Any] = {}
    exec(compile(source, "<mutant>", "exec"), function.__globals__, names)
    rewritten: FunctionType = names[function.__name__]
    return rewritten
