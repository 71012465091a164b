"""The pictures of a trace as files: the booklet, and the diagram of every phase of a step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from tracer.cli.files import OutputFolder
from tracer.graph import Step, Trace
from tracer.rendering.engine import Engine

PICTURES = ("svg", "png", "dot")


def write_booklet(trace: Trace, notice: str, folder: OutputFolder, name: str, engine: Engine) -> Path:
    """Write the booklet of the steps that a trace has."""
    from tracer.rendering.document import pdf
    from tracer.views.booklet import booklet

    return folder.write(name, pdf(booklet(trace, engine.layout, notice)))


def write_diagrams(
    steps: Sequence[Step], folder: OutputFolder, stem: str, kind: str, engine: Engine | None, phases: Sequence[str] = ()
) -> Iterator[Path]:
    """Write a picture of every phase of these steps, or of the phases named.

    A picture is called after its step and phase, behind the stem; where one was asked for, by the stem alone.
    """
    from tracer.views.diagram import phase_diagrams

    is_one = bool(stem) and len(steps) == 1 and len(phases) == 1
    for step in steps:
        for phase, drawn in phase_diagrams(step):
            if phases and phase not in phases:
                continue
            name = stem if is_one else f"{stem}{'-' if stem else ''}step-{step.index}-{phase}"
            yield folder.write(f"{name}.{kind}", _picture(drawn.dot, kind, engine))


def _picture(dot: str, kind: str, engine: Engine | None) -> bytes:
    if kind == "dot" or engine is None:
        return dot.encode()
    drawing = engine.layout(dot)
    if kind == "svg":
        return drawing.svg.encode()
    from tracer.rendering.document import png

    return png(drawing)
