"""Rich display in notebooks, as a base class."""

from __future__ import annotations

import importlib
from typing import Any

NOTEBOOK_MODULE = "tracer.notebook"
"""The module whose `mime_bundle` displays records."""


class Displayable:
    """A record with a diagram and a text for notebooks."""

    __slots__ = ()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        # Imported by name: display is in a layer above the record.
        bundle: dict[str, str] = importlib.import_module(NOTEBOOK_MODULE).mime_bundle(self)
        return bundle
