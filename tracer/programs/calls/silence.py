"""Computes without warnings, so that Python still knows which ones it has given."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

_IGNORE = ("ignore", None, Warning, None, 0)


class without_warnings:  # noqa: N801 (used as a function, and called for every operation)
    """Inside, neither Python nor NumPy warns.

    `warnings.catch_warnings` would make Python forget which warnings it has given, and give them again.
    """

    __slots__ = ("_errors", "_filters")

    def __enter__(self) -> None:
        filters: Any = warnings.filters  # the list that Python looks at
        self._filters = filters
        filters.insert(0, _IGNORE)
        self._errors = np.errstate(all="ignore")
        self._errors.__enter__()

    def __exit__(self, *_: object) -> None:
        self._errors.__exit__(None, None, None)
        self._filters.remove(_IGNORE)
