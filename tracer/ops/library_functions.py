"""Functions of libraries that need not be installed."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from typing import Any, TypeAlias

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
