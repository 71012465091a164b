"""Options shared by all commands that draw."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from tracer.cli.options import language_option
from tracer.cli.parameter_types import NameOf, PhaseName
from tracer.errors import UsageError
from tracer.graph.record import PHASES, Phase
from tracer.i18n.language import Language
from tracer.rendering.engine import ENGINES
from tracer.views.booklet.booklet import EXTENTS
from tracer.views.diagrams.theme import DIRECTIONS, THEMES, Style, theme_of
from tracer.views.diagrams.zoom import ViewSpec, zooms

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class PictureOptions:
    """What to draw, in which style, how many pages a booklet has, and which engine lays it out."""

    spec: ViewSpec
    style: Style
    extent: str
    engine: str

    @property
    def is_booklet(self) -> bool:
        """Whether a PDF is the booklet, not a requested picture."""
        return self.spec == ViewSpec()


_OPTIONS = (
    click.option("--zoom", type=NameOf(zooms), default=None, help="How near to look (default: by the size of the step)."),
    click.option("--focus", metavar="NODE", default="", help="Only what a node or element depends on, as 'dL/dW1[0,2]'."),
    click.option("--focus-down", metavar="NODE", default="", help="Only what depends on a node or element."),
    click.option("--phase", "phases", type=PhaseName(PHASES[1:]), multiple=True,
                 help="The operations of this phase, one by one; may be given again."),
    click.option("--direction", type=click.Choice(DIRECTIONS), default=None, help="Top to bottom, or left to right."),
    click.option("--theme", type=NameOf(lambda: THEMES), default="light", show_default=True,
                 help="Colours; print is told apart in black and white."),
    click.option("--pages", "extent", type=click.Choice(EXTENTS), default=None,
                 help="Of a PDF: eight pages (the default), pictures of the steps, or also every operation."),
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
        phases: Sequence[Phase],
        direction: str | None,
        theme: str,
        extent: str | None,
        engine: str,
        tell: Language,
        **others: Any,
    ) -> Any:
        if focus and focus_down:
            raise UsageError("--focus and --focus-down each make a picture: give one of them")
        spec = ViewSpec(zoom or "", focus or focus_down, bool(focus_down), tuple(dict.fromkeys(phases)))
        spec.check()
        options = PictureOptions(spec, Style(theme_of(theme), tell, direction or ""), extent or "", engine)
        if options.extent and not options.is_booklet:
            raise UsageError("--pages says how much a booklet holds: it does not go with --zoom, --focus or --phase")
        return command(options=options, **others)

    for option in reversed(_OPTIONS):
        wrapper = option(wrapper)
    return wrapper  # type: ignore[return-value]
