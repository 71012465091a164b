"""Strategies for calls of elementwise operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from support.drawing import Case, seeds, separated, shapes
from tracer.ops import registry
from tracer.ops.domain import NONZERO, Domain
from tracer.ops.families.elementwise.bessel import I1
from tracer.ops.families.elementwise.trigonometry import SincDerivative

OFFSET = ("maximum", "minimum", "fmax", "fmin")
"""Operations with a kink where their inputs are equal: the second is drawn at least 0.07 from the first."""

POWERS = ("power", "float_power")

OWN_NUMBERS = (*POWERS, "frexp", "ldexp", "i0", "i1")
"""Operations that are called with numbers of their own: for large ones these or their derivatives overflow."""


@st.composite
def elementwise(draw: Any, name: str) -> Case:
    op = registry.named(name)
    assert op is not None
    function = op.functions[0]
    count = len(op.domain)
    drawn = draw(hnp.mutually_broadcastable_shapes(num_shapes=count, min_side=0, max_dims=3, max_side=3))
    arrays = tuple(separated(shape, draw(seeds), domain) for shape, domain in zip(drawn.input_shapes, op.domain, strict=True))
    if count > 1 and name != "divide" and draw(st.integers(0, 4)) == 4:
        return Case(lambda x: function(*(x,) * count), (np.abs(arrays[0]) + 0.3,), f"{name}(x, x)")
    if name in OFFSET:
        arrays = arrays[0], arrays[1] + 0.1
    if name in POWERS:
        arrays = np.clip(arrays[0], 0.3, 2.5), np.clip(arrays[1], -2, 2)
    if name == "tan":
        arrays = (0.4 * arrays[0],)  # far from the poles
    arrays = tuple(x + 0.4 * np.sign(x) if domain == NONZERO else x for x, domain in zip(arrays, op.domain, strict=True))
    return Case(function, arrays, name)


@st.composite
def powers(draw: Any, name: str) -> Case:
    if draw(st.integers(0, 2)) == 2:
        return draw(elementwise(name))
    exponent = draw(st.sampled_from([np.array([2.0, 0.0]), 0, 1, 2, 3, -1, 0.5, -1.5, 2.0]))
    function = np.float_power if name == "float_power" else lambda x, y: x**y
    base = separated((3, 2), draw(seeds), Domain(low=0.0))
    if draw(st.booleans()) and np.all(np.asarray(exponent) >= 0) and np.all(np.asarray(exponent) != 0.5):
        base[0] = 0.0
        if draw(st.booleans()):  # above 2, so that the second derivative is finite
            return Case(getattr(np, name), (base, np.abs(separated((2,), draw(seeds))) + 2), f"{name} at 0")
    return Case(lambda x: function(x, exponent), (base,), f"{name} of {exponent!r}")


@st.composite
def remainders(draw: Any, name: str) -> Case:
    """Quotients at least 0.2 from an integer, where a remainder jumps."""
    divisor = separated(draw(st.sampled_from([(), (3,), (2, 1), (2, 3)])), draw(seeds))
    divisor += 0.4 * np.sign(divisor)
    rng = np.random.default_rng(draw(seeds))
    quotient = rng.integers(-4, 4, (2, 3)) + rng.uniform(0.2, 0.8, (2, 3))
    return Case(getattr(np, name), (divisor * quotient, divisor), name)


@st.composite
def divmods(draw: Any) -> Case:
    case = draw(remainders("divmod"))
    part = draw(st.integers(0, 1))
    return Case(lambda x, y: np.divmod(x, y)[part], case.arrays, f"divmod [{part}]")


@st.composite
def modfs(draw: Any) -> Case:
    """Numbers at least 0.1 from an integer."""
    shape, part = draw(shapes), draw(st.integers(0, 1))
    rng = np.random.default_rng(draw(seeds))
    return Case(lambda x: np.modf(x)[part], (rng.integers(-3, 3, shape) + rng.uniform(0.1, 0.9, shape),), f"modf [{part}]")


@st.composite
def frexps(draw: Any) -> Case:
    """Numbers far from powers of 2, where the fraction jumps."""
    shape = draw(shapes)
    rng = np.random.default_rng(draw(seeds))
    sign = rng.choice([-1.0, 1.0], shape)
    return Case(lambda x: np.frexp(x)[0], (sign * rng.uniform(1.1, 1.9, shape) * 2.0 ** rng.integers(-2, 3, shape),), "frexp [0]")


@st.composite
def ldexps(draw: Any) -> Case:
    shape = draw(shapes)
    exponents = np.random.default_rng(draw(seeds)).integers(-3, 4, shape)
    return Case(lambda x: np.ldexp(x, exponents), (separated(shape, draw(seeds)),), f"ldexp by {exponents}")


@st.composite
def bessel_functions(draw: Any, name: str) -> Case:
    """0 and numbers up to 4 in absolute value. The derivative of i0 is a separate operation without a NumPy function."""
    function = np.i0 if name == "i0" else I1.apply
    x = np.clip(separated(draw(shapes), draw(seeds)), -4, 4)
    return Case(function, (np.where(np.abs(x) < 0.25, 0.0, x),), name)


@st.composite
def unwraps(draw: Any) -> Case:
    """Multiples of the period and at most a tenth of it: no difference is near half of it, where the value jumps."""
    shape = draw(shapes.filter(lambda shape: len(shape) > 0))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    options = draw(st.sampled_from([{}, {"period": 0.9}, {"discont": 4.0}, {"period": 3}]))
    rng = np.random.default_rng(draw(seeds))
    angles = options.get("period", 2 * np.pi) * (rng.integers(-3, 3, shape) + rng.uniform(-0.1, 0.1, shape))
    return Case(lambda x: np.unwrap(x, axis=axis, **options), (angles,), f"unwrap {axis} {options}")


@st.composite
def sinc_derivatives(draw: Any) -> Case:
    """The derivative of sinc is a separate operation without a NumPy function."""
    order = draw(st.integers(1, 3))
    return Case(lambda x: SincDerivative.apply(x, order=order), (separated(draw(shapes), draw(seeds)),), f"sinc of order {order}")


CASES: dict[str, st.SearchStrategy[Case]] = {
    **{
        name: elementwise(name)
        for name in (
            "absolute", "add", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "cbrt",
            "copysign", "cos", "cosh", "deg2rad", "divide", "exp", "exp2", "expm1", "fabs", "fmax", "fmin", "heaviside", "hypot",
            "log", "log10", "log1p", "log2", "logaddexp", "logaddexp2", "maximum", "minimum", "multiply", "nan_to_num",
            "negative", "positive", "rad2deg", "reciprocal", "sin", "sinc", "sinh", "sqrt", "square",
            "subtract", "tan", "tanh",
        )
    },
    **{name: powers(name) for name in POWERS},
    **{name: remainders(name) for name in ("remainder", "fmod")},
    "divmod": divmods(),
    "modf": modfs(),
    "frexp": frexps(),
    "ldexp": ldexps(),
    "i0": bessel_functions("i0"),
    "i1": bessel_functions("i1"),
    "unwrap": unwraps(),
    "sinc_derivative": sinc_derivatives(),
}  # fmt: skip
"""A strategy for every operation with a derivative, by name."""

WITHOUT_GRADIENT: dict[str, Callable[..., Any]] = {
    "greater": lambda x: x > 0.3,
    "greater_equal": lambda x: x >= 0.3,
    "less": lambda x: x < 0.3,
    "less_equal": lambda x: x <= 0.3,
    "equal": lambda x: x == 0.3,
    "not_equal": lambda x: x != 0.3,
    "logical_and": lambda x: np.logical_and(x > 0, x < 1),
    "logical_or": lambda x: np.logical_or(x < 0, x > 1),
    "logical_xor": lambda x: np.logical_xor(x < 1, x > 0),
    "logical_not": lambda x: np.logical_not(x > 0),
    "isfinite": np.isfinite,
    "isnan": np.isnan,
    "isinf": lambda x: np.isinf(1 / (x * 0)),
    "isclose": lambda x: np.isclose(x, 0.3, atol=0.2, rtol=0.1),
    "sign": np.sign,
    "signbit": np.signbit,
    "floor": np.floor,
    "ceil": np.ceil,
    "trunc": np.trunc,
    "fix": np.fix,
    "rint": np.rint,
    "round": lambda x: np.round(x, 1),
    "floor_divide": lambda x: x // 0.3,
}
"""A function of an array for every operation without a derivative, by name."""
