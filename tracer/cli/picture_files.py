"""Writes the pictures of a trace: the booklet, and pictures of steps in every format."""

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
    """Draws pictures and writes them into a folder; `engine` lays them out, None if no format needs a layout.

    `missing_glyphs` collects characters that no font has, `arrow_counts` and `lengths` the sizes
    of Mermaid pictures with too many arrows or characters.
    """

    options: PictureOptions
    folder: OutputFolder
    engine: Engine | None
    missing_glyphs: dict[str, None] = field(default_factory=dict)
    arrow_counts: list[int] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)

    def booklet(self, trace: Trace, name: str, histories: Sequence[ParameterHistory], notice: str) -> Path:
        """Write a PDF: the booklet of the trace's steps, or the requested picture of each step."""
        from tracer.views.booklet.booklet import booklet
        from tracer.views.booklet.slides import slides

        options = self.options
        if not options.is_booklet:
            found = ((step, diagram) for step in trace.steps for _, diagram in diagrams(step, options.spec, options.style))
            drawings = [self._laid_out(step, diagram) for step, diagram in found]
            return self._write_pdf(name, slides(trace.scenario, drawings, options.style))
        # By default only the first and last step get a page for every operation.
        detailed = None if options.extent == "all" else [step.index for step in (*trace.steps[:1], *trace.steps[-1:])]
        document = booklet(
            trace, self._layout("tensor"), options.style,
            extent=options.extent or "all", page_by_page=detailed, histories=histories, notice=notice,
        )  # fmt: skip
        return self._write_pdf(name, document)

    def _write_pdf(self, name: str, document: str) -> Path:
        from tracer.rendering.document import pdf

        self._check_glyphs(document)
        return self.folder.write(name, pdf(document))

    def _check_glyphs(self, text: str) -> None:
        """Collect the characters that no font has; fonts are known to have those of the message catalogue."""
        unknown = "".join(sorted({character for character in text if not character.isascii()} - CHARACTERS))
        if unknown:
            from tracer.rendering.glyphs import missing_glyphs

            self.missing_glyphs.update(dict.fromkeys(missing_glyphs(unknown)))

    def warnings(self) -> Iterator[str]:
        """Warnings about pictures that may not display correctly."""
        from tracer.views.diagrams.mermaid import MAX_ARROWS, MAX_CHARACTERS

        tell = self.options.style.tell
        if self.missing_glyphs:
            listed = ", ".join(f"{character} (U+{ord(character):04X})" for character in self.missing_glyphs)
            yield tell("no font has these characters, they are not seen: {characters}", characters=listed)
        if self.arrow_counts:
            yield tell(
                "a Mermaid picture has {count:,} arrows, GitHub draws up to {most:,}: --focus or --phase draws a part",
                count=max(self.arrow_counts),
                most=MAX_ARROWS,
            )
        if self.lengths:
            yield tell(
                "a Mermaid picture has {count:,} characters, GitHub draws up to {most:,}: --focus or --phase draws a part",
                count=max(self.lengths),
                most=MAX_CHARACTERS,
            )

    def pictures(self, steps: Sequence[Step], stem: str, kind: str) -> Iterator[Path]:
        """Write the pictures of these steps.

        A single picture is named by the stem. Several, and any without a stem, are named by step and phase too.
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
            from tracer.views.diagrams.mermaid import MAX_ARROWS, MAX_CHARACTERS, arrows_of, length_of, mermaid

            text, arrows = mermaid(diagram, style), len(arrows_of(diagram))
            if arrows > MAX_ARROWS:
                self.arrow_counts.append(arrows)
            if length_of(text) > MAX_CHARACTERS:
                self.lengths.append(length_of(text))
            return text.encode()
        if kind == "dot":
            from tracer.views.diagrams.dot import dot

            return dot(diagram, style).encode()
        drawing = self._laid_out(step, diagram)
        if kind == "svg":
            return drawing.svg.encode()
        from tracer.rendering.document import png

        self._check_glyphs(drawing.svg)
        return png(drawing, background=style.theme.background)

    def _laid_out(self, step: Step, diagram: Diagram) -> Drawing:
        from tracer.views.diagrams.dot import dot

        return self._layout(self.options.spec.zoom_of(step))(dot(diagram, self._style(step)))

    def _style(self, step: Step) -> Style:
        return self.options.style.with_default_direction(zoom_named(self.options.spec.zoom_of(step)).direction)

    def _layout(self, zoom: str) -> Layout:
        assert self.engine is not None, "find_engine was called before"
        return functools.partial(self.engine.layout, hint=zoom_named(zoom).if_too_large)
