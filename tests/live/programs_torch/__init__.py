"""PyTorch programs of many kinds, as functions that return the tensors that were trained.

Each module has a dict PROGRAMS. A program knows nothing of the recording.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import architectures, backwards, data, extending, optimizing, several_models, tensors, writing

PROGRAMS: dict[str, Callable[[], Any]] = {
    **architectures.PROGRAMS,
    **optimizing.PROGRAMS,
    **several_models.PROGRAMS,
    **backwards.PROGRAMS,
    **extending.PROGRAMS,
    **writing.PROGRAMS,
    **tensors.PROGRAMS,
    **data.PROGRAMS,
}
"""The programs by name."""
