"""Which recorded operation a tensor holds the value of.

A tensor is known by its memory and its place in it, never by the Python object: a saved output comes back as another object in
the backward pass.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import torch
from torch.nn.parameter import is_lazy

from tracer.errors import RecordingError

_STRIDED = torch.strided
LAYOUTS = (_STRIDED, torch.sparse_coo, torch.sparse_csr, torch.sparse_csc, torch.sparse_bsr, torch.sparse_bsc)
"""The layouts of tensors that have memory: a sparse tensor is known by that of its values."""


class Geometry(NamedTuple):
    """The place of a tensor in its memory."""

    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    dtype: torch.dtype
    lazy: tuple[bool, bool] = (False, False)
    """Whether what is in memory is seen conjugated, and negated."""


_stands_for_another = torch._C._functorch.is_gradtrackingtensor


def plain_of(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor that one stands for inside of torch.func.grad; itself anywhere else."""
    while _stands_for_another(tensor):
        tensor = torch._C._functorch.get_unwrapped(tensor)
    return tensor


PLAIN = (torch.Tensor, torch.nn.Parameter)
"""The classes of nearly all tensors, asked for first: each question that a tensor answers takes a tenth of a microsecond."""


def has_memory(tensor: torch.Tensor) -> bool:
    """Whether a tensor is known by its memory: not on the meta device or without a size yet, of a class that dispatches by
    itself, or one of a batch inside of torch.func.vmap.
    """
    if type(tensor) in PLAIN and not torch._C._functorch.is_functorch_wrapped_tensor(tensor):
        return tensor.layout in LAYOUTS and not tensor.is_meta
    tensor = plain_of(tensor)
    return (
        type(tensor).__torch_dispatch__ is torch.Tensor.__torch_dispatch__
        and not is_lazy(tensor)
        and not tensor.is_meta
        and tensor.layout in LAYOUTS
        and not torch._C._functorch.is_functorch_wrapped_tensor(tensor)
    )


def local_of(tensor: torch.Tensor) -> torch.Tensor:
    """The part of a tensor that this process has, if the tensor is distributed over several; else the tensor."""
    local = None if type(tensor) in PLAIN else getattr(tensor, "_local_tensor", None)
    return local if isinstance(local, torch.Tensor) else tensor


def is_shard(tensor: torch.Tensor) -> bool:
    """Whether a tensor is distributed so that each process has another part of it."""
    placements = getattr(tensor, "placements", ()) if local_of(tensor) is not tensor else ()
    return any(each.is_shard() for each in placements)


def storage_of(tensor: torch.Tensor) -> torch.UntypedStorage:
    """The memory of a tensor; of a sparse one, that of its values."""
    tensor = plain_of(tensor)
    if tensor.layout is torch.strided:
        return tensor.untyped_storage()
    if tensor.layout not in LAYOUTS:
        raise RecordingError(f"tensors of layout {tensor.layout} are not recorded: use dense ones (to_dense())")
    with torch._C._DisableTorchDispatch():
        values = tensor._values() if tensor.layout is torch.sparse_coo else tensor.values()
    return values.untyped_storage()


def geometry_of(tensor: torch.Tensor) -> Geometry:
    """The place of a tensor in its memory."""
    return located(tensor)[1]


@lru_cache(maxsize=4096)
def _geometry(
    offset: int, shape: torch.Size, stride: tuple[int, ...], dtype: torch.dtype, is_conj: bool, is_neg: bool
) -> Geometry:
    """One object for equal places: a step has far more tensors than forms of them."""
    return Geometry(offset, tuple(shape), stride, dtype, (is_conj, is_neg))


def located(tensor: torch.Tensor) -> tuple[torch.UntypedStorage, Geometry]:
    """The memory of a tensor and its place in it."""
    if _stands_for_another(tensor):
        tensor = plain_of(tensor)
    if tensor.layout is not _STRIDED:
        return storage_of(tensor), _geometry(0, tensor.shape, (), tensor.dtype, False, False)
    place = _geometry(tensor.storage_offset(), tensor.shape, tensor.stride(), tensor.dtype, tensor.is_conj(), tensor.is_neg())
    return tensor.untyped_storage(), place


