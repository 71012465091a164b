"""The array that records: plain NumPy code runs on Tensors through NumPy's protocols.

A Tensor holds its read-only value, the recorder that computes with it, and its position in the record.
A function that cannot be recorded raises a RecordingError that names it and what to use instead: nothing leaves the graph
silently.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, NoReturn, Protocol

import numpy as np

from tracer.errors import MissingAttributeError, RecordingError, UsageError
from tracer.graph.record import Literal
from tracer.ops.base import Op
from tracer.ops.families import arithmetic, comparisons, indexing, linear_algebra, reductions, selection, shaping
from tracer.recording.advice import conversion_error, in_place, no_attribute, no_rule
from tracer.recording.dispatch import dispatch_function, dispatch_ufunc, logic
from tracer.recording.tape import NO_PARAMETERS, Entry


class RecorderInterface(Protocol):
    """What Tensors and the backward pass need of a recorder."""

    @property
    def entries(self) -> Sequence[Entry]:
        """The tape; a node's id is its position."""

    def record(self, op: type[Op], inputs: tuple[Any, ...], parameters: dict[str, Any]) -> Tensor:
        """Compute an operation, append it to the tape and return its value as a Tensor."""

    def tensor(self, id: int) -> Tensor:
        """The Tensor of a recorded node."""

    def seed_gradient(self, output: Tensor) -> Tensor:
        """The derivative of the output with respect to itself: 1."""

    def deriving(self, of: int, rule: int | None = None) -> AbstractContextManager[None]:
        """Inside, everything is recorded as part of the derivative with respect to node `of`, by the rule of operation `rule`."""

    def derive(self, of: int, rule: int | None = None) -> None:
        """Inside `deriving`: switch to another derivative."""

    def contributed(self, gradient: Tensor, of: int, rule: int) -> None:
        """Note that this Tensor is the contribution of operation `rule` to the gradient with respect to node `of`."""

    def backward(self, output: Tensor) -> bool:
        """Record the gradients of a scalar with respect to the parameters; returns whether it depends on any."""

    def gradient(self, id: int) -> Tensor | None:
        """The recorded gradient with respect to a node, if any."""


