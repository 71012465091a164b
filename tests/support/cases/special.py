"""Strategies for calls of functions of `scipy.special`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special
from hypothesis import strategies as st

from support.cases.elementwise import elementwise
from support.drawing import Case, seeds, separated, shapes
from tracer.ops.domain import POSITIVE, Domain


@st.composite
def zetas(draw: Any) -> Case:
    """The first argument has no gradient: it is a number."""
    order = draw(st.sampled_from([2, 3.0, 4.5]))
    return Case(lambda q: scipy.special.zeta(order, q), (separated(draw(shapes), draw(seeds), POSITIVE),), f"zeta({order}, q)")


@st.composite
def gammas(draw: Any) -> Case:
    """Up to 4, above which their second derivatives are too large for finite differences."""
    return Case(scipy.special.gamma, (np.minimum(separated(draw(shapes), draw(seeds), POSITIVE), 4.0),), "gamma")


BESSEL = ("jv", "yv", "iv", "ive", "kv")


@st.composite
def bessel_functions(draw: Any, name: str) -> Case:
    """The order has no gradient: it is a number."""
    order, function = draw(st.sampled_from([0.0, 1.0, 2.5])), getattr(scipy.special, name)
    x = np.minimum(separated(draw(shapes), draw(seeds), POSITIVE) + 0.5, 6.0)
    return Case(lambda x: function(order, x), (x,), f"{name}({order}, x)")


@st.composite
def second_kinds(draw: Any, name: str) -> Case:
    """From 0.8 on: towards 0 these functions have large derivatives."""
    return Case(getattr(scipy.special, name), (separated(draw(shapes), draw(seeds), POSITIVE) + 0.5,), name)


@st.composite
def incomplete(draw: Any, name: str) -> Case:
    """The shape parameters have no gradient: they are numbers."""
    parameters, function = (2.5,) if name != "betainc" else (2.5, 1.7), getattr(scipy.special, name)
    x = separated(draw(shapes), draw(seeds), Domain(low=0.0, high=1.0))
    return Case(lambda x: function(*parameters, x), (x,), f"{name}({parameters}, x)")


CASES: dict[str, st.SearchStrategy[Case]] = {
    **{
        name: elementwise(name)
        for name in (
            "beta", "betaln", "digamma", "entr", "erf", "erfc", "erfcinv", "erfcx", "erfinv", "expit", "gammaln",
            "j0", "j1", "log_expit", "log_ndtr", "logit", "ndtr", "ndtri", "rel_entr", "rgamma", "special_expm1",
            "special_i0", "special_i1", "special_log1p", "xlog1py", "xlogy",
        )
    },
    **{name: bessel_functions(name) for name in BESSEL},
    **{name: second_kinds(name) for name in ("y0", "y1")},
    **{name: incomplete(name) for name in ("betainc", "gammainc", "gammaincc")},
    "gamma": gammas(),
    "zeta": zetas(),
}  # fmt: skip
"""A strategy for every operation with a derivative, by name."""

OWN_NUMBERS = (*BESSEL, "y0", "y1", "betainc", "gammainc", "gammaincc", "beta", "rgamma", "special_i0", "special_i1")
"""Operations that are called far from their poles, and not with numbers so large that they or their derivatives overflow."""

WITHOUT_GRADIENT: dict[str, Callable[..., Any]] = {"gammasgn": lambda x: scipy.special.gammasgn(x)}
"""A function of an array for every operation without a derivative, by name."""
