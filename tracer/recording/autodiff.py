"""The backward pass: reverse-mode differentiation, recorded as operations.

Derivative rules run on Tensors. So `dL/dW1 = x.T @ dL/dh1`, the sum that undoes a broadcast and the accumulation for a value
used twice are ordinary nodes, and can be differentiated again.

The gradient with respect to a complex z = a + ib is dL/da - i dL/db, as in JAX: then L changes by Re(gradient * dz), and the
chain rule of analytic functions holds without conjugates.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from tracer.errors import MissingRuleError, RecordingError
from tracer.graph.record import Source
from tracer.ops.base import Array, Op
from tracer.ops.numpy_call import numpy_function
from tracer.recording.protocols.advice import no_rule
from tracer.recording.tape import Entry
from tracer.recording.tensor import Tensor


def gradients(output: Tensor, wanted: Iterable[Tensor]) -> dict[int, Tensor]:
    """Record the gradients of a scalar with respect to the wanted Tensors and everything between.

    Returns them by node id. A wanted Tensor is missing if the output does not depend on it, or if it is not floating-point.
    One pass over the tape forward and one in reverse, without recursion.
    """
    recorder = output.recorder
    output = recorder.tensor(output.id)  # its newest version, if it was written in place
    entries = recorder.entries
    reached = _between({tensor._id for tensor in wanted}, output, entries)
    if not reached[output._id]:
        return {}
    found: dict[int, Tensor] = {}
    pending: dict[int, Tensor] = {output._id: recorder.seed_gradient(output)}
    with recorder.deriving(output._id):
        for id in range(output._id, -1, -1):
            g = pending.pop(id, None)
            if g is None:
                continue
            found[id] = g
            op, operands, parameters, value, _, _ = entries[id]
            if isinstance(op, str):
                continue
            out = Tensor(value, recorder, id)
            inputs = [recorder.tensor(x) if type(x) is int else x.value for x in operands]  # type: ignore[union-attr]
            for position, operand in enumerate(operands):
                if type(operand) is not int or not reached[operand] or not op.differentiable(position):
                    continue
                recorder.derive(operand, id)
                try:
                    returned = op.gradient(position, g, out, inputs, parameters)
                except MissingRuleError as error:
                    raise RecordingError(_without_rule(str(error), recorder.place_of(id))) from None
                except np.linalg.LinAlgError as error:  # the value may exist where the gradient does not
                    place = recorder.place_of(id)
                    error.add_note(f"in the gradient of {op.name}" + (f" at {place}: {place.text}" if place else ""))
                    raise
                contribution = gradient_from(returned, op, position, recorder.tensor(operand))
                recorder.contributed(contribution, operand, id)
                if operand in pending:
                    recorder.derive(operand)
                    contribution = pending[operand] + contribution
                pending[operand] = contribution
    return found


def _without_rule(function: str, place: Source | None) -> str:
    called = f"; the gradient has to pass through its call at {place}: {place.text}" if place is not None else ""
    return no_rule(numpy_function(function)) + called


def _between(wanted: set[int], output: Tensor, entries: Sequence[Entry]) -> bytearray:
    """A flag per node up to the output: whether it is, or depends on, a wanted one along differentiable inputs."""
    depends = bytearray(output._id + 1)
    for id in range(min(wanted, default=0), output._id + 1):
        op, operands, _, value, _, _ = entries[id]
        if not (value.dtype.kind in "fc" if type(value) is np.ndarray else isinstance(value, (float, complex))):
            continue
        if id in wanted:
            depends[id] = 1
        elif not isinstance(op, str):
            for position, operand in enumerate(operands):
                if type(operand) is int and depends[operand] and op.differentiable(position):
                    depends[id] = 1
                    break
    return depends


def gradient_from(returned: Any, op: type[Op], position: int, value: Tensor) -> Tensor:
    """What the rule of an input returned, summed and cast to the shape and dtype of that input, whose value is given.

    Raises RecordingError if it cannot be a gradient of the input.
    """
    if type(returned) is Tensor:
        given, wanted = returned.value, value.value
        if type(given) is type(wanted) is np.ndarray and given.shape == wanted.shape and given.dtype == wanted.dtype:
            return returned
    else:
        raise RecordingError(
            f"the derivative rule of {op.name} for its input {op.input_name(position)} returned {type(returned).__name__}, which"
            " was not computed from the cotangent g: for a gradient of zeros write g * 0"
        )
    if not _broadcasts_to(value.shape, returned.shape):
        raise RecordingError(
            f"the derivative rule of {op.name} for its input {op.input_name(position)} returned shape {returned.shape} for an"
            f" input of shape {value.shape}"
        )
    return _like(returned, value)


def _broadcasts_to(shape: tuple[int, ...], larger: tuple[int, ...]) -> bool:
    """Whether an array of the first shape broadcasts to the second."""
    matching = zip(shape[::-1], larger[::-1], strict=False)
    return len(shape) <= len(larger) and all(size in (1, wanted) for size, wanted in matching)


def _like(gradient: Array, value: Tensor) -> Tensor:
    """The gradient in the shape and dtype of the value: the real part for a real one, summed over broadcast axes."""
    if gradient.dtype.kind == "c" and value.dtype.kind != "c":
        gradient = np.real(gradient)
    if gradient.shape != value.shape:
        added = gradient.ndim - value.ndim
        stretched = tuple(
            axis
            for axis in range(gradient.ndim)
            if axis < added or (value.shape[axis - added] == 1 and gradient.shape[axis] != 1)
        )
        # keepdims is right for stretched axes only, dropping for added ones only; with both, reshape drops the added axes.
        gradient = np.sum(gradient, axis=stretched, keepdims=max(stretched) >= added)
        if gradient.shape != value.shape:
            gradient = np.reshape(gradient, value.shape)
    like: Tensor = gradient if gradient.dtype == value.dtype else gradient.astype(value.dtype)
    return like