class Tensor:
    """An array whose operations are recorded. It follows NumPy's interface, and PyTorch's for gradients.

    `value` is the plain read-only array: computing with it leaves the graph. For a hyperparameter, such as a learning rate,
    it is a Python number and takes the dtype of the array it is combined with, as in NumPy.
    """

    __slots__ = ("id", "recorder", "value")

    def __init__(self, value: Any, recorder: RecorderInterface, id: int) -> None:
        self.value = value
        self.recorder = recorder
        self.id = id

    # Attributes of an array.

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape if type(self.value) is np.ndarray else ()

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.value.dtype if type(self.value) is np.ndarray else np.result_type(self.value)

    @property
    def ndim(self) -> int:
        return self.value.ndim if type(self.value) is np.ndarray else 0

    @property
    def size(self) -> int:
        return self.value.size if type(self.value) is np.ndarray else 1

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("a Tensor without axes has no length")
        return self.shape[0]

    def __repr__(self) -> str:
        return f"Tensor({np.array2string(np.asarray(self.value), separator=', ')}, dtype={self.dtype})"

    def item(self) -> Any:
        """The only element as a Python number, outside the graph."""
        return np.asarray(self.value).item()

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers, outside the graph."""
        return np.asarray(self.value).tolist()

    def copy(self) -> Tensor:
        """The Tensor itself: it is immutable."""
        return self

    def __bool__(self) -> bool:
        if self.size != 1:
            raise UsageError(
                f"an array of {self.size} elements is neither true nor false: choose element by element with"
                " np.where(condition, x, y), or test condition.value.all() or .any()"
            )
        return bool(self.value)

    def __format__(self, specification: str) -> str:
        return format(self.item() if specification and not self.shape else str(self), specification)

    def __deepcopy__(self, memo: Any) -> NoReturn:
        raise RecordingError("a Tensor belongs to one record and cannot be copied or stored: use .value for the plain array")

    def __reduce__(self) -> NoReturn:
        self.__deepcopy__(None)

    # Gradients, with PyTorch's interface.

    def backward(self) -> None:
        """Record the gradients of this scalar; read them from the `grad` of the Tensors it depends on."""
        self.recorder.backward(self)

    @property
    def grad(self) -> Tensor | None:
        """The gradient with respect to this Tensor after `backward()`, or None."""
        return self.recorder.gradient(self.id)

    def detach(self) -> Tensor:
        """The same value without gradient flow; shown as `stop_gradient(...)`."""
        return self.recorder.record(shaping.StopGradient, (self,), NO_PARAMETERS)

    # NumPy's dispatch protocols.

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Tensor:
        return self.recorder.record(*dispatch_ufunc(ufunc, method, inputs, options))

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        if function in (np.shape, np.ndim, np.size):
            return function(*plain(arguments), **plain(options))
        return self.recorder.record(*dispatch_function(function, arguments, options))

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        raise conversion_error("a plain array", sys._getframe(1))

    def __float__(self) -> NoReturn:
        raise conversion_error("a float", sys._getframe(1))

    def __int__(self) -> NoReturn:
        raise conversion_error("an int", sys._getframe(1))

    def __index__(self) -> NoReturn:
        raise conversion_error("an int", sys._getframe(1))

    def __complex__(self) -> NoReturn:
        raise conversion_error("a complex number", sys._getframe(1))

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise MissingAttributeError(no_attribute(name, [known for known in dir(Tensor) if not known.startswith("_")]))

    def __setitem__(self, index: Any, value: Any) -> NoReturn:
        raise RecordingError(
            "a Tensor cannot be assigned to, its value stands in the record: build a new one with np.where(mask, new, old),"
            " np.concatenate or np.stack"
        )

    # Operators.

    def __add__(self, other: Any) -> Tensor:
        return self.recorder.record(arithmetic.Add, (self, other), NO_PARAMETERS)

    def __radd__(self, other: Any) -> Tensor:
        return self.recorder.record(arithmetic.Add, (other, self), NO_PARAMETERS)

    def __sub__(self, other: Any) -> Tensor:
        return self.recorder.record(arithmetic.Subtract, (self, other), NO_PARAMETERS)

    def __rsub__(self, other: Any) -> Tensor:
        return self.recorder.record(arithmetic.Subtract, (other, self), NO_PARAMETERS)

    def __mul__(self, other: Any) -> Tensor:
        return self.recorder.record(arithmetic.Multiply, (self, other), NO_PARAMETERS)

    def __rmul__(self, other: Any) -> Tensor:
        return self.recorder.record(arithmetic.Multiply, (other, self), NO_PARAMETERS)

    def __truediv__(self, other: Any) -> Tensor:
        return self.recorder.record(arithmetic.Divide, (self, other), NO_PARAMETERS)

    def __rtruediv__(self, other: Any) -> Tensor:
        return self.recorder.record(arithmetic.Divide, (other, self), NO_PARAMETERS)

    def __pow__(self, other: Any) -> Tensor:
        return self.recorder.record(arithmetic.Power, (self, other), NO_PARAMETERS)

    def __rpow__(self, other: Any) -> Tensor:
        return self.recorder.record(arithmetic.Power, (other, self), NO_PARAMETERS)

    def __matmul__(self, other: Any) -> Tensor:
        return self.recorder.record(linear_algebra.Matmul, (self, other), NO_PARAMETERS)

    def __rmatmul__(self, other: Any) -> Tensor:
        return self.recorder.record(linear_algebra.Matmul, (other, self), NO_PARAMETERS)

    def __mod__(self, other: Any) -> NoReturn:
        raise RecordingError(no_rule(np.remainder))

    def __floordiv__(self, other: Any) -> NoReturn:
        raise RecordingError(no_rule(np.floor_divide))

    def __divmod__(self, other: Any) -> NoReturn:
        raise RecordingError("divmod has no derivative rule: write np.floor(x / y) and x - y * np.floor(x / y)")

    def __round__(self, digits: int = 0) -> NoReturn:
        raise RecordingError(no_rule(np.round))

    __rmod__, __rfloordiv__, __rdivmod__ = __mod__, __floordiv__, __divmod__

    def __neg__(self) -> Tensor:
        return self.recorder.record(arithmetic.Negative, (self,), NO_PARAMETERS)

    def __pos__(self) -> Tensor:
        return self.recorder.record(arithmetic.Positive, (self,), NO_PARAMETERS)

    def __abs__(self) -> Tensor:
        return self.recorder.record(arithmetic.Absolute, (self,), NO_PARAMETERS)

    def __gt__(self, other: Any) -> Tensor:
        return self.recorder.record(comparisons.Greater, (self, other), NO_PARAMETERS)

    def __ge__(self, other: Any) -> Tensor:
        return self.recorder.record(comparisons.GreaterEqual, (self, other), NO_PARAMETERS)

    def __lt__(self, other: Any) -> Tensor:
        return self.recorder.record(comparisons.Less, (self, other), NO_PARAMETERS)

    def __le__(self, other: Any) -> Tensor:
        return self.recorder.record(comparisons.LessEqual, (self, other), NO_PARAMETERS)

    def __eq__(self, other: object) -> Tensor:  # type: ignore[override]
        return self.recorder.record(comparisons.Equal, (self, other), NO_PARAMETERS)

    def __ne__(self, other: object) -> Tensor:  # type: ignore[override]
        return self.recorder.record(comparisons.NotEqual, (self, other), NO_PARAMETERS)

    __hash__ = object.__hash__

    # On booleans & | ^ ~ are logical; bitwise operations on numbers have no derivative.

    def __and__(self, other: Any) -> Tensor:
        return self.recorder.record(*logic(np.bitwise_and, self, other))

    def __or__(self, other: Any) -> Tensor:
        return self.recorder.record(*logic(np.bitwise_or, self, other))

    def __xor__(self, other: Any) -> Tensor:
        return self.recorder.record(*logic(np.bitwise_xor, self, other))

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __invert__(self) -> Tensor:
        return self.recorder.record(*logic(np.invert, self))

    # `x += y` would change the recorded value of x. A NumPy scalar is immutable and rebound, so there it is allowed; an array
    # without axes, such as x[0, ...] or x.reshape(()), is changed in place like any other array.

    def __iadd__(self, other: Any) -> Tensor:
        return self.recorder.record(arithmetic.Add, (self._single("+"), other), NO_PARAMETERS)

    def __isub__(self, other: Any) -> Tensor:
        return self.recorder.record(arithmetic.Subtract, (self._single("-"), other), NO_PARAMETERS)

    def __imul__(self, other: Any) -> Tensor:
        return self.recorder.record(arithmetic.Multiply, (self._single("*"), other), NO_PARAMETERS)

    def __itruediv__(self, other: Any) -> Tensor:
        return self.recorder.record(arithmetic.Divide, (self._single("/"), other), NO_PARAMETERS)

    def __ipow__(self, other: Any) -> Tensor:
        return self.recorder.record(arithmetic.Power, (self._single("**"), other), NO_PARAMETERS)

    def __imatmul__(self, other: Any) -> Tensor:
        return self.recorder.record(linear_algebra.Matmul, (self._single("@"), other), NO_PARAMETERS)

    def _single(self, operator: str) -> Tensor:
        if self.shape or not self._is_scalar():
            raise RecordingError(in_place(operator, sys._getframe(2)))
        return self

    def _is_scalar(self) -> bool:
        """True if NumPy would have a scalar here, and not an array without axes."""
        if type(self.value) is not np.ndarray:
            return True
        op, operands, parameters, *_ = self.recorder.entries[self.id]
        if isinstance(op, str):
            return False
        inputs = [x.value if isinstance(x, Literal) else self.recorder.entries[x][3] for x in operands]
        return not isinstance(op.value(*inputs, **parameters), np.ndarray)

    def __getitem__(self, index: Any) -> Tensor:
        return self.recorder.record(indexing.Take, *indexing.Take.call(self, index))

    def __iter__(self) -> Iterator[Tensor]:
        return (self[position] for position in range(len(self)))

    # Methods of ndarray.

    @property
    def T(self) -> Tensor:
        return self.recorder.record(shaping.Transpose, (self,), {"axes": None})

    def transpose(self, *axes: Any) -> Tensor:
        order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes or None
        return self.recorder.record(shaping.Transpose, *shaping.Transpose.call(self, order))

    def swapaxes(self, axis1: int, axis2: int) -> Tensor:
        return self.recorder.record(shaping.Swapaxes, *shaping.Swapaxes.call(self, axis1, axis2))

    def reshape(self, *shape: Any) -> Tensor:
        sizes = shape[0] if len(shape) == 1 else shape
        return self.recorder.record(shaping.Reshape, *shaping.Reshape.call(self, sizes))

    def ravel(self) -> Tensor:
        return self.recorder.record(shaping.Ravel, (self,), NO_PARAMETERS)

    flatten = ravel

    def squeeze(self, axis: Any = None) -> Tensor:
        return self.recorder.record(shaping.Squeeze, *shaping.Squeeze.call(self, axis))

    def astype(self, dtype: Any) -> Tensor:
        return self.recorder.record(shaping.Astype, *shaping.Astype.call(self, dtype))

    def dot(self, other: Any) -> Tensor:
        return self.recorder.record(linear_algebra.Dot, (self, other), NO_PARAMETERS)

    def clip(self, min: Any = None, max: Any = None) -> Tensor:
        return self.recorder.record(selection.Clip, (self, min, max), NO_PARAMETERS)

    def sum(self, axis: Any = None, *, keepdims: bool = False) -> Tensor:
        return self.recorder.record(reductions.Sum, *reductions.Sum.call(self, axis, keepdims=keepdims))

    def mean(self, axis: Any = None, *, keepdims: bool = False) -> Tensor:
        return self.recorder.record(reductions.Mean, *reductions.Mean.call(self, axis, keepdims=keepdims))

    def max(self, axis: Any = None, *, keepdims: bool = False) -> Tensor:
        return self.recorder.record(reductions.Max, *reductions.Max.call(self, axis, keepdims=keepdims))

    def min(self, axis: Any = None, *, keepdims: bool = False) -> Tensor:
        return self.recorder.record(reductions.Min, *reductions.Min.call(self, axis, keepdims=keepdims))

    def prod(self, axis: Any = None, *, keepdims: bool = False) -> Tensor:
        return self.recorder.record(reductions.Prod, *reductions.Prod.call(self, axis, keepdims=keepdims))

    def var(self, axis: Any = None, *, ddof: float = 0, keepdims: bool = False) -> Tensor:
        return self.recorder.record(reductions.Var, *reductions.Var.call(self, axis, ddof=ddof, keepdims=keepdims))

    def std(self, axis: Any = None, *, ddof: float = 0, keepdims: bool = False) -> Tensor:
        return self.recorder.record(reductions.Std, *reductions.Std.call(self, axis, ddof=ddof, keepdims=keepdims))

    def argmax(self, axis: int | None = None, *, keepdims: bool = False) -> Tensor:
        return self.recorder.record(selection.Argmax, *selection.Argmax.call(self, axis, keepdims=keepdims))

    def argmin(self, axis: int | None = None, *, keepdims: bool = False) -> Tensor:
        return self.recorder.record(selection.Argmin, *selection.Argmin.call(self, axis, keepdims=keepdims))


def plain(value: Any) -> Any:
    """Tensors replaced by their plain arrays, also inside lists and dicts; other values unchanged."""
    if isinstance(value, Tensor):
        return value.value
    if isinstance(value, Mapping):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    return value
