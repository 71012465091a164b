"""Elementwise operations against PyTorch's of the same name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.special

import tracer

torch = pytest.importorskip("torch")

REAL, POSITIVE, INSIDE, ABOVE = (-2.3, 1.9), (0.1, 3.0), (-0.9, 0.9), (1.1, 4.0)

ONE: dict[str, tuple[float, float]] = {
    "tan": (-1.3, 1.3), "arcsin": INSIDE, "arccos": INSIDE, "arctan": REAL, "sinh": REAL, "cosh": REAL, "arcsinh": REAL,
    "arccosh": ABOVE, "arctanh": INSIDE, "log2": POSITIVE, "log10": POSITIVE, "exp2": REAL, "sinc": REAL, "reciprocal": POSITIVE,
    "deg2rad": REAL, "rad2deg": REAL, "nan_to_num": REAL, "real": REAL,
}  # fmt: skip
TWO: dict[str, tuple[tuple[float, float], tuple[float, float]]] = {
    "arctan2": (REAL, POSITIVE), "hypot": (REAL, REAL), "logaddexp": (REAL, REAL), "logaddexp2": (REAL, REAL),
    "fmax": (REAL, POSITIVE), "fmin": (REAL, POSITIVE), "remainder": (REAL, POSITIVE), "fmod": (REAL, POSITIVE),
    "float_power": (POSITIVE, REAL), "copysign": (REAL, POSITIVE),
}  # fmt: skip
SPECIAL: dict[str, tuple[tuple[float, float], ...]] = {
    "expit": (REAL,), "logit": ((0.1, 0.9),), "log_ndtr": (REAL,), "ndtr": (REAL,), "ndtri": ((0.1, 0.9),), "erf": (REAL,),
    "erfc": (REAL,), "erfcx": (REAL,), "erfinv": (INSIDE,), "gammaln": (POSITIVE,), "digamma": (POSITIVE,), "entr": (POSITIVE,),
    "xlogy": (REAL, POSITIVE), "xlog1py": (REAL, POSITIVE),
}  # fmt: skip


def compare(
    ours: Callable[..., Any], theirs: Callable[..., Any], domains: tuple[tuple[float, float], ...], tolerance: float = 1e-11
) -> None:
    rng = np.random.default_rng(0)
    arrays = [rng.uniform(*domain, (3, 4)) for domain in domains]
    weights = rng.uniform(0.5, 1.5, (3, 4))
    step = tracer.trace(lambda *tensors: np.sum(ours(*tensors) * weights), *arrays)
    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
    loss = torch.sum(theirs(*tensors) * torch.tensor(weights))
    loss.backward()
    assert step.loss == pytest.approx(loss.item(), rel=1e-12)
    for position, tensor in enumerate(tensors):
        expected = np.zeros((3, 4)) if tensor.grad is None else tensor.grad.numpy()
        np.testing.assert_allclose(step.gradient(f"argument{position}"), expected, rtol=tolerance, atol=1e-13)


@pytest.mark.parametrize("name", sorted(ONE))
def test_function_of_one_array(name: str) -> None:
    compare(getattr(np, name), getattr(torch, name), (ONE[name],))


@pytest.mark.parametrize("name", sorted(TWO))
def test_function_of_two_arrays(name: str) -> None:
    compare(getattr(np, name), getattr(torch, name), TWO[name])


@pytest.mark.parametrize("name", sorted(SPECIAL))
def test_function_of_scipy(name: str) -> None:
    tolerance = 1e-8 if name == "digamma" else 1e-11  # PyTorch's trigamma has nine digits
    compare(getattr(scipy.special, name), getattr(torch.special, name), SPECIAL[name], tolerance)
