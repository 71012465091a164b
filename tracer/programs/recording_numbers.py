"""The numbers of a recorded program: Python's and NumPy's own, and arithmetic with them is recorded."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from tracer.programs.recording_array import METHODS, RecordingArray, follow_function, follow_ufunc
from tracer.programs.shadow import MAKERS, current
from tracer.programs.values import Recording, plain
from tracer.recording.tensor import Tensor

_BINARY = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "divmod")
_UNARY = ("neg", "pos", "abs")
_COMPARISONS = ("lt", "le", "eq", "ne", "gt", "ge")


class Arithmetic(Recording):
    """The operators of numbers, recorded; and NumPy's protocols."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        return follow_ufunc(ufunc, method, inputs, options)

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        return follow_function(function, arguments, options)

    def __hash__(self) -> int:
        return hash(self.plain())


def _follow(compute: Callable[..., Any], *arguments: Any) -> Any:
    shadow = current()
    return compute(*plain(arguments)) if shadow is None else shadow.follow(compute, *arguments)


def _binary(name: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    function = divmod if name == "divmod" else getattr(operator, name)

    def forward(self: Any, other: Any) -> Any:
        return _follow(function, self, other)

    def reflected(self: Any, other: Any) -> Any:
        return _follow(function, other, self)

    return forward, reflected


def _unary(name: str) -> Callable[[Any], Any]:
    function = getattr(operator, name)

    def method(self: Any) -> Any:
        return _follow(function, self)

    return method


def _comparison(name: str) -> Callable[[Any, Any], Any]:
    function = getattr(operator, name)

    def method(self: Any, other: Any) -> Any:
        # Left to the two classes, a float and a scalar of NumPy's would ask each other without end.
        return NotImplemented if isinstance(other, np.ndarray) else function(self.plain(), plain(other))

    return method


for _name in _COMPARISONS:
    setattr(Arithmetic, f"__{_name}__", _comparison(_name))
for _name in _BINARY:
    _forward, _reflected = _binary(_name)
    setattr(Arithmetic, f"__{_name}__", _forward)
    setattr(Arithmetic, f"__r{_name}__", _reflected)
for _name in _UNARY:
    setattr(Arithmetic, f"__{_name}__", _unary(_name))


class RecordingFloat(Arithmetic, float):
    """A Python float that records."""

    tensor: Tensor | None = None
    plain_type = float

    def plain(self) -> float:
        return float(self)

    def __reduce__(self) -> Any:
        return float, (float(self),)

    def __deepcopy__(self, memo: Any) -> Any:
        return self


class RecordingInt(Arithmetic, int):
    """A Python int that records: `w = 0` may be where a parameter starts."""

    tensor: Tensor | None = None
    plain_type = int

    def plain(self) -> int:
        return int(self)

    def __reduce__(self) -> Any:
        return int, (int(self),)

    def __deepcopy__(self, memo: Any) -> Any:
        return self


def _delegated(name: str) -> Any:
    """An attribute of a scalar, of the plain one: NumPy looks scalars up by their exact type. Methods that compute record."""
    if name in METHODS:

        def compute(value: Any, *arguments: Any, **options: Any) -> Any:
            return getattr(value, name)(*arguments, **options)

        def method(self: Any, *arguments: Any, **options: Any) -> Any:
            return _follow(compute, self, *arguments, **options)

        return method
    if not callable(getattr(np.float64, name)):
        return property(lambda self: getattr(self._plain, name))
    return lambda self, *arguments, **options: getattr(self._plain, name)(*arguments, **options)


_DELEGATED = (
    "__repr__", "__str__", "__format__", "__getitem__", "__array__", "__round__", "__invert__",
    *(name for name in dir(np.generic) if not name.startswith("_") and name not in ("T", "real", "item", "tolist")),
)  # fmt: skip


class Scalar(Arithmetic):
    """A scalar of NumPy's that records."""

    tensor: Tensor | None = None
    __iter__ = None
    _plain: Any

    def plain(self) -> Any:
        return self._plain

    @property
    def T(self) -> Any:
        return self

    @property
    def real(self) -> Any:
        return self

    def item(self, *arguments: Any) -> Any:
        """The value as a Python number, which goes on recording."""
        return python_number(self._plain.item(*arguments), self)

    def tolist(self) -> Any:
        return self.item()

    def __reduce__(self) -> Any:
        return self._plain.__reduce__()

    def __deepcopy__(self, memo: Any) -> Any:
        return self


for _name in _DELEGATED:
    setattr(Scalar, _name, _delegated(_name))


def _scalar(kind: type[np.generic]) -> type[Any]:
    """The class of the scalars of a dtype that record."""

    def new(cls: Any, value: Any) -> Any:
        made = kind.__new__(cls, value)
        made._plain = value if type(value) is kind else kind(value)
        return made

    # NumPy finds the dtype of a scalar by the first base of its class: the methods that record are put into the class itself.
    bases = (Recording, Arithmetic, Scalar)
    methods = {name: value for base in bases for name, value in vars(base).items() if name not in _OF_CLASS}
    return type(f"numpy.{kind.__name__}", (kind, Scalar), {**methods, "__new__": new, "plain_type": kind})


_OF_CLASS = ("__dict__", "__weakref__", "__module__", "__doc__", "__annotations__", "__new__")


def plain_numbers(value: Any) -> Any:
    """Values with their numbers as they are without a record, also inside lists and tuples; arrays go on recording."""
    if isinstance(value, Arithmetic):
        return value.plain()
    if type(value) in (list, tuple):
        return type(value)(map(plain_numbers, value))
    return value


def python_number(value: Any, recording: Recording) -> Any:
    """A Python number made of a value that records; it stands for the same node."""
    if current() is None or type(value) not in (float, int):
        return value
    number = RecordingFloat(value) if type(value) is float else RecordingInt(value)
    if recording.tensor is not None:
        number.tensor = recording.tensor
    return number


# Messages of errors name the class.
for _class, _name in ((RecordingFloat, "float"), (RecordingInt, "int")):
    _class.__name__ = _class.__qualname__ = _name
MAKERS[float] = RecordingFloat
MAKERS[int] = RecordingInt
for _kind in (np.float64, np.float32, np.int64):
    MAKERS[_kind] = _scalar(_kind)


def _array_item(array: RecordingArray, *index: Any) -> Any:
    """`x.item()`: a Python number, which goes on recording."""
    value = array.plain().item(*plain(index))
    if current() is None:
        return value
    if len(index) == 1 and isinstance(index[0], tuple):
        index = index[0]
    return python_number(value, array[index] if len(index) > 1 else array.reshape(-1)[index[0] if index else 0])


def _array_as_list(array: RecordingArray) -> Any:
    """`x.tolist()`: lists of Python numbers, which go on recording."""
    if current() is None or array.size > MAX_LISTED:
        return array.plain().tolist()
    return array.item() if array.ndim == 0 else [each.tolist() for each in array]


MAX_LISTED = 10_000
"""The numbers of larger arrays do not record one by one."""

setattr(RecordingArray, "item", _array_item)  # noqa: B010
setattr(RecordingArray, "tolist", _array_as_list)  # noqa: B010
