"""Complex numbers and Fourier transforms against PyTorch: values and gradients of real parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tracer

torch = pytest.importorskip("torch")

X = np.random.default_rng(0).normal(size=(3, 4))
Y = np.random.default_rng(1).normal(size=(3, 4))
WEIGHTS = np.random.default_rng(2).normal(size=24)

TRANSFORMS = (
    "fft",
    "ifft",
    "rfft",
    "irfft",
    "hfft",
    "ihfft",
    "fft2",
    "ifft2",
    "rfft2",
    "irfft2",
    "fftn",
    "ifftn",
    "rfftn",
    "irfftn",
)
REAL_ONLY = ("rfft", "rfft2", "rfftn", "ihfft")


def assert_alike(function: Callable[[Any, Any, Any], Any]) -> None:
    """The function of the namespace, x and y has the same value and gradients here and in PyTorch."""

    def loss(xp: Any, x: Any, y: Any) -> Any:
        out = xp.reshape(function(xp, x, y), (-1,))
        weights = WEIGHTS[: out.shape[0]] if xp is np else torch.tensor(WEIGHTS[: out.shape[0]])
        imaginary = xp.imag(out) if out.dtype in (np.complex128, torch.complex128) else 0 * xp.real(out)
        return xp.sum(xp.real(out) * weights) + xp.sum(imaginary * weights * weights)

    step = tracer.trace(lambda x, y: loss(np, x, y), X, Y)
    x, y = (torch.tensor(each, requires_grad=True) for each in (X, Y))
    expected = loss(torch, x, y)
    expected.backward()
    assert step.loss == pytest.approx(expected.item(), rel=1e-12)
    for name, each in (("x", x), ("y", y)):
        np.testing.assert_allclose(step.gradient(name), each.grad.numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("function", [
    lambda xp, x, y: xp.abs(x + 1j * y),
    lambda xp, x, y: xp.angle(x + 1j * y) * x,
    lambda xp, x, y: xp.conj(x + 1j * y) * (x - 2j * y),
    lambda xp, x, y: xp.exp(x + 1j * y) / (y + 2j),
    lambda xp, x, y: xp.sqrt(x + 1j * y) + xp.log(y + 1j * x) * xp.tanh(x + 1j * y),
    lambda xp, x, y: (x + 1j * y) ** 3 + (x + 1j * y) ** (0.5 + 1j) + (1 + y * y) ** (1j * x) + (x + 2j) ** y,
    lambda xp, x, y: (x + 1j * y) @ (y + 1j * x).T,
    lambda xp, x, y: xp.einsum("ij,ik->jk", x + 1j * y, y * 1j),
    lambda xp, x, y: xp.sin(x * y * 1j) * xp.cos(x + 1j * y) + xp.square(x + 1j * y),
    lambda xp, x, y: xp.where(x > 0, x + 1j * y, y * 1j),
    lambda xp, x, y: xp.prod(x + 1j * y, 1) + xp.mean(x + 1j * y, 1),
    lambda xp, x, y: xp.abs(xp.sum(xp.exp(1j * x), 1)) ** 2 + xp.sum(y),
])  # fmt: skip
def test_functions(function: Callable[[Any, Any, Any], Any]) -> None:
    assert_alike(function)


@pytest.mark.parametrize("norm", ["backward", "ortho", "forward"])
@pytest.mark.parametrize("name", TRANSFORMS)
def test_transforms(name: str, norm: str) -> None:
    options: list[dict[str, Any]] = (
        [{}, {"n": 5}, {"n": 2}] if not name.endswith(("2", "n")) else [{}, {"s": (2, 5)}, {"s": (4, 3)}]
    )
    for given in options:
        own = {**given, "axes": (0, 1)} if "s" in given else given
        assert_alike(
            lambda xp, x, y, own=own, given=given: getattr(xp.fft, name)(
                x * y if name in REAL_ONLY else x + 1j * y * x, **(own if xp is np else {**given, **_dims(own)}), norm=norm
            )
        )


def _dims(options: dict[str, Any]) -> dict[str, Any]:
    return {"dim": options["axes"]} if "axes" in options else {}
