"""Imports of what a command needs, with little work for Python's garbage collector."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tracer.graph.structures.garbage_collection import while_most_objects_stay


@contextmanager
def importing(module: str) -> Iterator[None]:
    """Import a module here, and what goes with it. They stay: later collections leave out all objects that exist by then."""
    if module in sys.modules:
        yield
        return
    with while_most_objects_stay():
        yield
        gc.freeze()
