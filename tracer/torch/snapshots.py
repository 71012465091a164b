"""Values of tensors as they were when they were recorded: an alias that is copied before something writes into its memory.

The tensor itself is never held: autograd would then copy a gradient where it otherwise takes it over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from math import prod
from typing import Any

import numpy as np
import torch

from tracer.store.rows import INLINE
from tracer.torch.identity import PLAIN, Geometry, geometry_of, is_shared, storage_of

WIDER = {
    torch.bfloat16: torch.float32,
    torch.complex32: torch.complex64,
    **{getattr(torch, name): torch.float32 for name in dir(torch) if name.startswith("float8_")},
}
"""The dtype that holds the numbers of one that NumPy does not have, exactly."""

WIDER_NAMES = frozenset(str(each).removeprefix("torch.") for each in WIDER)
"""The names of these dtypes."""


@contextmanager
def unseen() -> Iterator[None]:
    """What is computed inside is seen by no mode, by no class of tensors, and by autograd neither."""
    with torch._C._DisableTorchDispatch(), torch._C.DisableTorchFunctionSubclass(), torch.no_grad():
        yield


@dataclass(frozen=True, slots=True)
class TensorType:
    """What is on record of a tensor beside its numbers. `strides` is None if it has no gaps, `lazy` is "conj" or "neg" if it is
    seen conjugated or negated, `layout` is empty for an array of numbers. `size` is that of the numbers, in bytes.
    """

    shape: tuple[int, ...]
    dtype: str
    strides: tuple[int, ...] | None
    lazy: str
    layout: str
    size: int
    is_small: bool
    """Whether the value is kept though only shapes are recorded: a few numbers, or indices and masks."""


@lru_cache(maxsize=4096)
def _type_at(place: Geometry, layout: str) -> TensorType:
    """One object for all tensors of the same form: a step has far more tensors than forms of them."""
    size = prod(place.shape) * place.dtype.itemsize
    return TensorType(
        place.shape,
        dtype_name(place.dtype),
        None if layout or _has_no_gaps(place) else place.stride,
        "conj" if place.lazy[0] else "neg" if place.lazy[1] else "",
        layout,
        size,
        not (place.dtype.is_floating_point or place.dtype.is_complex) or size <= INLINE,
    )


def _has_no_gaps(place: Geometry) -> bool:
    """Whether the elements are in memory in order, one after the other.

    >>> _has_no_gaps(Geometry(0, (2, 1, 3), (3, 7, 1), torch.float32)), _has_no_gaps(Geometry(0, (2, 3), (1, 2), torch.float32))
    (True, False)
    """
    expected = 1
    for length, step in zip(reversed(place.shape), reversed(place.stride), strict=True):
        if length != 1 and step != expected and 0 not in place.shape:
            return False
        expected *= length
    return True


class Snapshot:
    """The value of one tensor: an alias of its memory, or a copy once that is written into."""

    __slots__ = ("tensor", "type")

    def __init__(self, tensor: torch.Tensor, place: Geometry, *, keep: bool) -> None:
        self.type = _type_at(place, layout_of(tensor))
        self.tensor: torch.Tensor | None = None
        if (keep or self.type.is_small) and not tensor.is_meta:
            if torch._C._len_torch_dispatch_stack() or type(tensor) not in PLAIN:
                with unseen():
                    self.tensor = tensor.detach()
            else:
                self.tensor = tensor.detach()

    def copy(self) -> None:
        """Take a copy: the memory is about to be written into."""
        if self.tensor is None:
            return
        if torch._C._len_torch_dispatch_stack():
            with unseen():
                self.tensor = self.tensor.clone()
        else:
            self.tensor = self.tensor.clone()

    def equals(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor still has this value, bit for bit."""
        if self.tensor is None:
            return True
        return bytes_of(self.tensor) == bytes_of(tensor)

    def array(self) -> np.ndarray:
        """The value as an array of its own; of one that nobody looked at one of zeros."""
        if self.tensor is None:
            return self.without_value()
        with unseen():
            return array_of(self.tensor)

    def without_value(self) -> np.ndarray:
        """An array of the shape and the dtype that the value has as an array."""
        return np.broadcast_to(np.zeros((), _numpy_dtype(self.type.dtype)), self.type.shape)


@cache
def dtype_name(dtype: torch.dtype) -> str:
    """The name of a dtype: `float32`."""
    return str(dtype).removeprefix("torch.")


def layout_of(tensor: torch.Tensor) -> str:
    """What a tensor is in place of an array of numbers: "quantized", or the name of its layout; empty for an array."""
    if tensor.layout is not torch.strided:
        return str(tensor.layout).removeprefix("torch.")
    return "quantized" if tensor.is_quantized else ""


