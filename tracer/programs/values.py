"""The values of a running program that record, and what they are without a record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np

from tracer.recording.tensor import Tensor


class Recording:
    """A value of the running program that records: an array or a number, with the Tensor that stands for it."""

    tensor: Tensor | None
    plain_type: type[Any]
    """The type that the value would have without a record."""

    @property
    def __class__(self) -> type[Any]:
        return self.plain_type

    @__class__.setter
    def __class__(self, new: type[Any]) -> None:
        raise TypeError("__class__ assignment only supported for mutable types or ModuleType subclasses")

    def plain(self) -> Any:
        """The same value as the program would have it without a record."""
        raise NotImplementedError

    # In a loop of one's own, recorded with `tracer.record`; in a program that is run as it stands, it has neither.

    @property
    def backward(self) -> Callable[[], None]:
        """Computes the gradients of this loss."""
        loop = _loop_of(self, "backward")
        return lambda: loop.backward(self)

    @property
    def grad(self) -> Any:
        """The gradient of the losses of this step with respect to this value."""
        return _loop_of(self, "grad").gradient(self)

    @grad.setter
    def grad(self, gradient: Any) -> None:
        _loop_of(self, "grad").set_gradient(self, gradient)


class Loop(Protocol):
    """What the values of a loop of one's own ask it for."""

    def backward(self, value: Any) -> None:
        """Compute the gradients of a loss."""
        ...

    def gradient(self, value: Any) -> Any:
        """The gradient with respect to a value."""
        ...

    def set_gradient(self, value: Any, gradient: Any) -> None:
        """Take an assignment to `grad`."""
        ...


def _loop_of(value: Recording, attribute: str) -> Loop:
    """The loop that a value is of. Raises AttributeError, as for a plain value, if it is of none."""
    tensor = getattr(value, "tensor", None)
    loop: Loop | None = getattr(tensor.recorder, "loop", None) if tensor is not None else None
    if loop is None:
        raise AttributeError(f"{type(value).__name__!r} object has no attribute {attribute!r}", name=attribute, obj=value)
    return loop


def plain(value: Any) -> Any:
    """Values without what records, also inside lists, tuples and dicts."""
    if isinstance(value, Recording):
        return value.plain()
    if type(value) in (list, tuple):
        return type(value)(plain(each) for each in value)
    if type(value) is dict:
        return {name: plain(each) for name, each in value.items()}
    return value


def plain_integers(value: Any) -> Any:
    """Values with the Python integers that record as they are without a record, also inside lists, tuples and dicts."""
    if isinstance(value, Recording):
        return value.plain() if value.plain_type is int else value
    if type(value) in (list, tuple):
        return type(value)(map(plain_integers, value))
    if type(value) is dict:
        return {name: plain_integers(each) for name, each in value.items()}
    return value


def holds_integer(value: Any) -> bool:
    """Whether there is a Python integer that records, also inside lists, tuples and dicts."""
    if isinstance(value, Recording):
        return value.plain_type is int
    if type(value) is dict:
        value = list(value.values())
    return type(value) in (list, tuple) and any(map(holds_integer, value))


def same_bits(first: Any, second: Any) -> bool:
    """Whether two values are the same, bit for bit, with their dtypes and shapes."""
    if isinstance(first, np.ndarray | np.generic) or isinstance(second, np.ndarray | np.generic):
        ours, theirs = np.asarray(first), np.asarray(second)
        return ours.dtype == theirs.dtype and ours.shape == theirs.shape and ours.tobytes() == theirs.tobytes()
    return type(first) is type(second) and (first == second or (first != first and second != second))


def tensors_in(value: Any) -> Iterator[Tensor]:
    """The Tensors, and those that stand for values that record, also inside lists, tuples, dicts."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Recording):
        if value.tensor is not None:
            yield value.tensor
    elif type(value) in (list, tuple):
        for each in value:
            yield from tensors_in(each)
    elif type(value) is dict:
        yield from tensors_in(list(value.values()))
