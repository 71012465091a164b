"""The backward pass: reverse-mode differentiation, made of recorded operations.

Every derivative rule runs on Tensors, so `dL/dW1 = x.T @ dL/dh1`, the sum that undoes a broadcast and the addition where
a value is used twice are nodes like any other, and can be differentiated again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from tracer.errors import RecordingError
from tracer.graph import Literal
from tracer.op import Array, Op
from tracer.tensor import Recording, Tensor


def gradients(output: Tensor, wanted: Iterable[Tensor]) -> dict[int, Tensor]:
    """Record the gradients of a scalar with respect to some Tensors before it, and to all that lie between.

    Returns them by the id of the node; a wanted Tensor that the output does not depend on, or that holds no floating
    numbers, is missing. Works through the record in order and in reverse, without recursion.
    """
    recorder = output.recorder
    reached = _between({tensor.id for tensor in wanted}, output, recorder)
    if not reached[output.id]:
        return {}
    found: dict[int, Tensor] = {}
    pending: dict[int, Tensor] = {output.id: recorder.seed_gradient(output)}
    for id in range(output.id, -1, -1):
        if id not in pending:
            continue
        g = found[id] = pending.pop(id)
        op, operands, parameters, *_ = recorder.entries[id]
        if isinstance(op, str):
            continue
        out = recorder.tensor(id)
        inputs = [x.value if isinstance(x, Literal) else recorder.tensor(x) for x in operands]
        for position, operand in enumerate(operands):
            if isinstance(operand, Literal) or not reached[operand] or not op.differentiable(position):
                continue
            with recorder.deriving(operand, id):
                returned = op.gradient(position, g, out, inputs, parameters)
                contribution = gradient_from(returned, op, position, recorder.tensor(operand))
            recorder.contributed(contribution, operand, id)
            if operand in pending:
                with recorder.deriving(operand, None):
                    contribution = pending[operand] + contribution
            pending[operand] = contribution
    return found


def _between(wanted: set[int], output: Tensor, recorder: Recording) -> bytearray:
    """A flag for every node up to the output: whether a gradient flows from the output through it to a wanted one."""
    depends = bytearray(output.id + 1)
    for id in range(min(wanted, default=0), output.id + 1):
        op, operands, _, value, *_ = recorder.entries[id]
        if not np.issubdtype(np.result_type(value), np.floating):
            continue
        if id in wanted or (not isinstance(op, str) and _receives(op, operands, depends)):
            depends[id] = 1
    return depends


def _receives(op: type[Op], operands: tuple[int | Literal, ...], depends: bytearray) -> bool:
    return any(
        not isinstance(operand, Literal) and depends[operand] and op.differentiable(position)
        for position, operand in enumerate(operands)
    )


def gradient_from(returned: Any, op: type[Op], position: int, value: Tensor) -> Tensor:
    """What the rule of the input at that position returned, in the shape and dtype of that input, whose value is given.

    Raises RecordingError where it is no gradient of its input.
    """
    if not isinstance(returned, Tensor):
        raise RecordingError(
            f"the derivative rule of {op.name} for its input {op.input_name(position)} returned {type(returned).__name__}, which"
            " was not computed from the cotangent g: for a gradient of zeros write g * 0"
        )
    if not _stretches_to(value.shape, returned.shape):
        raise RecordingError(
            f"the derivative rule of {op.name} for its input {op.input_name(position)} returned shape {returned.shape} for an"
            f" input of shape {value.shape}"
        )
    return _like(returned, value)


def _stretches_to(shape: tuple[int, ...], larger: tuple[int, ...]) -> bool:
    """Whether broadcasting brings an array of the one shape to the other."""
    matching = zip(shape[::-1], larger[::-1], strict=False)
    return len(shape) <= len(larger) and all(size in (1, wanted) for size, wanted in matching)


def _like(gradient: Array, value: Tensor) -> Tensor:
    """The gradient in the shape and dtype of the value: summed over the axes that broadcasting stretched or added."""
    if gradient.shape != value.shape:
        added = gradient.ndim - value.ndim
        stretched = tuple(
            axis
            for axis in range(gradient.ndim)
            if axis < added or (value.shape[axis - added] == 1 and gradient.shape[axis] != 1)
        )
        # Only stretched axes are kept by the sum, only added ones are dropped; where both occur, reshape drops the added.
        gradient = np.sum(gradient, axis=stretched, keepdims=max(stretched) >= added)
        if gradient.shape != value.shape:
            gradient = np.reshape(gradient, value.shape)
    like: Tensor = gradient if gradient.dtype == value.dtype else gradient.astype(value.dtype)
    return like
