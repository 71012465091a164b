"""Writes the pictures of a trace: the booklet, and pictures of steps in every format."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import InitVar, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tracer.cli.files import OutputFolder
from tracer.cli.picture_options import TEXTS, PictureOptions
from tracer.cli.progress import Counter
from tracer.graph.record import Step, Trace
from tracer.graph.single_step import UNNAMED
from tracer.graph.structures.garbage_collection import while_most_objects_stay
from tracer.i18n.language import characters
from tracer.rendering.engine import Engine, find_engine
from tracer.rendering.time_limits import TimedLayout
from tracer.views.diagrams.diagram import Diagram
from tracer.views.diagrams.fallback import Drawn, Replacement, drawn, laid_out
from tracer.views.diagrams.theme import Style
from tracer.views.svg import Drawing, Layout

if TYPE_CHECKING:
    from tracer.views.booklet.summary.whole_run import WholeRun
    from tracer.views.player.options import PlayerOptions
    from tracer.views.slide.slide import Slides

Result = TypeVar("Result")

PICTURES = ("svg", "png", "dot", "mmd")
PIXELS_PER_INCH = 144
"""Resolution of a PNG by default."""


def engine_for(options: PictureOptions, formats: Collection[str]) -> Engine | None:
    """The engine that lays out pictures in these formats; None if none of them needs a layout.

    Raises UsageError if one does, and no engine is installed.
    """
    needs_layout = options.slide is None and not {*TEXTS, "log"}.issuperset(formats)
    return find_engine(options.engine) if needs_layout else None


def page_of_run(trace: Trace, wanted: PlayerOptions, style: Style, timed: TimedLayout) -> str:
    """The page that plays a run; pictures that are not placed within the time for all of them are left out."""
    from tracer.views.player.player import player

    return player(trace, timed.place, style, wanted)


@dataclass(frozen=True, slots=True)
class PictureWriter:
    """Draws pictures and writes them into a folder; `engine` lays them out, None if no format needs a layout.

    `missing_glyphs` collects characters that no font has, `arrow_counts` and `lengths` the sizes
    of Mermaid pictures with too many arrows or characters.
    """

    options: PictureOptions
    folder: OutputFolder
    engine: InitVar[Engine | None]
    quiet: bool = False
    timed: TimedLayout | None = field(init=False)
    replaced: list[Replacement] = field(default_factory=list)
    missing_glyphs: dict[str, None] = field(default_factory=dict)
    arrow_counts: list[int] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)

    def __post_init__(self, engine: Engine | None) -> None:
        object.__setattr__(self, "timed", TimedLayout(engine) if engine is not None else None)

    def draw(
        self, trace: Trace, formats: Collection[str], whole: Callable[[], WholeRun], played: Callable[[], Trace]
    ) -> Iterator[Path]:
        """Write the pictures of a run in these formats; yield their paths.

        `whole` is asked for a booklet only, and `played` for the player.
        """
        with while_most_objects_stay():
            if "pdf" in formats:
                path = self.booklet(trace, "steps.pdf", whole())
                if path is not None:
                    yield path
            if "html" in formats:
                yield self.player(played(), "player.html")
            for kind in PICTURES:
                if kind in formats:
                    yield from self.pictures(trace.steps, "", kind, trace.scenario)

    def booklet(self, trace: Trace, name: str, whole: WholeRun) -> Path | None:
        """Write a PDF: the booklet of the trace's steps, or the requested picture of each step.

        None if no requested picture can be drawn.
        """
        options = self.options
        if not options.is_booklet:
            from tracer.views.booklet.slides import slides

            if options.slide is not None:
                is_series = options.slide.is_series
                pages = [page for step in trace.steps for page in self._slide(step, trace.scenario).pages(is_series=is_series)]
                return self._write_pdf(name, slides(trace.scenario, pages, options.style, margin=0.0))
            with self._layout() as layout:
                draw = functools.partial(laid_out, layout=layout)
                drawings = [each.result for step in trace.steps for each in self._drawn(step, draw)]
            return self._write_pdf(name, slides(trace.scenario, drawings, options.style)) if drawings else None
        with self._layout() as layout:
            if options.extent in ("", "summary"):
                from tracer.views.booklet.summary.summary import summary

                document = summary(trace, layout, options.style, whole)
            else:
                from tracer.views.booklet.booklet import booklet

                document = booklet(
                    trace, layout, options.style,
                    extent=options.extent, histories=whole.histories, notice=whole.notice or "", report=self.replaced.append,
                )  # fmt: skip
            return self._write_pdf(name, document)

    def player(self, trace: Trace, name: str, steps: Sequence[int] = ()) -> Path:
        """Write the page that plays a run, with the values of these steps."""
        assert self.timed is not None
        with self._layout():
            page = page_of_run(trace, replace(self.options.player, steps=tuple(steps)), self.options.style, self.timed)
        return self.folder.write(name, page.encode())

    def _write_pdf(self, name: str, document: str) -> Path:
        from tracer.rendering.document import pdf

        self._check_glyphs(document)
        return self.folder.write(name, pdf(document))

    def _check_glyphs(self, text: str) -> None:
        """Collect the characters that no font has; fonts are known to have those of the message catalogue."""
        unknown = "".join(sorted({character for character in set(text) if not character.isascii()} - characters()))
        if unknown:
            from tracer.rendering.glyphs import missing_glyphs

            self.missing_glyphs.update(dict.fromkeys(missing_glyphs(unknown)))

    def warnings(self) -> Iterator[str]:
        """Warnings about pictures that were not drawn as requested or may not display correctly."""
        tell = self.options.style.tell
        yield from dict.fromkeys(each.text(tell) for each in self.replaced)
        if self.missing_glyphs:
            listed = ", ".join(f"{character} (U+{ord(character):04X})" for character in self.missing_glyphs)
            yield tell("no font has these characters, they are not seen: {characters}", characters=listed)
        yield from self._sizes_of_mermaid()

    def _sizes_of_mermaid(self) -> Iterator[str]:
        """Warnings about Mermaid pictures that GitHub does not draw."""
        if not self.arrow_counts and not self.lengths:
            return
        from tracer.views.diagrams.mermaid import MAX_ARROWS, MAX_CHARACTERS

        tell = self.options.style.tell
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

    def pictures(self, steps: Sequence[Step], stem: str, kind: str, title: str = "") -> Iterator[Path]:
        """Write the pictures of these steps; `title` is that of slides.

        A single picture is named by the stem. Several, and any without a stem, are named by step and phase too.
        """
        if self.options.slide is not None:
            yield from self._slides(steps, stem, kind, title)
            return
        with self._layout() as layout:
            draw = functools.partial(self._content, kind=kind, layout=layout)
            found = [(step, each) for step in steps for each in self._drawn(step, draw)]
        for step, each in found:
            zoom = each.zoom if each.zoom != "tensor" and (self.options.spec.zoom or self.replaced) else ""
            what = each.phase or ("focus" if self.options.spec.focus and zoom not in ("module", "scenario") else zoom)
            full = _name(stem, step.index, what)
            yield self.folder.write(f"{stem if stem and len(found) == 1 else full}.{kind}", each.result)

    def _slide(self, step: Step, title: str) -> Slides:
        from tracer.views.slide.slide import slide_of

        assert self.options.slide is not None
        return slide_of(
            step,
            "" if title == UNNAMED else title,
            self.options.style,
            self.options.slide.samples,
            has_weights=self.options.slide.has_weights,
        )

    def _slides(self, steps: Sequence[Step], stem: str, kind: str, title: str) -> Iterator[Path]:
        """Write the slides of these steps, or the series of each, numbered; as SVG also the series that plays."""
        assert self.options.slide is not None
        for step in steps:
            name = stem if stem and len(steps) == 1 else _name(stem, step.index, "slide")
            slide = self._slide(step, title)
            if not self.options.slide.is_series:
                yield self.folder.write(f"{name}.{kind}", self._encoded(slide.whole(), kind))
                continue
            if kind == "svg":
                yield self.folder.write(f"{name}.{kind}", slide.animated().svg.encode())
            for number, drawing in enumerate(slide.series(), 1):
                yield self.folder.write(f"{name}-{number:02d}.{kind}", self._encoded(drawing, kind))

    def _drawn(self, step: Step, draw: Callable[[Diagram, Style], Result]) -> Iterator[Drawn[Result]]:
        return drawn(step, self.options.spec, self.options.style, draw, self.replaced.append)

    def _content(self, diagram: Diagram, style: Style, *, kind: str, layout: Layout) -> bytes:
        if kind == "mmd":
            from tracer.views.diagrams.mermaid import MAX_ARROWS, MAX_CHARACTERS, arrows_of, length_of, mermaid

            text, arrows = mermaid(diagram.as_boxes(), style), len(arrows_of(diagram))
            if arrows > MAX_ARROWS:
                self.arrow_counts.append(arrows)
            if length_of(text) > MAX_CHARACTERS:
                self.lengths.append(length_of(text))
            return text.encode()
        if kind == "dot":
            from tracer.views.diagrams.dot import dot

            return dot(diagram.as_boxes(), style).encode()
        return self._encoded(laid_out(diagram, style, layout), kind)

    def _encoded(self, drawing: Drawing, kind: str) -> bytes:
        """A drawing as SVG or PNG."""
        if kind == "svg":
            return drawing.svg.encode()
        from tracer.rendering.document import png

        self._check_glyphs(drawing.svg)
        options = self.options
        pixels_per_inch = 72 * options.width / drawing.width if options.width else options.dpi or PIXELS_PER_INCH
        return png(drawing, pixels_per_inch, options.style.theme.background)

    @contextlib.contextmanager
    def _layout(self) -> Iterator[Layout]:
        """The layout function; the pictures are counted on a terminal."""
        with Counter(self.options.style.tell("drawing"), quiet=self.quiet) as counter:
            if self.timed is not None:
                self.timed.started = counter.step
            yield self.timed or _no_layout


def _name(stem: str, step: int, what: str) -> str:
    """The name of one of several pictures: of which step, and of what; no word is said twice.

    >>> _name("", 3, "slide"), _name("run-slide", 3, "slide"), _name("step", 0, ""), _name("loss", 3, "backward")
    ('step-3-slide', 'run-slide-step-3', 'step-0', 'loss-step-3-backward')
    """
    words = stem.split("-")
    number = str(step) if words[-1] == "step" else f"step-{step}"
    return "-".join(part for part in (stem, number, "" if what in words else what) if part)


def _no_layout(dot: str) -> Drawing:
    raise AssertionError("text formats need no layout")
