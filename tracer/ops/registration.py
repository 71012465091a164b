"""The registry of operations, in which NumPy's protocols look them up, and what operations implement and return."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeAlias, TypeVar

import numpy as np

from tracer.arguments import native
from tracer.errors import RecordingError, UsageError
from tracer.ops.domain import Domain

Operation = TypeVar("Operation")

NUMERIC_KINDS = "biufc"
"""The kinds of dtypes that a record holds: booleans and numbers."""


Implemented: TypeAlias = Callable[..., Any] | str
"""A function that an operation implements: of NumPy, or of another library by its full name."""


class LibraryFunction:
    """A function by its full name, such as `scipy.special.expit`. The library is imported when the function is called first.

    >>> LibraryFunction("math.hypot")(3, 4), LibraryFunction("math.hypot").library
    (5.0, 'math')
    """

    def __init__(self, name: str) -> None:
        self._module, _, self.__name__ = name.rpartition(".")
        self.library = name.partition(".")[0]

    @property
    def is_installed(self) -> bool:
        """True if the library can be imported. It is not imported for that."""
        return self.library in sys.modules or importlib.util.find_spec(self.library) is not None

    def loaded(self) -> Callable[..., Any] | None:
        """The function, if a program has imported the library."""
        return getattr(sys.modules.get(self._module), self.__name__, None)

    def __call__(self, *inputs: Any, **parameters: Any) -> Any:
        """Call the function. Raises ImportError if the library is not installed."""
        function = self.loaded() or getattr(importlib.import_module(self._module), self.__name__)
        return function(*inputs, **parameters)


def functions_of(implements: Implemented | tuple[Implemented, ...]) -> tuple[Callable[..., Any], ...]:
    """The functions that an operation implements."""
    each = implements if isinstance(implements, tuple) else (implements,)
    return tuple(LibraryFunction(one) if isinstance(one, str) else one for one in each)


class Registry(Generic[Operation]):
    """Looks up operations by name and by the NumPy function they implement.

    The modules of the package that define operations are imported when one is looked up: each line of `contents` is a module
    and the names of operations in it and of the functions that they implement. For a function that it lacks all are imported.
    """

    def __init__(self, contents: str = "") -> None:
        self._modules: dict[str, list[str]] = {}
        for line in contents.splitlines():
            module, *names = line.split()
            for name in names:
                self._modules.setdefault(name, []).append(module)
        self._not_imported = {module for modules in self._modules.values() for module in modules}
        self._named: dict[str, Operation] = {}
        self._implementing: dict[Any, Operation] = {}
        self._of_libraries: dict[LibraryFunction, Operation] = {}

    def add(self, name: str, op: Operation, implemented: tuple[Callable[..., Any], ...], *, of_package: bool) -> None:
        """Register an operation. It replaces one that has this name or implements the same function.

        One of the package does not: it may be imported after a user's operation that replaces it.
        """
        if not of_package or name not in self._named:
            self._named[name] = op
        for function in implemented:
            table: dict[Any, Operation] = self._of_libraries if isinstance(function, LibraryFunction) else self._implementing
            if not of_package or function not in table:
                table[function] = op

    def named(self, name: str) -> Operation | None:
        """The operation of that name; None if a trace names one that is not registered."""
        found = self._named.get(name)
        if found is None and name in self._modules:
            self._import(self._modules[name])
            found = self._named.get(name)
        return found

    def implementing(self, function: Callable[..., Any]) -> Operation | None:
        """The operation that implements a function of NumPy or of another library; None if there is none."""
        found = self._implementing.get(function)
        if found is None and self._not_imported:
            self._import(self._modules.get(getattr(function, "__name__", "")) or sorted(self._not_imported))
            found = self._implementing.get(function)
        if found is None:
            for known, op in self._of_libraries.items():
                if known.loaded() is function:
                    found = self._implementing[function] = op
        return found

    def _import(self, modules: Iterable[str]) -> None:
        for module in modules:
            importlib.import_module(module)
            self._not_imported.discard(module)

    def __iter__(self) -> Iterator[Operation]:
        """All operations, in the order of their names."""
        self._import(sorted(self._not_imported))
        return iter([op for _, op in sorted(self._named.items())])


_WITH_LIKE = (np.zeros, np.empty, np.ones, np.full)
"""Functions that ask only their argument `like`."""


def check_declaration(op: Any, implemented: tuple[Callable[..., Any], ...]) -> None:
    """Raise UsageError for declarations that would otherwise be silently ignored."""
    for function in implemented:
        known = isinstance(function, (np.ufunc, LibraryFunction)) or hasattr(function, "_implementation")
        if not known and function not in _WITH_LIKE:
            name = getattr(function, "__name__", repr(function))
            raise UsageError(
                f"{op.__name__} implements {name}, which is no function of NumPy's that asks its arguments: leave `implements`"
                f" out, and call {op.__name__}.apply(...)"
            )
    for name in vars(op):
        input_name = name.removeprefix("gradient_")
        if input_name != name and input_name not in op.inputs:
            raise UsageError(f"{op.__name__} has a rule {name} and no input {input_name}: its inputs are {', '.join(op.inputs)}")
    if not (isinstance(op.domain, tuple) and all(isinstance(each, Domain) for each in op.domain)):
        raise UsageError(f"{op.__name__}: the domain is a tuple with a Domain for each input, as in domain = (REAL,)")


class NumbersOnly:
    """The function of a user-defined operation: its result is in the byte order of this machine."""

    def __init__(self, name: str, value: Callable[..., Any]) -> None:
        self._name, self._value = name, value
        self.__code__ = getattr(value, "__code__", None)  # names the inputs of an operation that inherits it

    def __call__(self, *inputs: Any, **parameters: Any) -> Any:
        """The result; raises RecordingError if it is no array of numbers."""
        result = self._value(*inputs, **parameters)
        if isinstance(result, (bool, int, float, complex, np.generic)):
            return result
        array = np.asarray(result)
        if array.dtype.kind not in NUMERIC_KINDS:
            raise RecordingError(f"the operation {self._name} returned an array of {array.dtype}: a record holds numbers")
        return native(array)
