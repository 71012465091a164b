"""Options shared by all commands that draw."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from tracer.cli.options import language_option
from tracer.cli.parameter_types import NameOf, PhaseName, WholeNumber, WholeNumbers
from tracer.cli.shell.completion import complete_node
from tracer.errors import UsageError
from tracer.graph.record import PHASES, Phase
from tracer.i18n.language import Language
from tracer.rendering.engine import ENGINES
from tracer.views.diagrams.theme import DIRECTIONS, THEMES, Style, theme_of
from tracer.views.diagrams.zoom import ViewSpec, zooms
from tracer.views.player.options import DEFAULTS, PlayerOptions

Command = TypeVar("Command", bound=Callable[..., Any])

EXTENTS = ("summary", "overview", "all")
"""What a booklet contains: eight pages, by `tracer.views.booklet.summary`; diagrams of the steps; or also every operation."""

TEXTS = ("dot", "mmd")
"""Formats that another program lays out."""


@dataclass(frozen=True, slots=True)
class SlideOptions:
    """A slide: of which samples, whether in a series, and whether wires are as wide as the norm of what they carry."""

    samples: tuple[int, ...] = ()
    is_series: bool = False
    has_weights: bool = False


@dataclass(frozen=True, slots=True)
class PictureOptions:
    """What to draw, in which style, how many pages a booklet has, and which engine lays it out.

    `slide` is None unless slides were asked for. `width`, in pixels, and `dpi` are those of a PNG, 0 for the default.
    """

    spec: ViewSpec
    style: Style
    extent: str
    engine: str
    slide: SlideOptions | None = None
    width: int = 0
    dpi: int = 0
    player: PlayerOptions = DEFAULTS

    @property
    def is_summary(self) -> bool:
        """Whether a PDF is the booklet of eight pages."""
        return self.is_booklet and self.extent in ("", "summary")

    @property
    def is_booklet(self) -> bool:
        """Whether a PDF is the booklet, not a requested picture."""
        return self.spec == ViewSpec() and self.slide is None

    def check(self, formats: Collection[str]) -> None:
        """Raise UsageError if there is an option that goes with none of these formats."""
        if (self.width or self.dpi) and "png" not in formats:
            raise UsageError("--width and --dpi say how large a PNG is, and none is written: leave them out, or write a PNG")
        if self.player != DEFAULTS and "html" not in formats:
            raise UsageError("--ask and --exercise are of an HTML page, and none is written: leave them out, or write one")
        texts = [each for each in formats if each in TEXTS]
        if self.slide is not None and texts:
            raise UsageError(f"--slide writes svg, png or pdf, not {texts[0]}")
        if "html" in formats and not self.is_booklet:
            raise UsageError("an HTML page plays the whole run: it does not go with --zoom, --focus, --phase or --slide")


_OPTIONS = (
    click.option("--zoom", type=NameOf(zooms), default=None, help="How near to look (default: by the size of the step)."),
    click.option("--focus", metavar="NODE", default="", shell_complete=complete_node,
                 help="Only what a node or element depends on, as 'dL/dW1[0,2]'."),
    click.option("--focus-down", metavar="NODE", default="", shell_complete=complete_node,
                 help="Only what depends on a node or element."),
    click.option("--depth", metavar="N", type=WholeNumber(1), default=None,
                 help="With --focus and --focus-down: over how many operations (default: numbers that fit on a page)."),
    click.option("--phase", "phases", type=PhaseName(PHASES[1:]), multiple=True,
                 help="The operations of this phase, one by one; may be given again."),
    click.option("--direction", type=click.Choice(DIRECTIONS), default=None, help="Top to bottom, or left to right."),
    click.option("--theme", type=NameOf(lambda: THEMES), default="light", show_default=True,
                 help="Colours; print is told apart in black and white."),
    click.option("--pages", "extent", type=click.Choice(EXTENTS), default=None,
                 help="Of a PDF: eight pages (the default), pictures of the steps, or also every operation."),
    click.option("--slide", "is_slide", is_flag=True, help="A step as one slide of 16:9: a few boxes, values and gradients."),
    click.option("--sample", "samples", metavar="N,N", type=WholeNumbers(0), default=(),
                 help="Of a slide: the sample, or several beside each other (default: the first)."),
    click.option("--build", "is_series", is_flag=True, help="Of a slide: a series, forward, then back, then the update."),
    click.option("--weights", "has_weights", is_flag=True, help="Of a slide: arrows as wide as the norm of what they carry."),
    click.option("--width", metavar="PIXELS", type=WholeNumber(16, 12_000), default=None, help="Of a PNG."),
    click.option("--dpi", metavar="N", type=WholeNumber(8, 1_200), default=None, help="Of a PNG (default: 144)."),
    click.option("--ask", "asked", metavar="NODE", multiple=True, shell_complete=complete_node,
                 help="Of an HTML page: predict this value or element; may be given again (default: all)."),
    click.option("--exercise", "is_exercise", is_flag=True,
                 help="Of an HTML page: no result is shown before the reader has predicted it."),
    click.option("--engine", type=click.Choice(ENGINES), default="auto", show_default=True, help="What lays the diagrams out."),
    language_option,
)  # fmt: skip


def picture_options(command: Command) -> Command:
    """Add the picture options to a command; its function gets them as `options`."""

    @functools.wraps(command)
    def wrapper(
        *,
        zoom: str | None,
        focus: str,
        focus_down: str,
        depth: int | None,
        phases: Sequence[Phase],
        direction: str | None,
        theme: str,
        extent: str | None,
        is_slide: bool,
        samples: tuple[int, ...],
        is_series: bool,
        has_weights: bool,
        width: int | None,
        dpi: int | None,
        asked: tuple[str, ...],
        is_exercise: bool,
        engine: str,
        tell: Language,
        **others: Any,
    ) -> Any:
        if focus and focus_down:
            raise UsageError("--focus and --focus-down each make a picture: give one of them")
        spec = ViewSpec(zoom or "", focus or focus_down, bool(focus_down), depth or 0, tuple(dict.fromkeys(phases)))
        spec.check()
        slide = _slide_options(spec, SlideOptions(samples, is_series, has_weights), is_slide=is_slide)
        if width and dpi:
            raise UsageError("--width and --dpi each say how large a PNG is: give one of them")
        style = Style(theme_of(theme), tell, direction or "")
        options = PictureOptions(spec, style, extent or "", engine, slide, width or 0, dpi or 0,
                                 PlayerOptions(asked=asked, is_exercise=is_exercise))  # fmt: skip
        if options.extent and not options.is_booklet:
            raise UsageError("--pages says how much a booklet holds: it does not go with --zoom, --focus, --phase or --slide")
        return command(options=options, **others)

    for option in reversed(_OPTIONS):
        wrapper = option(wrapper)
    return wrapper  # type: ignore[return-value]


def _slide_options(spec: ViewSpec, options: SlideOptions, *, is_slide: bool) -> SlideOptions | None:
    """The options of a slide; None if there is none."""
    if not is_slide:
        given = {"--sample": bool(options.samples), "--build": options.is_series, "--weights": options.has_weights}
        for name, is_given in given.items():
            if is_given:
                raise UsageError(f"{name} is of a slide: add --slide")
        return None
    if spec != ViewSpec():
        raise UsageError("--slide is a picture of its own: it does not go with --zoom, --focus or --phase")
    return options
