"""The values of a running program that record, and the plain values that it would have without a record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np

from tracer.ops.registration import NUMERIC_KINDS
from tracer.recording.tensor import Tensor

_SMALL = 4096
"""Bytes of an array up to which a copy of its memory is compared."""


_NONE: tuple[str, ...] = ()


class Recording:
    """A value of the running program that records: an array or a number, with the Tensor that stands for it."""

    __slots__ = _NONE

    tensor: Tensor | None
    writes: int
    """The number of writes into arrays after which `tensor` was last found to be the newest node of its array."""
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


MAKERS: dict[type, Callable[[Any], Any]] = {}
"""What makes a value record, by its type. The modules of these types add theirs."""

NUMBERS: set[type] = set()
"""The types of real numbers whose arithmetic a ufunc computes with the same bits."""

OVERRIDES: dict[type, dict[str, Any]] = {}
"""The methods by which values of these types record. They are on the types only while a program is recorded."""

RESTING: dict[type, dict[str, Any]] = {}
"""The methods that values of these types have while no program is recorded, where those of their class are not enough."""


def recording_value(value: Any) -> Any:
    """A value that records in place of a plain one; values that are no numbers unchanged."""
    make = MAKERS.get(type(value))
    return value if make is None else make(value)


def plain(value: Any) -> Any:
    """Values without what records, also inside lists, tuples and dicts; the same object where nothing in it records."""
    if isinstance(value, Recording):
        return value.plain()
    kind = type(value)
    if kind is tuple or kind is list:
        parts = [plain(each) for each in value]
        return value if all(map(_is, parts, value)) else kind(parts)
    if kind is dict:
        entries = {name: plain(each) for name, each in value.items()}
        return value if all(map(_is, entries.values(), value.values())) else entries
    return value


def own_arrays(result: Any, owners: tuple[Any, ...]) -> Any:
    """The result of a call on plain values; where it is one of them, the value of the program that it stands for."""
    if type(result) is np.ndarray:
        for owner in owners:
            if isinstance(owner, Recording) and owner.plain() is result:
                return owner
    elif type(result) is tuple:
        return tuple(own_arrays(each, owners) for each in result)
    return result


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


def _is(first: Any, second: Any) -> bool:
    return first is second


def holds_recording(value: Any) -> bool:
    """Whether a value records, or one in a list or tuple does."""
    return isinstance(value, Recording) or (type(value) in (list, tuple) and any(map(holds_recording, value)))


def tensors_in(value: Any) -> Iterator[Tensor]:
    """The Tensors, and those that stand for values that record, also inside lists, tuples, dicts."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Recording):
        if (tensor := getattr(value, "tensor", None)) is not None:
            yield tensor
    elif type(value) in (list, tuple):
        for each in value:
            yield from tensors_in(each)
    elif type(value) is dict:
        yield from tensors_in(list(value.values()))


def same_bits(first: Any, second: Any) -> bool:
    """Whether two values are the same, bit for bit, with their dtypes and shapes."""
    if isinstance(first, np.ndarray | np.generic) or isinstance(second, np.ndarray | np.generic):
        return same_arrays(np.asarray(first), np.asarray(second))
    return type(first) is type(second) and (first == second or (first != first and second != second))


def same_arrays(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two arrays are the same, bit for bit, with their dtypes and shapes."""
    if first.dtype != second.dtype or first.shape != second.shape:
        return False
    if first.nbytes <= _SMALL or not (first.flags.c_contiguous and second.flags.c_contiguous):
        return first.tobytes() == second.tobytes()
    bits = np.uint64 if first.nbytes % 8 == 0 else np.uint8
    return bool(np.array_equal(first.reshape(-1).view(bits), second.reshape(-1).view(bits)))


def is_numeric(array: np.ndarray) -> bool:
    """Whether an array holds numbers that can be recorded."""
    return array.dtype.kind in NUMERIC_KINDS
