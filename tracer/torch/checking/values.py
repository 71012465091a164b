"""The values of a recorded step in float64: every deterministic operation computed again, from the leaves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from tracer.graph.record import Literal, Node, Phase, Step
from tracer.ops.foreign.names import UNINITIALIZED
from tracer.torch.computing import WORKSPACES
from tracer.torch.computing.arrays import NotPlainError, tensor_of
from tracer.torch.computing.calls import call
from tracer.torch.computing.overloads import overload_named
from tracer.torch.snapshots import unseen
from tracer.torch.tape import WRITTEN

BITS = frozenset({"aten.view.dtype"})
"""Operations on the bits of numbers, which are others in float64."""

RESHAPING = frozenset({"aten.view", "aten._unsafe_view"})

LSTM_LAYER, LSTM_MODE = "aten.mkldnn_rnn_layer", 2

Inputs = Sequence[Any]
"""Tensors, and Python numbers where the record has those."""


@contextmanager
def exactly() -> Iterator[None]:
    """What is computed inside is in float64, and seen by nobody."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with unseen():
            yield
    finally:
        torch.set_default_dtype(before)


def widened(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor in double precision, if it is of numbers that have a derivative."""
    if tensor.is_floating_point():
        return tensor.to(torch.float64)
    return tensor.to(torch.complex128) if tensor.is_complex() else tensor


def apply(node: Node, inputs: Inputs) -> torch.Tensor:
    """The value of a node for other inputs, differentiable by PyTorch. What it writes into is copied first.

    Raises LookupError for an operation that may not be called, and what PyTorch raises.
    """
    if node.op == WRITTEN:
        return _seen_at(node.parameters["options"]["places"], inputs)
    if node.op in RESHAPING:
        return torch.as_tensor(inputs[0].reshape(node.shape))  # in float64 the strides may be others
    if node.op == LSTM_LAYER:
        return _lstm_layer(inputs)[int(node.parameters.get("output", 0))]
    schema = overload_named(node.op)
    if schema.written or schema.undeclared:
        inputs = [each.clone() if isinstance(each, torch.Tensor) else each for each in inputs]
    return call(schema, node.parameters, inputs, wide=True)[int(node.parameters.get("output", 0))]


def _lstm_layer(inputs: Inputs) -> tuple[torch.Tensor, ...]:
    """A layer of an LSTM in one direction. PyTorch's operation for it takes float32 only."""
    sequence, *weights, state, memory, is_reversed, mode, _, _, has_biases = inputs[:12]
    if mode != LSTM_MODE:
        raise LookupError("only an LSTM is computed so")
    sequence = sequence.flip(0) if is_reversed else sequence
    weights = weights if has_biases else weights[:2]
    found, *ends = torch.lstm(sequence, (state[None], memory[None]), weights, bool(has_biases), 1, 0.0, False, False, False)
    return (found.flip(0) if is_reversed else found), *(each.reshape(state.shape) for each in ends)


def _seen_at(places: Sequence[Any], values: Sequence[torch.Tensor]) -> torch.Tensor:
    """What a view shows after values were written at places: shape, strides and offset; the last place is that of the view."""
    at = [_addresses(*place) for place in places]
    known = np.unique(np.concatenate([each.ravel() for each in at]))
    memory = torch.zeros(known.size, dtype=values[0].dtype)
    for where, value in zip(at, values, strict=False):
        found, first = np.unique(np.searchsorted(known, where.ravel()), return_index=True)
        memory = memory.index_put((torch.from_numpy(found),), value.reshape(-1)[torch.from_numpy(first)])
    return memory[torch.from_numpy(np.searchsorted(known, at[-1].ravel()))].reshape(tuple(places[-1][0]))


def _addresses(shape: Sequence[int], strides: Sequence[int], offset: int) -> np.ndarray:
    found = np.full((), offset, np.int64)
    for size, stride in zip(shape, strides, strict=True):
        found = found[..., None] + np.arange(size, dtype=np.int64) * stride
    return found


class Values:
    """The values of the nodes of a step in float64, without those of the update.

    `opaque` are computed nodes whose value is the recorded one, with the reason: random numbers, operations that do not take
    float64; `drawn` are the random ones. `rounded` has the precision of what depends on such a value.
    """

    def __init__(self, step: Step) -> None:
        self._step = step
        self._values: dict[int, torch.Tensor] = {}
        self.opaque: dict[int, str] = {}
        self.drawn: set[int] = set()
        self.rounded: dict[int, float] = {}
        used_forward = {of for node in step.nodes if node.phase in (Phase.FORWARD, Phase.LOSS) for of in node.operands}
        for node in step.nodes:
            if node.phase is Phase.UPDATE:
                break
            self._values[node.id] = self._computed(node)
            found = [self.rounded[of] for of in node.operands if of in self.rounded]
            if node.id in self.opaque or (node.is_leaf and node.op != "parameter" and node.id not in used_forward):
                found.append(_precision(node))
            if max(found, default=0.0):
                self.rounded[node.id] = max(found)

    def __getitem__(self, id: int) -> torch.Tensor:
        return self._values[id]

    def inputs_of(self, node: Node, instead: Mapping[int, torch.Tensor] | None = None) -> list[Any]:
        """The inputs of a node, some of them at positions replaced by other tensors."""
        found = [each.value if isinstance(each, Literal) else self._values[each] for each in node.inputs]
        for position, tensor in (instead or {}).items():
            found[position] = tensor
        return found

    def _computed(self, node: Node) -> torch.Tensor:
        try:
            recorded = widened(tensor_of(node))
        except NotPlainError:  # its numbers are on record
            self.opaque[node.id] = node.op
            return widened(torch.from_numpy(np.array(node.value)))
        if node.is_leaf:
            return recorded
        is_drawn = "generator" in node.parameters and not self._is_the_same_always(node)
        if is_drawn:
            self.drawn.add(node.id)
        if is_drawn or (node.op, node.parameters.get("output", 0)) in WORKSPACES or node.op in BITS:
            self.opaque[node.id] = node.op
            return recorded
        if node.op != WRITTEN and node.op.partition(".")[2].partition(".")[0] in UNINITIALIZED:
            return recorded
        try:
            found = apply(node, self.inputs_of(node)).detach()
        except Exception:  # not every operation takes float64, and a file may hold anything
            found = None
        if (
            found is None
            or found.shape != recorded.shape
            or found.dtype != recorded.dtype
            or self._is_other(node, found, recorded)
        ):
            self.opaque[node.id] = node.op
            return recorded
        return found

    def _is_the_same_always(self, node: Node) -> bool:
        """Whether an operation that may draw random numbers does not: dropout of no elements."""
        found = []
        with torch.random.fork_rng(devices=[]):
            for seed in (1, 2):
                torch.manual_seed(seed)
                try:
                    found.append(apply(node, self.inputs_of(node)))
                except Exception:  # it is not computed in float64
                    return False
        return bool(torch.equal(*found))

    def _is_other(self, node: Node, found: torch.Tensor, recorded: torch.Tensor) -> bool:
        """Whether a value is not the recorded one but for rounding: not even of the recorded inputs."""
        if not found.is_floating_point() and not found.is_complex():
            return False  # of numbers that are nearly equal another one may be the largest
        if _is_near(found, recorded, [recorded], node):
            return False
        inputs = [each.value if isinstance(each, Literal) else widened(tensor_of(self._step.nodes[each])) for each in node.inputs]
        sizes = [each.clone() for each in inputs if isinstance(each, torch.Tensor)]
        return not _is_near(apply(node, inputs), recorded, [recorded, *sizes], node)


def _is_near(found: torch.Tensor, recorded: torch.Tensor, sizes: Sequence[torch.Tensor], node: Node) -> bool:
    """Whether a value is the recorded one but for rounding, on the scale of some tensors."""
    difference = (found - recorded).abs()[torch.isfinite(found) & torch.isfinite(recorded)]
    return not difference.numel() or float(difference.max()) <= min(1e4 * _precision(node), 0.5) * max(map(_largest, sizes))


def _largest(tensor: torch.Tensor) -> float:
    """The largest magnitude of the finite numbers of a tensor."""
    if not tensor.numel() or not (tensor.is_floating_point() or tensor.is_complex()):
        return 0.0
    return float(torch.nan_to_num(tensor, nan=0.0, posinf=0.0, neginf=0.0).abs().max())


def _precision(node: Node) -> float:
    """The distance of 1 and the next number in the dtype that a value had; 0 for whole numbers."""
    dtype = getattr(torch, str(node.parameters.get("dtype", node.dtype)), None)
    return float(torch.finfo(dtype).eps) if dtype is not None and (dtype.is_floating_point or dtype.is_complex) else 0.0
