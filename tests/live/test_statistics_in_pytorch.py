"""Values and gradients of statistics against PyTorch's, where it has the function with the same convention.

Not compared: `torch.median` and `nanmedian` of an even number of elements, which take the lower of the two in the middle, and
gradients at ties, which have no convention in common.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tracer

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.numbers

RNG = np.random.default_rng(3)
X = RNG.normal(size=(3, 5))
"""An odd number of elements in all, and in each row."""

GAPS = np.where(RNG.random((3, 5)) < 0.3, np.nan, X)
WITH_ZERO = X.copy()
WITH_ZERO[1, 2] = 0

METHODS = ("linear", "lower", "higher", "midpoint", "nearest")

PAIRS: dict[str, tuple[Callable[..., Any], Callable[..., Any], np.ndarray]] = {
    **{
        f"{name}, axis {axis}, ddof {ddof}": (
            lambda x, name=name, axis=axis, ddof=ddof: getattr(np, name)(x, axis=axis, ddof=ddof),
            lambda x, name=name, axis=axis, ddof=ddof: getattr(torch, name)(x, dim=axis, correction=ddof),
            X,
        )
        for name in ("std", "var")
        for axis in (None, 0, (0, 1))
        for ddof in (0, 1, 0.5)
    },
    "var, keepdims": (lambda x: np.var(x, axis=1, keepdims=True), lambda x: torch.var(x, 1, correction=0, keepdim=True), X),
    "std of one element": (lambda x: np.std(x[:, :1], axis=1), lambda x: torch.std(x[:, :1], 1, correction=0), X),
    "median of an odd number": (np.median, torch.median, X),
    "median of rows": (lambda x: np.median(x, axis=1), lambda x: torch.median(x, 1).values, X),
    "nanmedian": (lambda x: np.nanmedian(x, axis=1), lambda x: torch.nanquantile(x, 0.5, 1), GAPS),
    **{
        f"quantile {q}, {method}": (
            lambda x, q=q, method=method: np.quantile(x, q, axis=1, method=method),
            lambda x, q=q, method=method: torch.quantile(x, torch.tensor(q, dtype=x.dtype), 1, interpolation=method),
            X,
        )
        for q in (0.3, [0.1, 0.5, 1.0])
        for method in METHODS
    },
    "percentile": (lambda x: np.percentile(x, 30), lambda x: torch.quantile(x, 0.3), X),
    **{
        f"nanquantile, {method}": (
            lambda x, method=method: np.nanquantile(x, 0.3, axis=0, method=method),
            lambda x, method=method: torch.nanquantile(x, 0.3, 0, interpolation=method),
            GAPS,
        )
        for method in METHODS
    },
    "cumsum": (lambda x: np.cumsum(x, axis=1), lambda x: torch.cumsum(x, 1), X),
    "cumsum of all": (np.cumsum, lambda x: torch.cumsum(x.ravel(), 0), X),
    "cumprod": (lambda x: np.cumprod(x, axis=0), lambda x: torch.cumprod(x, 0), X),
    "cumprod with a zero": (lambda x: np.cumprod(x, axis=1), lambda x: torch.cumprod(x, 1), WITH_ZERO),
    "prod with a zero": (lambda x: np.prod(x, axis=1), lambda x: torch.prod(x, 1), WITH_ZERO),
    "nansum": (lambda x: np.nansum(x, axis=1), lambda x: torch.nansum(x, 1), GAPS),
    "nanmean": (lambda x: np.nanmean(x, axis=1), lambda x: torch.nanmean(x, 1), GAPS),
    "nanmean of all": (np.nanmean, torch.nanmean, GAPS),
    "nanvar": (
        lambda x: np.nanvar(x, axis=1, ddof=1),
        lambda x: torch.stack([row[~row.isnan()].var(correction=1) for row in x]),
        GAPS,
    ),
    "nanstd": (np.nanstd, lambda x: x[~x.isnan()].std(correction=0), GAPS),
    "nanmax": (np.nanmax, lambda x: x[~x.isnan()].max(), GAPS),
    "nanmin": (lambda x: np.nanmin(x, axis=0), lambda x: torch.where(x.isnan(), torch.inf, x).amin(0), GAPS),
    "ptp": (lambda x: np.ptp(x, axis=1), lambda x: x.amax(1) - x.amin(1), X),
    "diff": (lambda x: np.diff(x, n=2, axis=1), lambda x: torch.diff(x, n=2, dim=1), X),
    "cov": (np.cov, torch.cov, X),
    "corrcoef": (np.corrcoef, torch.corrcoef, X),
    "trapezoid": (lambda x: np.trapezoid(x, dx=0.5, axis=1), lambda x: torch.trapezoid(x, dx=0.5, dim=1), X),
    "gradient": (lambda x: np.gradient(x, 0.5, axis=1), lambda x: torch.gradient(x, spacing=0.5, dim=1)[0], X),
    "sort": (lambda x: np.sort(x, axis=0), lambda x: torch.sort(x, 0).values, X),
}


@pytest.mark.parametrize("name", PAIRS)
def test_value_and_gradient_are_those_of_pytorch(name: str) -> None:
    function, theirs, x = PAIRS[name]
    given = torch.tensor(x, requires_grad=True)
    expected = theirs(given)
    weights = np.random.default_rng(5).normal(size=tuple(expected.shape))
    torch.sum(expected * torch.tensor(weights)).backward()
    seen = []

    def program(x: Any) -> Any:
        seen.append(function(x))
        return np.sum(seen[0] * weights)

    step = tracer.trace(program, x)
    np.testing.assert_allclose(seen[0].value, expected.detach().numpy(), rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(step.gradient("x"), given.grad.numpy(), rtol=1e-12, atol=1e-13)
