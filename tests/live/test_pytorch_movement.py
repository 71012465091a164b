"""Gradients of operations that copy elements, against PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tracer

torch = pytest.importorskip("torch")

ROWS = np.array([[1, 0, 1, 2], [0, 0, 1, 2]])
MASK = np.array([[True, False, True, False], [False, True, True, False], [True, True, False, False]])

PAIRS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "flip": (lambda x: np.flip(x, 1), lambda x: torch.flip(x, (1,))),
    "fliplr": (np.fliplr, lambda x: torch.fliplr(x)),
    "flipud": (np.flipud, lambda x: torch.flipud(x)),
    "rot90": (lambda x: np.rot90(x, 3), lambda x: torch.rot90(x, 3, (0, 1))),
    "roll": (lambda x: np.roll(x, (1, -2), (0, 1)), lambda x: torch.roll(x, (1, -2), (0, 1))),
    "roll of the flat array": (lambda x: np.roll(x, 2), lambda x: torch.roll(x, 2)),
    "repeat": (lambda x: np.repeat(x, 2, axis=1), lambda x: torch.repeat_interleave(x, 2, dim=1)),
    "repeat by counts": (
        lambda x: np.repeat(x, [0, 1, 3], axis=0),
        lambda x: torch.repeat_interleave(x, torch.tensor([0, 1, 3]), dim=0),
    ),
    "tile": (lambda x: np.tile(x, (2, 1, 2)), lambda x: torch.tile(x, (2, 1, 2))),
    "pad": (lambda x: np.pad(x, ((1, 2), (0, 3))), lambda x: torch.nn.functional.pad(x, (0, 3, 1, 2))),
    "pad by edge": (
        lambda x: np.pad(x, ((1, 2), (1, 3)), mode="edge"),
        lambda x: torch.nn.functional.pad(x[None], (1, 3, 1, 2), mode="replicate")[0],
    ),
    "pad by reflection": (
        lambda x: np.pad(x, ((1, 2), (1, 3)), mode="reflect"),
        lambda x: torch.nn.functional.pad(x[None], (1, 3, 1, 2), mode="reflect")[0],
    ),
    "pad around": (
        lambda x: np.pad(x, ((1, 2), (1, 3)), mode="wrap"),
        lambda x: torch.nn.functional.pad(x[None], (1, 3, 1, 2), mode="circular")[0],
    ),
    "split": (lambda x: np.split(x, [1, 3], axis=1)[1], lambda x: torch.tensor_split(x, (1, 3), dim=1)[1]),
    "array_split": (lambda x: np.array_split(x, 3, axis=1)[0], lambda x: torch.tensor_split(x, 3, dim=1)[0]),
    "unstack": (lambda x: np.unstack(x, axis=1)[2], lambda x: torch.unbind(x, dim=1)[2]),
    "hstack": (lambda x: np.hstack([x, x * x]), lambda x: torch.hstack([x, x * x])),
    "vstack": (lambda x: np.vstack([x, x[0]]), lambda x: torch.vstack([x, x[0]])),
    "dstack": (lambda x: np.dstack([x, x * x]), lambda x: torch.dstack([x, x * x])),
    "column_stack": (lambda x: np.column_stack([x, x[:, 0]]), lambda x: torch.column_stack([x, x[:, 0]])),
    "take": (lambda x: np.take(x, [3, 3, 0]), lambda x: torch.take(x, torch.tensor([3, 3, 0]))),
    "take along an axis": (lambda x: np.take_along_axis(x, ROWS, 0), lambda x: torch.take_along_dim(x, torch.tensor(ROWS), 0)),
    "extract": (lambda x: np.extract(MASK, x), lambda x: torch.masked_select(x, torch.tensor(MASK))),
    "diag": (lambda x: np.diag(x, 1), lambda x: torch.diag(x, 1)),
    "matrix of a diagonal": (lambda x: np.diag(x[0], -1), lambda x: torch.diag(x[0], -1)),
    "diagonal": (lambda x: np.diagonal(x, -1), lambda x: torch.diagonal(x, -1)),
    "diagflat": (np.diagflat, lambda x: torch.diagflat(x)),
    "trace": (np.trace, lambda x: torch.trace(x)),
    "triu": (lambda x: np.triu(x, 1), lambda x: torch.triu(x, 1)),
    "tril": (lambda x: np.tril(x, -1), lambda x: torch.tril(x, -1)),
    "sort": (lambda x: np.sort(x, axis=0), lambda x: torch.sort(x, dim=0)[0]),
    "sort with equal elements": (
        lambda x: np.sort(np.round(x), axis=1) * np.sort(x, axis=1),
        lambda x: torch.sort(torch.round(x), dim=1, stable=True)[0] * torch.sort(x, dim=1)[0],
    ),
    "windows": (
        lambda x: np.lib.stride_tricks.sliding_window_view(x, (2, 3)),
        lambda x: x.unfold(0, 2, 1).unfold(1, 3, 1),
    ),
    "meshgrid": (lambda x: np.meshgrid(x[0], x[1])[1], lambda x: torch.meshgrid(x[0], x[1], indexing="xy")[1]),
    "broadcast_arrays": (lambda x: np.broadcast_arrays(x[0], x)[0], lambda x: torch.broadcast_tensors(x[0], x)[0]),
    "atleast_3d": (np.atleast_3d, lambda x: torch.atleast_3d(x)),
}
"""A function in NumPy and the same in PyTorch, by what is tested."""


@pytest.mark.parametrize("name", sorted(PAIRS))
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_values_and_gradients_are_pytorchs(name: str, dtype: str) -> None:
    function, theirs = PAIRS[name]
    rng = np.random.default_rng(0)
    array = rng.normal(size=(3, 4)).astype(dtype)
    expected = function(array)
    weights = rng.integers(1, 100, np.shape(expected)).astype(dtype)
    step = tracer.trace(lambda x: np.sum(function(x) * weights), array)
    tensor = torch.tensor(array, requires_grad=True)
    result = theirs(tensor)
    torch.sum(result * torch.tensor(weights)).backward()
    np.testing.assert_allclose(expected, result.detach().numpy(), rtol=1e-6 if dtype == "float32" else 1e-14)
    np.testing.assert_allclose(step.gradient("x"), tensor.grad.numpy(), rtol=1e-5 if dtype == "float32" else 1e-12)
