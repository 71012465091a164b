"""Tells when the program has imported Keras, which it may do after the recording has begun."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

NAME = "keras"


def when_imported(undo: ExitStack, then: Callable[[ModuleType], None]) -> None:
    """Call `then` with Keras once it is imported, at once if it is already; not any more when `undo` is closed."""
    if NAME in sys.modules:
        then(sys.modules[NAME])
        return
    finder = _Finder(then)
    sys.meta_path.insert(0, finder)
    undo.callback(finder.remove)


class _Finder(MetaPathFinder):
    """Finds Keras as Python does, and tells when its code has run."""

    def __init__(self, then: Callable[[ModuleType], None]) -> None:
        self._then = then

    def remove(self) -> None:
        """Find nothing any more."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname != NAME:
            return None
        self.remove()
        spec = importlib.util.find_spec(fullname)
        loader: Any = spec.loader if spec is not None else None
        if loader is None or not hasattr(loader, "exec_module"):
            return spec
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            del loader.exec_module
            execute(module)
            self._then(module)

        loader.exec_module = exec_module
        return spec
