"""Warnings of NumPy's name the line of the program, as without a record: not the line at which the recorder calls NumPy."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tracer.programs.shadow import Shadow

_FOLDER = str(Path(__file__).parent)


@contextmanager
def warnings_at_the_program(record: Shadow) -> Iterator[None]:
    """Show warnings that are raised while an operation is recorded at the line of the program that computes it.

    The filters of the program apply, also whether a warning is shown once or always.
    """
    show = warnings.showwarning

    def show_at_line(message: Any, category: Any, filename: str, *rest: Any, **options: Any) -> None:
        frame = record.user_frame(sys._getframe(1)) if filename.startswith(_FOLDER) else None
        if frame is None:
            show(message, category, filename, *rest, **options)
            return
        registry = frame.f_globals.setdefault("__warningregistry__", {})
        module = frame.f_globals.get("__name__", "<unknown>")
        warnings.showwarning = show
        try:
            warnings.warn_explicit(message, category, frame.f_code.co_filename, frame.f_lineno, module, registry)
        finally:
            warnings.showwarning = show_at_line

    with warnings.catch_warnings():
        warnings.filterwarnings("always", module=r"tracer\.programs\.")
        warnings.showwarning = show_at_line
        yield
