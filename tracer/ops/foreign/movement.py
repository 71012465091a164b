"""Operations that move elements: their index numbers are moved in the same way to find where an element comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from tracer.ops.data_movement import Rearrangement
from tracer.ops.foreign.given import Given
from tracer.ops.indices import NO_ELEMENT


class Moved(Rearrangement):
    """An operation whose elements are elements of its first input. `move` does to an array what the operation does."""

    names: ClassVar[str] = "self"
    move: ClassVar[Callable[[np.ndarray, Given], np.ndarray]]

    @classmethod
    def sources(cls, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> list[np.ndarray]:
        numbers = np.arange(inputs[0].size).reshape(inputs[0].shape)
        moved = cls.move(numbers, Given(cls.names, inputs, parameters))[..., None]
        return [moved, *(np.full_like(moved, NO_ELEMENT) for _ in inputs[1:])]


class Joined(Rearrangement):
    """Arrays put side by side: `cat` and `stack`."""

    @classmethod
    def sources(cls, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> list[np.ndarray]:
        given = Given("tensors dim", inputs, parameters)
        slots = [each["input"] for each in parameters["arguments"][0]]
        join = np.concatenate if cls.__name__ == "Concatenated" else np.stack
        found = []
        for wanted in range(len(inputs)):
            arrays = [
                np.arange(inputs[slot].size).reshape(inputs[slot].shape)
                if slot == wanted
                else np.full(inputs[slot].shape, NO_ELEMENT)
                for slot in slots
            ]
            found.append(join(arrays, axis=int(given.value("dim", 0)))[..., None])
        return found


class Concatenated(Joined):
    """Arrays one after the other along an axis."""


def _expand(x: np.ndarray, given: Given) -> np.ndarray:
    sizes = list(given.value("size"))
    own = [1] * (len(sizes) - x.ndim) + list(x.shape)
    return np.broadcast_to(x, [old if new == -1 else new for new, old in zip(sizes, own, strict=True)])


def _slice(x: np.ndarray, given: Given) -> np.ndarray:
    index: list[Any] = [slice(None)] * x.ndim
    index[given.value("dim", 0)] = slice(given.value("start"), given.value("end"), given.value("step", 1))
    return np.asarray(x[tuple(index)])


def _index(x: np.ndarray, given: Given) -> np.ndarray:
    index = [slice(None) if each is None else given.input(each) for each in given.value("indices")]
    return np.asarray(x[tuple(index)])


def _split(x: np.ndarray, given: Given) -> np.ndarray:
    sizes, axis = given.value("sizes"), int(given.value("dim", 0))
    ends = np.cumsum(sizes)[:-1] if isinstance(sizes, list) else np.arange(sizes, x.shape[axis], sizes)
    return np.split(x, ends, axis)[given.output]


_MOVES: dict[str, tuple[str, Callable[[np.ndarray, Given], np.ndarray]]] = {
    "t": ("self", lambda x, given: x.T),
    "numpy_T": ("self", lambda x, given: x.T),
    "transpose": ("self dim0 dim1", lambda x, given: np.swapaxes(x, given.value("dim0"), given.value("dim1"))),
    "permute": ("self dims", lambda x, given: np.transpose(x, given.value("dims"))),
    "view": ("self size", lambda x, given: np.reshape(x, given.value("size"))),
    "_unsafe_view": ("self size", lambda x, given: np.reshape(x, given.value("size"))),
    "reshape": ("self shape", lambda x, given: np.reshape(x, given.value("shape"))),
    "_reshape_alias": ("self size stride", lambda x, given: np.reshape(x, given.value("size"))),
    "unsqueeze": ("self dim", lambda x, given: np.expand_dims(x, given.value("dim"))),
    "squeeze": ("self dim", lambda x, given: _squeeze(x, given.value("dim"))),
    "expand": ("self size", _expand),
    "select": ("self dim index", lambda x, given: np.take(x, given.value("index"), given.value("dim"))),
    "slice": ("self dim start end step", _slice),
    "clone": ("self", lambda x, given: x),
    "contiguous": ("self", lambda x, given: x),
    "flip": ("self dims", lambda x, given: np.flip(x, given.value("dims"))),
    "repeat": ("self repeats", lambda x, given: np.tile(x, given.value("repeats"))),
    "index": ("self indices", _index),
    "index_select": ("self dim index", lambda x, given: np.take(x, given.tensor("index"), given.value("dim"))),
    "embedding": ("weight indices", lambda x, given: x[given.tensor("indices")]),
    "split": ("self sizes dim", _split),
    "split_with_sizes": ("self sizes dim", _split),
    "unbind": ("self dim", lambda x, given: np.take(x, given.output, given.value("dim", 0))),
    "gather": ("self dim index", lambda x, given: np.take_along_axis(x, given.tensor("index"), given.value("dim"))),
}


def _squeeze(x: np.ndarray, axes: Any) -> np.ndarray:
    if axes is None:
        return np.squeeze(x)
    chosen = [axes] if isinstance(axes, int) else list(axes)
    return np.squeeze(x, tuple(axis for axis in chosen if x.shape[axis] == 1))


MOVED: dict[str, type[Rearrangement]] = {
    **{op: type("Moved", (Moved,), {"names": names, "move": staticmethod(move)}) for op, (names, move) in _MOVES.items()},
    "cat": Concatenated,
    "stack": Joined,
}
