"""A Hypothesis strategy for random programs: computation graphs as Python source."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tracer.testing.examples import as_code
from tracer.testing.strategies import arrays as drawn_arrays

SHAPES = ((), (1,), (3,), (2, 3), (3, 3), (3, 1), (1, 3), (2, 1, 3), (0, 3))

LARGEST = 30.0
"""Larger values are passed through tanh to avoid overflow."""

UNARY = (
    "np.tanh({a})", "np.sin({a})", "np.cos({a})", "np.exp(np.tanh({a}))", "np.expm1(np.sin({a}))", "np.log({a} * {a} + 1)",
    "np.log1p(np.abs({a}))", "np.sqrt({a} * {a} + 0.5)", "np.square({a})", "np.abs({a})", "-{a}", "{a} ** 2", "{a} ** 3",
    "1 / ({a} * {a} + 1)", "np.clip({a}, 0, None)", "np.clip({a}, -0.45, 0.85)", "{a} * {a}", "{a} - 0.5 * {a}",
    "np.where({a} > 0.3, {a}, np.sin({a}))", "np.maximum({a}, 0.15)", "np.minimum({a}, -0.35)", "2 ** np.tanh({a})",
)  # fmt: skip
BINARY = (
    "{a} + {b}", "{a} - {b}", "{a} * {b}", "{a} / ({b} * {b} + 1)", "np.maximum({a}, {b})", "np.minimum({a}, {b})",
    "np.where({a} > {b}, {a}, {b} * {b})", "(np.abs({a}) + 0.5) ** np.tanh({b})", "{a} @ {b}", "np.dot({a}, {b})",
    "np.outer({a}, {b})", "np.concatenate([{a}, {b}])", "np.stack([{a}, {b}])", "{a} @ {b}.T", "np.einsum('ij,kj->ik', {a}, {b})",
)  # fmt: skip
REDUCTIONS = ("sum", "mean", "max", "min", "prod", "var")
SHAPING = (
    "{a}.T", "{a}.reshape(-1)", "np.expand_dims({a}, 0)", "np.expand_dims({a}, -1)", "np.swapaxes({a}, 0, -1)",
    "np.moveaxis({a}, 0, -1)", "np.squeeze({a})", "np.broadcast_to({a}, (2, *np.shape({a})))", "{a}[0]", "{a}[..., -1]",
    "{a}[::-1]", "{a}[[0, 0, -1]]", "{a}[..., None]", "{a}[{a} > 0.2]", "np.ravel({a})", "{a}[1:]",
)  # fmt: skip


@dataclass(frozen=True)
class Program:
    """The source of a function `program` of arrays, and arguments for it."""

    source: str
    arguments: tuple[np.ndarray, ...]

    def function(self, namespace: dict[str, Any] | None = None) -> Callable[..., Any]:
        """Compile the function; `namespace` replaces the globals, to run it with another `np`."""
        names: dict[str, Any] = {"np": np} if namespace is None else dict(namespace)
        exec(compile(self.source, "<program>", "exec"), names)
        function: Callable[..., Any] = names["program"]
        return function

    def __repr__(self) -> str:
        call = ", ".join(["program", *map(as_code, self.arguments)])
        return f"\n{self.source}\nassert_gradients({call})\n"


@st.composite
def programs(draw: st.DrawFn, *, max_lines: int = 10, ties: bool = True) -> Program:
    """Programs of one to three arrays with up to `max_lines` lines: shared values, views, reductions, broadcasting.

    Without `ties` the elements of an argument are distinct, and arguments are not empty.
    """
    count = draw(st.integers(1, 3))
    arguments = []
    for _ in range(count):
        shape = draw(st.sampled_from(SHAPES if ties else SHAPES[:-1]))
        arguments.append(draw(drawn_arrays(shape)) if ties else _distinct(shape, draw(st.integers(0, 2**20))))
    values: dict[str, np.ndarray] = dict(zip("xyz", arguments))
    lines: list[str] = []
    used: set[str] = set()
    for number in range(draw(st.integers(1, max_lines))):
        text, operands = draw(_expressions(tuple(values)))
        value = _value_of(text, values)
        if value is None:
            continue
        if np.max(np.abs(value), initial=0.0) > LARGEST:
            text, value = f"np.tanh({text})", np.tanh(value)
        name = f"v{number}"
        lines.append(f"    {name} = {text}")
        values[name] = value
        used.update(operands)
    unused = [name for name in values if name not in used] or list(values)
    result = " + ".join(f"np.sum({name} * ({name} + {0.5 + position}))" for position, name in enumerate(unused))
    names = ", ".join("xyz"[:count])
    return Program("\n".join([f"def program({names}):", *lines, f"    return {result}"]), tuple(arguments))


@st.composite
def _expressions(draw: st.DrawFn, names: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """An expression of one or two of the names, and the names it uses."""
    a = draw(st.sampled_from(names))
    kind = draw(st.sampled_from(("one", "two", "reduction", "shaping")))
    if kind == "two":
        b = draw(st.sampled_from(names))
        return draw(st.sampled_from(BINARY)).format(a=a, b=b), (a, b)
    if kind == "reduction":
        axis = draw(st.sampled_from((None, 0, -1, (0, 1))))
        keepdims = draw(st.booleans())
        return f"np.{draw(st.sampled_from(REDUCTIONS))}({a}, axis={axis}, keepdims={keepdims})", (a,)
    return draw(st.sampled_from(UNARY if kind == "one" else SHAPING)).format(a=a), (a,)


def _value_of(text: str, values: dict[str, np.ndarray]) -> np.ndarray | None:
    """The value of an expression; None if the shapes do not fit, or if the result is not finite or too large."""
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
            value = np.asarray(eval(text, {"np": np}, dict(values)))
    except (ValueError, IndexError, np.exceptions.AxisError):
        return None
    if value.ndim > 3 or value.size > 60 or not np.all(np.isfinite(value)):
        return None
    return value


def _distinct(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """An array of distinct numbers from about -1.9 to 1.7."""
    rng = np.random.default_rng(seed)
    size = int(np.prod(shape))
    return np.asarray(rng.permutation(np.linspace(-1.9, 1.7, size + 1)[:size]).reshape(shape) + rng.uniform(-0.02, 0.02, shape))
