"""Functions that a program calls: which belong to libraries that do not record, and take plain values."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Collection
from enum import StrEnum
from typing import Any

import numpy as np

_GENERATORS = (np.random.Generator, np.random.RandomState)
_RECORDED = frozenset({"tracer", "__main__"})
_WATCHED = frozenset({"math", "scipy"})
_PLAIN = ("numpy.ma", "numpy.matrixlib", "numpy.random", "numpy.rec", "numpy.char", "numpy.strings", "statistics")


class Belonging(StrEnum):
    """How a function is called: as it is, also if it does not record; with plain values, which may be noted as having left."""

    RECORDED = "recorded"
    WATCHED = "watched"
    PLAIN = "plain"
    FOREIGN = "foreign"


class Libraries:
    """Tells to what functions belong. `filenames` are the files of the program."""

    def __init__(self, filenames: Collection[str]) -> None:
        self._filenames = filenames
        self._known: dict[str, Belonging | None] = {}

    def belonging(self, function: Any) -> Belonging:
        """How a function is called."""
        if function is builtins.round:
            return Belonging.WATCHED
        module = getattr(function, "__module__", None)
        if not isinstance(module, str):
            return Belonging.PLAIN if isinstance(getattr(function, "__self__", None), _GENERATORS) else Belonging.RECORDED
        if module not in self._known:
            self._known[module] = self._of_module(module)
        found = self._known[module]
        if found is None:  # NumPy, some of whose functions ask their arguments
            asks = isinstance(function, np.ufunc) or hasattr(function, "_implementation")
            return Belonging.RECORDED if asks else Belonging.PLAIN
        return found

    def _of_module(self, module: str) -> Belonging | None:
        name = module.partition(".")[0]
        if module.startswith(_PLAIN):
            return Belonging.PLAIN
        if name == "numpy":
            return None
        if name in _WATCHED:
            return Belonging.WATCHED
        if name in sys.stdlib_module_names or name in _RECORDED:
            return Belonging.RECORDED
        filename = getattr(sys.modules.get(name), "__file__", None)
        return Belonging.FOREIGN if filename is not None and filename not in self._filenames else Belonging.RECORDED
