"""Gradients of linear algebra against PyTorch's, also batched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tracer

torch = pytest.importorskip("torch")


def matrices(*shape: int) -> np.ndarray:
    rng = np.random.default_rng(sum(shape))
    return rng.normal(size=shape) + 2 * np.eye(shape[-2], shape[-1])


def positive(x: Any) -> Any:
    return x @ (np.swapaxes(x, -1, -2) if hasattr(x, "recorder") else x.mT)


SQUARE, TALL, WIDE = matrices(2, 3, 3), matrices(4, 3), matrices(2, 4)

PAIRS: dict[str, tuple[Callable[..., Any], Callable[..., Any], tuple[np.ndarray, ...]]] = {
    "inv": (np.linalg.inv, torch.linalg.inv, (SQUARE,)),
    "det": (np.linalg.det, torch.linalg.det, (SQUARE,)),
    "slogdet": (lambda x: np.linalg.slogdet(x)[1], lambda x: torch.linalg.slogdet(x)[1], (SQUARE,)),
    "solve": (np.linalg.solve, torch.linalg.solve, (SQUARE, matrices(3, 2))),
    "matrix_power": (lambda x: np.linalg.matrix_power(x, -3), lambda x: torch.linalg.matrix_power(x, -3), (SQUARE,)),
    "pinv": (np.linalg.pinv, torch.linalg.pinv, (TALL,)),
    "lstsq": (
        lambda a, b: np.linalg.lstsq(a, b, rcond=None)[0],
        lambda a, b: torch.linalg.lstsq(a, b).solution,
        (TALL, matrices(4, 2)),
    ),
    "cholesky": (lambda x: np.linalg.cholesky(positive(x)), lambda x: torch.linalg.cholesky(positive(x)), (SQUARE,)),
    "cholesky of a symmetric leaf": (np.linalg.cholesky, torch.linalg.cholesky, (TALL.T @ TALL,)),
    "eigvalsh of a symmetric leaf": (np.linalg.eigvalsh, torch.linalg.eigvalsh, (TALL.T @ TALL,)),
    "eigh": (lambda x: np.linalg.eigh(positive(x))[1] ** 2, lambda x: torch.linalg.eigh(positive(x))[1] ** 2, (SQUARE,)),
    "eigvals": (
        lambda x: np.sum(np.abs(np.linalg.eigvals(x)), axis=-1), lambda x: torch.linalg.eigvals(x).abs().sum(-1), (SQUARE,),
    ),
    "svd": (
        lambda x: np.linalg.svd(x, full_matrices=False)[0] ** 2,
        lambda x: torch.linalg.svd(x, full_matrices=False)[0] ** 2,
        (TALL,),
    ),
    "svd of a wide matrix": (
        lambda x: np.linalg.svd(x, full_matrices=False)[2] ** 2,
        lambda x: torch.linalg.svd(x, full_matrices=False)[2] ** 2,
        (WIDE,),
    ),
    "svdvals": (np.linalg.svdvals, torch.linalg.svdvals, (WIDE,)),
    "qr": (lambda x: np.linalg.qr(x)[0] ** 2, lambda x: torch.linalg.qr(x)[0] ** 2, (TALL,)),
    "R of qr": (lambda x: np.linalg.qr(x)[1] ** 2, lambda x: torch.linalg.qr(x)[1] ** 2, (WIDE,)),
    **{
        f"vector norm {order}": (
            lambda x, order=order: np.linalg.norm(x, order, axis=-1),
            lambda x, order=order: torch.linalg.vector_norm(x, 2 if order is None else order, dim=-1),
            (SQUARE,),
        )
        for order in (None, 1, 3, 0.5, np.inf, -np.inf)
    },
    **{
        f"matrix norm {order}": (
            lambda x, order=order: np.linalg.matrix_norm(x, ord=order),
            lambda x, order=order: torch.linalg.matrix_norm(x, order),
            (TALL,),
        )
        for order in ("fro", "nuc", 2, -2, 1, -1, np.inf, -np.inf)
    },
    "norm of zeros": (np.linalg.norm, torch.linalg.norm, (np.zeros(3),)),
    "cond": (np.linalg.cond, torch.linalg.cond, (SQUARE,)),
    "kron": (np.kron, torch.kron, (TALL, WIDE)),
    "cross": (np.linalg.cross, torch.linalg.cross, (matrices(2, 3), matrices(2, 3) + 1)),
    "tensordot": (lambda x, y: np.tensordot(x, y, 1), lambda x, y: torch.tensordot(x, y, 1), (SQUARE, matrices(3, 2))),
    "inner": (np.inner, torch.inner, (SQUARE, matrices(4, 3))),
    "vecdot": (np.vecdot, torch.linalg.vecdot, (SQUARE, SQUARE + 1)),
    "multi_dot": (
        lambda x, y, z: np.linalg.multi_dot([x, y, z]), lambda x, y, z: torch.linalg.multi_dot([x, y, z]), (TALL, TALL.T, TALL),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(PAIRS))
def test_gradient_is_pytorchs(name: str) -> None:
    ours, theirs, arrays = PAIRS[name]
    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
    weights = np.random.default_rng(0).normal(size=tuple(theirs(*tensors).shape))
    torch.sum(theirs(*tensors) * torch.tensor(weights)).backward()
    step = tracer.trace(lambda *given: np.sum(ours(*given) * weights), *arrays)
    for parameter, tensor in zip(step.parameters, tensors, strict=True):
        expected = tensor.grad.numpy()
        found = step.gradient(parameter.name)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-10 * max(1, np.abs(expected).max()))
