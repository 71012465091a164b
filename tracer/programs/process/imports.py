"""The text of a program and of the modules beside it, rewritten when it is imported."""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType
from typing import Any

from tracer.programs.calls.silence import without_warnings
from tracer.programs.rewriting import rewritten


def compiled(text: str | bytes, filename: str) -> CodeType:
    """The code of a program, rewritten. Raises SyntaxError, and warns, as Python does for the text as it stands."""
    compile(text, filename, "exec", dont_inherit=True)
    with without_warnings():
        return compile(rewritten(ast.parse(text, filename)), filename, "exec", dont_inherit=True)


class _Loader(importlib.machinery.SourceFileLoader):
    """Loads a module as Python does, with its text rewritten."""

    def get_code(self, fullname: str) -> CodeType | None:
        filename = self.get_filename(fullname)
        return compiled(self.get_data(filename), filename)


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, folder: Path, filenames: set[str]) -> None:
        self._folder = folder
        self._filenames = filenames

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        found = importlib.machinery.PathFinder.find_spec(name, path, target)
        origin = found.origin if found is not None else None
        if origin is None or not origin.endswith(".py") or not Path(origin).is_relative_to(self._folder):
            return None
        if "site-packages" in Path(origin).relative_to(self._folder).parts or Path(origin).is_relative_to(sys.prefix):
            return None
        assert found is not None
        self._filenames.add(origin)
        return importlib.util.spec_from_file_location(
            name, origin, loader=_Loader(name, origin), submodule_search_locations=found.submodule_search_locations
        )


def attributes_of(module: object) -> dict[str, Any]:
    """The variables of a module, asked without loading one that is loaded when it is first used."""
    try:
        found: dict[str, Any] = object.__getattribute__(module, "__dict__")
    except AttributeError:  # something else that was put in the place of a module
        return {}
    return found


@contextmanager
def importing(filename: str, filenames: set[str]) -> Iterator[None]:
    """Inside, the modules beside a file are imported rewritten; their files are added to `filenames`."""
    finder = _Finder(Path(os.path.realpath(filename)).parent, filenames)
    before = dict(sys.modules)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name, module in list(sys.modules.items()):
            if isinstance(attributes_of(module).get("__loader__"), _Loader):
                del sys.modules[name]
                if name in before:
                    sys.modules[name] = before[name]
