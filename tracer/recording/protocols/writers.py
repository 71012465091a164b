"""Functions that write into an argument: what that argument is after the call."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

import numpy as np

from tracer.errors import RecordingError
from tracer.recording.protocols.creation import holds_tensor, joined
from tracer.recording.protocols.writing import write_value
from tracer.recording.tape import RecorderInterface, is_tensor

# The parameters have NumPy's names, so that they may be given by name.


def _copyto(dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> Any:
    _check_cast(src, dst, casting)
    return src if where is True else np.where(where, src, dst)


def _putmask(a: Any, mask: Any, values: Any) -> Any:
    _check_real(values, a)
    if np.shape(values) not in ((), np.shape(a)):
        values = np.reshape(_repeated(values, a.size), a.shape)
    return np.where(mask, values, a)


def _place(arr: Any, mask: Any, vals: Any) -> Any:
    if np.size(mask) != arr.size:
        raise ValueError("place: mask and data must be the same size")
    chosen: Any = np.reshape(np.not_equal(mask, 0), arr.shape)
    count = int(np.count_nonzero(chosen.value if is_tensor(chosen) else chosen))
    _check_real(vals, arr)
    if not count:
        return arr
    if not np.size(vals):
        raise ValueError("Cannot insert from an empty array!")
    written = arr.copy()
    written[chosen] = _repeated(vals, count)
    return written


def put_items(a: Any, ind: Any, v: Any, mode: str = "raise") -> Any:
    """What an array is after `np.put(a, ind, v, mode)`."""
    positions, v = np.asarray(ind), _array(v)
    _check_real(v, a)
    if mode != "raise":
        positions = np.clip(positions, 0, a.size - 1) if mode == "clip" else positions % a.size
    if not positions.size or not np.size(v):
        return a
    flat = np.ravel(a).copy()
    if np.shape(v) not in ((), positions.shape):
        positions, v = np.ravel(positions), _repeated(v, positions.size)
    flat[positions] = v
    return np.reshape(flat, np.shape(a))


def _fill_diagonal(a: Any, val: Any, wrap: bool = False) -> Any:
    if a.ndim < 2:
        raise ValueError("array must be at least 2-d")
    if a.ndim > 2 and len(set(a.shape)) > 1:
        raise ValueError("All dimensions of input must be of equal length")
    step = a.shape[1] + 1 if a.ndim == 2 else 1 + int(np.sum(np.cumprod(a.shape[:-1])))
    end = a.size if a.ndim > 2 or wrap else min(a.size, a.shape[1] ** 2)
    places = np.unravel_index(np.arange(0, end, step), a.shape)
    if not places[0].size:
        return a
    written = a.copy()
    written[places] = val if np.shape(val) == () else _repeated(val, places[0].size)
    return written


def _put_along_axis(arr: Any, indices: Any, values: Any, axis: int | None = -1) -> Any:
    if axis is None:
        if np.ndim(indices) != 1:
            raise ValueError("when axis=None, `indices` must have a single dimension.")
        flat = np.ravel(arr).copy()
        flat[indices] = values
        return np.reshape(flat, arr.shape)
    places: list[Any] = [np.arange(size).reshape((-1,) + (1,) * (np.ndim(arr) - 1 - other)) for other, size in
                         enumerate(np.shape(arr))]  # fmt: skip
    places[axis] = indices
    written = arr.copy()
    written[tuple(places)] = values
    return written


def _dtype_of(values: Any) -> np.dtype[Any]:
    return values.dtype if is_tensor(values) else np.asarray(values).dtype


def _check_cast(values: Any, target: Any, casting: Any) -> None:
    dtype = _dtype_of(values)
    if not np.can_cast(dtype, target.dtype, casting):
        raise TypeError(f"Cannot cast {dtype} to {target.dtype} according to the rule '{casting}'")


def _check_real(values: Any, target: Any) -> None:
    """Raise TypeError for complex numbers that are written into an array of real numbers, as NumPy does."""
    if _dtype_of(values).kind == "c" and target.dtype.kind in "iuf":
        raise TypeError(f"complex numbers cannot be written into an array of {target.dtype}: NumPy does not cast them either")


def _array(values: Any) -> Any:
    """The values, with a list that has Tensors in it as one Tensor."""
    return joined(values) if holds_tensor(values) else values


def _repeated(values: Any, count: int) -> Any:
    """The first `count` of the values, which are repeated if they are fewer."""
    given = np.ravel(values)
    return given if np.size(given) == count else given[np.arange(count) % np.size(given)]


WRITERS: Mapping[Any, Callable[..., Any]] = {
    np.copyto: _copyto,
    np.putmask: _putmask,
    np.place: _place,
    np.put: put_items,
    np.fill_diagonal: _fill_diagonal,
    np.put_along_axis: _put_along_axis,
}
"""Functions that write into their first argument: what that argument is afterwards."""


def write_into_argument(recorder: RecorderInterface, function: Any, arguments: Any, options: Any, frame: FrameType) -> None:
    """Record a call of one of WRITERS. Raises RecordingError if it would write a Tensor into a plain array."""
    writer = WRITERS[function]
    given = {name: _array(each) for name, each in inspect.signature(writer).bind(*arguments, **options).arguments.items()}
    name, target = next(iter(given.items()))
    if not is_tensor(target):
        raise RecordingError(
            f"np.{function.__name__} writes into a plain array, a Tensor would leave the graph: create the array as"
            " np.zeros(shape, like=x), with x an array of the model"
        )
    write_value(target, lambda current: writer(**{**given, name: current}), frame)
