"""Strategies for calls of functions of `scipy.special`."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special
from hypothesis import strategies as st

from support.cases.elementwise import elementwise
from support.drawing import Case, seeds, separated, shapes
from tracer.ops.domain import POSITIVE


@st.composite
def zetas(draw: Any) -> Case:
    """The first argument has no gradient: it is a number."""
    order = draw(st.sampled_from([2, 3.0, 4.5]))
    return Case(lambda q: scipy.special.zeta(order, q), (separated(draw(shapes), draw(seeds), POSITIVE),), f"zeta({order}, q)")


@st.composite
def gammas(draw: Any) -> Case:
    """Up to 4, above which their second derivatives are too large for finite differences."""
    return Case(scipy.special.gamma, (np.minimum(separated(draw(shapes), draw(seeds), POSITIVE), 4.0),), "gamma")


CASES: dict[str, st.SearchStrategy[Case]] = {
    **{
        name: elementwise(name)
        for name in (
            "betaln", "digamma", "entr", "erf", "erfc", "erfcx", "erfinv", "expit", "gammaln", "log_expit", "log_ndtr", "logit",
            "ndtr", "ndtri", "rel_entr", "special_expm1", "special_log1p", "xlog1py", "xlogy",
        )
    },
    "gamma": gammas(),
    "zeta": zetas(),
}  # fmt: skip
"""A strategy for every operation with a derivative, by name."""
