"""Random programs against PyTorch: the same source, run with PyTorch's functions under NumPy's names."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import tracer
from support.profile import PROGRAMS
from tracer.testing import Program, programs

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore")


def _axes(x: Any, axis: Any) -> tuple[int, ...]:
    return tuple(range(x.ndim)) if axis is None else (axis,) if isinstance(axis, int) else axis


def _over(function: Any) -> Any:
    """A PyTorch reduction with NumPy's arguments; a scalar has no axes to reduce."""

    def reduced(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return function(x, dim=_axes(x, axis), keepdim=keepdims) if x.ndim else x

    return reduced


def _prod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    for one in sorted((one % x.ndim for one in _axes(x, axis)), reverse=True) if x.ndim else ():
        x = torch.prod(x, dim=one, keepdim=keepdims)
    return x


def _var(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return torch.var(x, dim=_axes(x, axis), correction=0, keepdim=keepdims) if x.ndim else x * 0


def _dot(a: Any, b: Any) -> Any:
    if not a.ndim or not b.ndim:
        return a * b
    return a @ b if b.ndim < 3 else torch.tensordot(a, b, dims=([-1], [-2]))


def _clip(x: Any, low: float, high: float | None) -> Any:
    return torch.relu(x) if high is None else torch.clamp(x, low, high)


NUMPY_NAMES = SimpleNamespace(
    **{name: getattr(torch, name) for name in ("tanh", "sin", "cos", "exp", "expm1", "log", "log1p", "sqrt", "square", "abs",
                                               "stack", "einsum", "squeeze", "ravel", "broadcast_to", "where", "swapaxes",
                                               "moveaxis")},
    sum=_over(torch.sum), mean=_over(torch.mean), max=_over(torch.amax), min=_over(torch.amin), prod=_prod, var=_var,
    dot=_dot, clip=_clip, concatenate=torch.cat, expand_dims=torch.unsqueeze, shape=lambda x: tuple(x.shape),
    maximum=lambda a, b: torch.maximum(a, torch.as_tensor(b, dtype=a.dtype)),
    minimum=lambda a, b: torch.minimum(a, torch.as_tensor(b, dtype=a.dtype)),
    outer=lambda a, b: torch.outer(a.reshape(-1), b.reshape(-1)),
    backwards=lambda a: torch.flip(a, dims=(0,)),
)  # fmt: skip


@given(program=programs(ties=False))
@settings(max_examples=PROGRAMS)
def test_random_programs(program: Program) -> None:
    step = tracer.trace(program.function(), *program.arguments)
    text = re.sub(r"(\w+)\[::-1\]", r"np.backwards(\1)", program.source)  # PyTorch has no negative strides
    tensors = [torch.tensor(array, requires_grad=True) for array in program.arguments]
    loss = Program(text, program.arguments).function({"np": NUMPY_NAMES})(*tensors)
    loss.backward()
    np.testing.assert_allclose(step.loss, loss.item(), rtol=1e-10, atol=1e-10)
    for name, tensor in zip("xyz", tensors):
        expected = np.zeros(tensor.shape) if tensor.grad is None else tensor.grad.numpy()
        scale = max(1.0, float(np.max(np.abs(expected), initial=0.0)))
        np.testing.assert_allclose(step.gradient(name), expected, rtol=1e-9, atol=1e-11 * scale)