def array_of(tensor: torch.Tensor) -> np.ndarray:
    """A copy of the numbers; of a sparse tensor the dense ones, of a quantized one what they stand for.

    The memory of the tensor itself does not get to NumPy: PyTorch would refuse to resize it.
    """
    if tensor.layout is not torch.strided:
        tensor = tensor.to_dense()
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    if tensor.dtype in WIDER:
        tensor = tensor.to(WIDER[tensor.dtype])
    copied = tensor.resolve_conj().resolve_neg().clone(memory_format=torch.contiguous_format)
    found: np.ndarray = copied.numpy(force=True)
    return found


@cache
def _numpy_dtype(name: str) -> np.dtype[Any]:
    """The dtype of the array that has the numbers of a tensor of a dtype."""
    dtype = getattr(torch, name)
    with unseen():
        return np.dtype(np.float32) if name.startswith("q") else array_of(torch.empty(0, dtype=dtype)).dtype


def stacked(tensors: list[torch.Tensor]) -> torch.Tensor:
    """Tensors of the same form as the rows of one."""
    with unseen():
        return torch.stack([each.cpu() for each in tensors])


def bytes_of(tensor: torch.Tensor) -> bytes:
    """The bytes of the numbers."""
    with unseen():
        return array_of(tensor).tobytes()


def snapshot_of(tensor: torch.Tensor) -> Snapshot:
    """A snapshot of a tensor that nobody else has."""
    return Snapshot(tensor, geometry_of(tensor), keep=True)


class Snapshots:
    """The snapshots of a step, by the memory that they are aliases of."""

    def __init__(self, *, keep: bool) -> None:
        self.keep = keep
        self._aliases: dict[int, list[Snapshot]] = defaultdict(list)

    def take(self, tensor: torch.Tensor, storage: torch.UntypedStorage, place: Geometry) -> Snapshot:
        """A snapshot of a tensor at a place of a memory."""
        snapshot = Snapshot(tensor, place, keep=self.keep)
        if snapshot.tensor is not None:
            if not storage.nbytes() and tensor.numel():
                snapshot.tensor = None  # its memory was given back
            elif is_shared(storage):
                snapshot.copy()
            else:
                self._aliases[storage._cdata].append(snapshot)
        return snapshot

    def before_write(self, tensor: Any) -> None:
        """Copy what is an alias of the memory of a tensor that is about to be written into, or given to NumPy."""
        if self._aliases:
            self.before_release(storage_of(tensor))

    def before_release(self, storage: torch.UntypedStorage) -> None:
        """Copy what is an alias of a memory that is about to be given back."""
        aliases = self._aliases.pop(storage._cdata, None)
        if aliases:
            copy_together(aliases)

    def close(self) -> None:
        """The step is complete: copy what is an alias of memory that anybody else has, and may write into unseen."""
        without_others = _holders_of_own_memory() - 1
        for address, aliases in self._aliases.items():
            if torch._C._storage_Use_Count(address) > len(aliases) + without_others:
                copy_together(aliases)
        self._aliases.clear()


@cache
def _holders_of_own_memory() -> int:
    """How many hold the memory of a tensor that nobody else has: the tensor, and the Python object of the memory."""
    tensor = torch.empty(1)
    return int(torch._C._storage_Use_Count(storage_of(tensor)._cdata))


def copy_together(snapshots: Sequence[Snapshot]) -> None:
    """Copy aliases of the same memory: as a whole if one of them is most of it, so that views of a copy share it."""
    tensors = [each.tensor for each in snapshots if each.tensor is not None]
    storage = storage_of(tensors[0])
    is_plain = not any(each.type.lazy or each.type.layout for each in snapshots)
    is_whole = is_plain and storage.nbytes() <= 2 * max(map(_size, tensors))
    if len(tensors) == 1 or not is_whole:
        for each in snapshots:
            each.copy()
        return
    with unseen():
        copied = storage.clone()
        for each in snapshots:
            if each.tensor is not None:
                empty = torch.empty(0, dtype=each.tensor.dtype, device=each.tensor.device)
                each.tensor = empty.set_(copied, each.tensor.storage_offset(), each.tensor.shape, each.tensor.stride())


def arrays_of(snapshots: Iterable[Snapshot]) -> list[np.ndarray | None]:
    """The values as NumPy arrays, with the strides of the tensors; None for those of which only the shape was looked at.

    They may be the memory of the snapshots: to be called when the step is complete.
    """
    with unseen():
        return [None if each.tensor is None else _array_of_snapshot(each, each.tensor) for each in snapshots]


def _array_of_snapshot(snapshot: Snapshot, tensor: torch.Tensor) -> np.ndarray:
    is_array = not (snapshot.type.layout or snapshot.type.lazy or tensor.dtype in WIDER or tensor.device.type != "cpu")
    if not is_array or tensor.untyped_storage().nbytes() > 4 * _size(tensor):  # a part would keep all of the memory
        return array_of(tensor)
    array: np.ndarray = tensor.numpy()
    return array


def _size(tensor: torch.Tensor) -> int:
    return int(tensor.numel()) * int(tensor.element_size())
