"""Writes the pictures of a trace: the booklet, and single pictures of steps in every format."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tracer.cli.files import OutputFolder
from tracer.cli.picture_options import PictureOptions
from tracer.graph.record import Step, Trace
from tracer.i18n.language import CHARACTERS
from tracer.rendering.engine import Engine
from tracer.views.diagrams.diagram import Diagram
from tracer.views.diagrams.theme import Style
from tracer.views.diagrams.zoom import diagrams, zoom_named
from tracer.views.parameter_history import ParameterHistory
from tracer.views.svg import Drawing, Layout

PICTURES = ("svg", "png", "dot", "mmd")
TEXTS = ("dot", "mmd")
"""Formats that another program lays out."""


@dataclass(frozen=True, slots=True)
class PictureWriter:
    """Draws what is wished for and writes it into a folder; `engine` lays out, where something is to be.

    `missing_glyphs` collects the characters that no font of a picture has, `crowded` the arrows of Mermaid pictures that have
    too many.
    """

    options: PictureOptions
    folder: OutputFolder
    engine: Engine | None
    missing_glyphs: dict[str, None] = field(default_factory=dict)
    crowded: list[int] = field(default_factory=list)

    def booklet(self, trace: Trace, name: str, histories: Sequence[ParameterHistory], notice: str) -> Path:
        """Write the booklet of the steps that a trace has, or the picture of each that is wished for."""
        from tracer.views.booklet.booklet import booklet
        from tracer.views.booklet.slides import slides

        options = self.options
        if not options.is_booklet:
            found = ((step, diagram) for step in trace.steps for _, diagram in diagrams(step, options.spec, options.style))
            drawings = [self._laid_out(step, diagram) for step, diagram in found]
            return self._write_pdf(name, slides(trace.scenario, drawings, options.style))
        # Unless they are all asked for, only the ends of a long row of steps have a page for every operation.
        ends = None if options.extent == "all" else [step.index for step in (*trace.steps[:1], *trace.steps[-1:])]
        document = booklet(
            trace, self._layout("tensor"), options.style,
            extent=options.extent or "all", page_by_page=ends, histories=histories, notice=notice,
        )  # fmt: skip
        return self._write_pdf(name, document)

    def _write_pdf(self, name: str, document: str) -> Path:
        from tracer.rendering.document import pdf

        self._look_at(document)
        return self.folder.write(name, pdf(document))

    def _look_at(self, text: str) -> None:
        """Note the characters of a text that no font has; those of the catalogue are known to be there."""
        unknown = "".join(sorted({character for character in text if not character.isascii()} - CHARACTERS))
        if unknown:
            from tracer.rendering.glyphs import missing_glyphs

            self.missing_glyphs.update(dict.fromkeys(missing_glyphs(unknown)))

    def warnings(self) -> Iterator[str]:
        """What is to be said of pictures that not everybody will see as they are meant."""
        tell = self.options.style.tell
        if self.missing_glyphs:
            listed = ", ".join(f"{character} (U+{ord(character):04X})" for character in self.missing_glyphs)
            yield tell("no font has these characters, they are not seen: {characters}", characters=listed)
        if self.crowded:
            most = max(self.crowded)
            yield tell("a picture has {count} arrows: Mermaid draws up to 499 unless its maxEdges says more", count=most)

    def pictures(self, steps: Sequence[Step], stem: str, kind: str) -> Iterator[Path]:
        """Write the pictures of these steps.

        One alone is called by the stem; several also by step and phase, and without a stem a picture always is.
        """
        found = [
            (step, phase, diagram) for step in steps for phase, diagram in diagrams(step, self.options.spec, self.options.style)
        ]
        for step, phase, diagram in found:
            spec = self.options.spec
            what = phase or ("focus" if spec.focus else spec.zoom if spec.zoom != "tensor" else "")
            full = "-".join(part for part in (stem, f"step-{step.index}", what) if part)
            yield self.folder.write(f"{stem if stem and len(found) == 1 else full}.{kind}", self._content(step, diagram, kind))

    def _content(self, step: Step, diagram: Diagram, kind: str) -> bytes:
        style = self._style(step)
        if kind == "mmd":
            from tracer.views.diagrams.mermaid import MAX_ARROWS, mermaid

            if len(diagram.arrows) > MAX_ARROWS:
                self.crowded.append(len(diagram.arrows))
            return mermaid(diagram, style).encode()
        if kind == "dot":
            from tracer.views.diagrams.dot import dot

            return dot(diagram, style).encode()
        drawing = self._laid_out(step, diagram)
        if kind == "svg":
            return drawing.svg.encode()
        from tracer.rendering.document import png

        self._look_at(drawing.svg)
        return png(drawing, background=style.theme.background)

    def _laid_out(self, step: Step, diagram: Diagram) -> Drawing:
        from tracer.views.diagrams.dot import dot

        return self._layout(self.options.spec.zoom_of(step))(dot(diagram, self._style(step)))

    def _style(self, step: Step) -> Style:
        return self.options.style.with_default_direction(zoom_named(self.options.spec.zoom_of(step)).direction)

    def _layout(self, zoom: str) -> Layout:
        assert self.engine is not None, "found before anything is drawn"
        return functools.partial(self.engine.layout, hint=zoom_named(zoom).if_too_large)
