"""Random programs that write in place against PyTorch: values and gradients."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import tracer
from support.profile import PROGRAMS
from support.writing_programs import namespace, writing_programs
from tracer.testing import Program

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore")

NUMPY_NAMES = SimpleNamespace(
    sum=torch.sum, tanh=torch.tanh, concatenate=torch.cat, swapaxes=torch.swapaxes, squeeze=torch.squeeze,
    moveaxis=torch.moveaxis, expand_dims=torch.unsqueeze,
)  # fmt: skip
TENSORS = namespace(np, lambda x: x.copy(), lambda shape, like: np.zeros(shape, like=like), np.zeros)
PYTORCH = namespace(NUMPY_NAMES, lambda x: x.clone(), lambda shape, like: torch.zeros(shape, dtype=like.dtype), None)


def in_pytorch(source: str) -> str:
    """The source with what PyTorch writes differently."""
    text = source.replace(".copy()", ".clone()")
    return re.sub(r"(\w+)\.T\b", r"\1.permute(*reversed(range(\1.ndim)))", text)  # .T is for matrices only


@given(program=writing_programs(functions=False))
@settings(max_examples=PROGRAMS)
def test_random_programs(program: Program) -> None:
    step = tracer.trace(program.function(TENSORS), *program.arguments)
    tensors = [torch.tensor(array, requires_grad=True) for array in program.arguments]
    loss: Any = Program(in_pytorch(program.source), program.arguments).function(PYTORCH)(*tensors)
    loss.backward()
    np.testing.assert_allclose(step.loss, loss.item(), rtol=1e-10, atol=1e-10)
    for name, tensor in zip("xy", tensors, strict=False):
        expected = np.zeros(tensor.shape) if tensor.grad is None else tensor.grad.numpy()
        np.testing.assert_allclose(step.gradient(name), expected, rtol=1e-9, atol=1e-11)
