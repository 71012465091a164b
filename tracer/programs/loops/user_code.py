"""Tells the user's code from libraries: a loop of one's own may call functions of any of the user's modules."""

from __future__ import annotations

import os
import sysconfig
from pathlib import PurePath

from tracer.recording.source import PACKAGE

_LIBRARIES = tuple(
    os.path.join(path, "")  # noqa: PTH118 (a prefix, with the separator at its end)
    for path in {str(PACKAGE), *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))}
)
_INSTALLED = frozenset({"site-packages", "dist-packages"})
_GENERATED = ("<frozen ", "<__array_function__")


class UserFiles(set[str]):
    """The files of the user: all that are not of Python, this package or an installed one."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, bool] = {}

    def __contains__(self, filename: object) -> bool:
        if not isinstance(filename, str):
            return False
        found = self._known.get(filename)
        if found is None:
            found = self._known[filename] = is_user_file(filename)
        return found


def is_user_file(filename: str) -> bool:
    """Whether code from a file is the user's.

    >>> import numpy
    >>> [is_user_file(name) for name in ("/home/me/train.py", numpy.__file__, os.__file__, "<stdin>", "<frozen os>")]
    [True, False, False, True, False]
    """
    if filename.startswith(_GENERATED) or _INSTALLED.intersection(PurePath(filename).parts):
        return False
    return not filename.startswith(_LIBRARIES)
