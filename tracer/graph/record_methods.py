"""What records can do besides holding data, as base classes: copies, display in notebooks, and what the commands do.

`copy.deepcopy` and `pickle` give plain data with the same bits, also of a record from a file.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeGuard, TypeVar

import numpy as np

from tracer.graph.strides import PackedArray, pack
from tracer.i18n.message import Message

Record = TypeVar("Record")

NOTEBOOK_MODULE = "tracer.notebook"
"""The module whose `mime_bundle` displays records."""

COMMANDS_MODULE = "tracer.cli.calls"
"""The module that does for records in Python what the commands do for files."""


_WRONG_GRADIENTS = frozenset({"check_wrong", "program_check_wrong", "program_check_departs"})


def is_wrong(verdict: Message | None) -> TypeGuard[Message]:
    """Whether the verdict of a trace, or of a run that is one later, says that a gradient is wrong."""
    return verdict is not None and verdict.code in _WRONG_GRADIENTS


class Displayable:
    """A record with a diagram and a text for notebooks."""

    __slots__ = ()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        # Imported by name: display is in a layer above the record.
        bundle: dict[str, str] = importlib.import_module(NOTEBOOK_MODULE).mime_bundle(self)
        return bundle

    def _repr_html_(self) -> str | None:
        """What marimo shows: of a bundle it would show every representation behind a tab."""
        return self._repr_mimebundle_().get("text/html")


class Viewable(Displayable):
    """A trace, a step, or a run: with the views that the commands of these names give.

    The texts are strings that a notebook and the interactive Python show as they are; a script prints them.
    """

    __slots__ = ()

    def viewed(self) -> Any:
        """The trace or step that is shown."""
        return self

    def log(self, *, digits: int = 4) -> str:
        """The step log, as `tracer log` prints it."""
        text: str = _calls().log(self.viewed(), digits)
        return text

    def render(self, path: str | Path, *, step: int | None = None, **options: Any) -> list[Path]:
        """Draw the run as `tracer render` does: a booklet as .pdf, a page that plays the run as .html, a picture as .svg, .png,
        .dot or .mmd; returns the files.

        `options` are those of the command: zoom, focus, focus_down, phase, direction, theme, pages, engine, lang, slide, sample,
        build, weights, width, dpi, ask, exercise.
        """
        written: list[Path] = _calls().render(self.viewed(), path, step, options)
        return written

    def slide(self, *, step: int | None = None, sample: int | Sequence[int] | None = None, **options: Any) -> str:
        """A step as one slide, as SVG text that a notebook shows: values above the wires, gradients below.

        `sample` is the index of a sample, or those of several beside each other. `options` are those of the command: theme, lang,
        weights, and build, a series that plays. `render(path, slide=True)` writes a file.
        """
        text: str = _calls().slide(self.viewed(), step, sample, options)
        return text

    def player(self, *, step: int | None = None, node: str | int | Displayable = "", **options: Any) -> str:
        """The run as one HTML page that steps through it, which a notebook shows in a frame.

        It opens at this step, by default the first, and at the inspector of this node or element: a name such as dL/dW2 or
        W[0,2], the number of a node, or a node. `options` are those of the command: theme, lang, ask, exercise.
        `render("run.html")` writes a file.
        """
        text: str = _calls().player(self.viewed(), step, node, options)
        return text

    def show(self, name: str, *, step: int | None = None, digits: int = 4) -> str:
        """One value, or one element such as W[0,2], as `tracer show` prints it."""
        text: str = _calls().show(self.viewed(), name, step, digits)
        return text

    def blame(self, *, of: str = "", nan: bool = False, digits: int = 4) -> str:
        """The operation that made a result NaN or infinite, as `tracer blame` prints it."""
        text: str = _calls().blame(self.viewed(), of, nan, digits)
        return text

    def doctor(self) -> str:
        """What hinders the training, as `tracer doctor` prints it."""
        text: str = _calls().doctor(self.viewed())
        return text

    def save(self, path: str | Path, values: str = "all") -> None:
        """Write a trace file, as `tracer.save` does."""
        _calls().save(self.viewed(), path, values)


def _calls() -> Any:
    # Imported by name: the commands are in a layer above the record.
    return importlib.import_module(COMMANDS_MODULE)


class Copyable:
    """A frozen dataclass whose copies hold everything in memory: lazily loaded parts are loaded."""

    __slots__ = ()

    def __copy__(self: Record) -> Record:
        return self  # it is immutable

    def __reduce__(self) -> tuple[Any, ...]:
        fields = dataclasses.fields(self)  # type: ignore[arg-type]
        return _rebuilt, (type(self), tuple(_plain(getattr(self, field.name)) for field in fields if field.init))


def _plain(value: Any) -> Any:
    """A field without references to a file or a recording."""
    if isinstance(value, np.ndarray):
        return pack(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(dict(each) if isinstance(each, Mapping) else each for each in value)
    return value


def _rebuilt(kind: type, values: Sequence[Any]) -> Any:
    return kind(*(value.unpacked() if isinstance(value, PackedArray) else value for value in values))
