"""Values of tensors as they were when they were recorded: an alias that is copied before something writes into its memory.

The tensor itself is never held: autograd would then copy a gradient where it otherwise takes it over.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import torch

WIDER = {torch.bfloat16: torch.float32}
"""The dtype that holds the numbers of one that NumPy does not have, exactly."""


class Snapshot:
    """The value of one tensor: an alias of its memory, or a copy once that is written into."""

    __slots__ = ("dtype", "shape", "tensor")

    def __init__(self, tensor: torch.Tensor, *, keep: bool) -> None:
        self.shape = tuple(tensor.shape)
        self.dtype = str(tensor.dtype).removeprefix("torch.")
        self.tensor: torch.Tensor | None = tensor.detach() if keep else None

    def copy(self) -> None:
        """Take a copy: the memory is about to be written into."""
        if self.tensor is not None:
            self.tensor = self.tensor.clone()

    def array(self) -> np.ndarray:
        """The value as a read-only NumPy array of its own."""
        assert self.tensor is not None
        tensor = self.tensor.to(WIDER.get(self.tensor.dtype, self.tensor.dtype))
        array: np.ndarray = np.array(tensor.resolve_conj().resolve_neg().numpy(force=True))
        array.setflags(write=False)
        return array


class Snapshots:
    """The snapshots of a step, by the memory that they are aliases of."""

    def __init__(self, *, keep: bool) -> None:
        self.keep = keep
        self._aliases: dict[int, list[Snapshot]] = defaultdict(list)

    def take(self, tensor: torch.Tensor) -> Snapshot:
        """A snapshot of a tensor."""
        snapshot = Snapshot(tensor, keep=self.keep)
        if self.keep:
            self._aliases[tensor.untyped_storage()._cdata].append(snapshot)
        return snapshot

    def before_write(self, tensor: Any) -> None:
        """Copy what is an alias of the memory of a tensor that is about to be written into."""
        for snapshot in self._aliases.pop(tensor.untyped_storage()._cdata, ()):
            snapshot.copy()
