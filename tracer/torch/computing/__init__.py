"""Computes recorded operations of PyTorch again, from their recorded inputs, as untrusted files may have them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import torch

from tracer.graph.record import Literal, Node
from tracer.ops.foreign.names import UNINITIALIZED
from tracer.torch.computing.arrays import DTYPES, NotPlainError, dtype_name, seen_at, tensor_of, value_of
from tracer.torch.computing.calls import call, generator_state, is_of_another_device
from tracer.torch.computing.overloads import overload_named
from tracer.torch.computing.sizes import fits
from tracer.torch.snapshots import array_of, unseen
from tracer.torch.tape import WRITTEN

OTHER_IN_TRAINING = frozenset({"aten.mkldnn_rnn_layer"})
"""Operations that compute in another way if they are to be differentiated."""

WORKSPACES = frozenset({("aten.mkldnn_rnn_layer", 3)})
"""Results that are memory for the backward pass, not all of which is written, as an operation and the position of the result."""


@cache
def fingerprint() -> str:
    """A digest of the bits of products, sums, convolutions and elementary functions, as PyTorch computes them here."""
    digest = hashlib.sha256(torch.__version__.partition("+")[0].encode())
    with unseen():
        for dtype in (torch.float32, torch.float64):
            x = torch.arange(40 * 784, dtype=dtype).sin().reshape(40, 784)
            y = torch.arange(784 * 100, dtype=dtype).cos().reshape(784, 100)
            image = x[:, :768].reshape(40, 3, 16, 16)
            results = [x @ y, x @ y[:, 0], y.T @ x.T, x.sum(), x.sum(0), x.exp(), x.tanh(), x.abs().log(), x.erf()]
            results += [torch.conv2d(image, image[:5, :, :3, :3]), torch.softmax(x, 1), x.std()]
            for each in results:
                digest.update(array_of(each).tobytes())
    return digest.hexdigest()[:16]


def compute(node: Node, nodes: Sequence[Node]) -> np.ndarray | None:
    """The value of a node, from the recorded values of its inputs. None for memory that nothing was written into, and for
    tensors that are not plain arrays.

    Raises LookupError for an operation that may not be called, and what PyTorch raises for inputs that do not fit.
    """
    if "layout" in node.parameters or (node.op, node.parameters.get("output", 0)) in WORKSPACES:
        return None
    if node.op == WRITTEN:
        values = [nodes[of].value for of in node.operands]
        if {dtype_name(nodes[of]) for of in node.operands} != {dtype_name(node)} or any(
            "lazy" in nodes[of].parameters for of in (node.id, *node.operands)
        ):
            return None
        return seen_at(node.parameters["options"]["places"], values)
    schema = overload_named(node.op)
    if schema.short in UNINITIALIZED:
        return None
    try:
        inputs = inputs_of(node, nodes)
    except NotPlainError:
        return None
    if is_of_another_device(node.parameters, inputs):
        return None
    with unseen(), torch.set_grad_enabled(schema.op in OTHER_IN_TRAINING), generator_state(node.parameters, inputs):
        if not fits(schema, node.parameters, inputs, node.size):
            raise ValueError(f"the result is larger than the recorded one, of shape {node.shape}")
        found = _output(node, call(schema, node.parameters, inputs))
        if str(found.dtype).removeprefix("torch.") == dtype_name(node):
            return value_of(found, node)
    # The number may have been one of Python's, and the default dtype may have been another.
    again = [each.item() if isinstance(each, torch.Tensor) and not each.dim() else each for each in inputs_of(node, nodes)]
    before = torch.get_default_dtype()
    try:
        if DTYPES[dtype_name(node)].is_floating_point:
            torch.set_default_dtype(DTYPES[dtype_name(node)])
        with unseen(), generator_state(node.parameters, inputs):
            return value_of(_output(node, call(schema, node.parameters, again)), node)
    finally:
        torch.set_default_dtype(before)


def inputs_of(node: Node, nodes: Sequence[Node]) -> list[Any]:
    """The inputs of a node as new tensors and Python numbers. The same node twice is the same tensor."""
    made: dict[int, torch.Tensor] = {}
    found: list[Any] = []
    for each in node.inputs:
        if isinstance(each, Literal):
            found.append(each.value)
        else:
            if each not in made:
                made[each] = tensor_of(nodes[each])
            found.append(made[each])
    return found


def _output(node: Node, results: Sequence[torch.Tensor]) -> torch.Tensor:
    output = int(node.parameters.get("output", 0))
    if not 0 <= output < len(results):
        raise ValueError(f"it has {len(results)} results, and no result {output}")
    return results[output]