Key = tuple[int, Geometry]
"""The address of the memory of a tensor, and its place in it."""


def key_of(tensor: torch.Tensor) -> Key:
    """What a tensor is known by."""
    storage, place = located(tensor)
    return storage._cdata, place


def is_shared(storage: torch.UntypedStorage) -> bool:
    """Whether a NumPy array may share memory and write into it: PyTorch then does not resize it."""
    return not storage.resizable()


View = tuple[int, int]
"""The operation that made what is seen at a place, and the number of writes into the memory before it."""


class Write(NamedTuple):
    """A write into memory: how many there were before, the operation that holds what was written, and where."""

    version: int
    operation: int
    geometry: Geometry


@dataclass(slots=True, eq=False)
class Memory:
    """A storage: how often it was written into, and what is known at its places.

    The count is our own: PyTorch's misses writes through `.data` and `numpy()`.
    """

    version: int = 0
    views: dict[Geometry, View] = field(default_factory=dict)
    writes: list[Write] = field(default_factory=list)

    def current(self, place: Geometry) -> int | None:
        """The operation whose value a place holds now; None if it is unknown or was written into through another place."""
        found = self.views.get(place)
        return found[0] if found is not None and found[1] == self.version else None

    def holds(self, place: Geometry, operation: int, *, is_write: bool = False) -> None:
        """Note that a place holds the value of an operation, which wrote it."""
        self.views[place] = operation, self.version
        if is_write:
            self.writes.append(Write(self.version, operation, place))

    def nearest(self, place: Geometry) -> tuple[Geometry, View]:
        """The place, or else the largest and newest known one, with what was known there."""
        if place in self.views:
            return place, self.views[place]
        return max(self.views.items(), key=lambda item: (torch.Size(item[0].shape).numel(), item[1][1]))


class Memories:
    """The storages that tensors of a step live in. A weak reference to each keeps its address from being given to another one."""

    def __init__(self) -> None:
        self._known: dict[int, Memory] = {}
        self._references: list[int] = []
        self._free = torch.UntypedStorage._free_weak_ref  # also while Python shuts down

    def __del__(self) -> None:
        for reference in self._references:
            self._free(reference)

    def of(self, tensor: torch.Tensor) -> Memory:
        """The memory of a tensor."""
        return self.of_storage(storage_of(tensor))

    def find(self, tensor: torch.Tensor) -> tuple[Memory, Geometry, torch.UntypedStorage]:
        """What is known of the memory of a tensor, its place there, and the storage."""
        storage, place = located(tensor)
        found = self._known.get(storage._cdata)
        return self.of_storage(storage) if found is None else found, place, storage

    def of_storage(self, storage: torch.UntypedStorage) -> Memory:
        """What is known of a storage."""
        address = storage._cdata
        found = self._known.get(address)
        if found is None:
            self._references.append(storage._weak_ref())
            found = self._known[address] = Memory()
        return found

    def operation_of(self, tensor: torch.Tensor) -> int | None:
        """The operation whose value a tensor holds now; None if unknown."""
        return self.operation_at(key_of(tensor))

    def operation_at(self, key: Key) -> int | None:
        """The operation whose value a place in a memory holds now; None if unknown."""
        found = self._known.get(key[0])
        return None if found is None else found.current(key[1])

    def holds(self, tensor: torch.Tensor, operation: int) -> None:
        """Note that a tensor holds the value of an operation."""
        storage, place = located(tensor)
        self.of_storage(storage).holds(place, operation)

    def written(self, tensor: torch.Tensor) -> None:
        """Note that the memory of a tensor was written into."""
        self.of(tensor).version += 1
