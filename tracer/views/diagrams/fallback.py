"""Draws a coarser picture where the requested one is too large, too slow, or cannot be laid out, and says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Generic, TypeAlias, TypeVar

from tracer.analysis.ranks import passed_ranks
from tracer.graph.record import Phase, Step
from tracer.i18n.language import Language
from tracer.i18n.message import Message
from tracer.views.diagrams.diagram import Diagram
from tracer.views.diagrams.dot import dot
from tracer.views.diagrams.theme import Style
from tracer.views.diagrams.zoom import ViewSpec, Zoom, zoom_named, zooms
from tracer.views.svg import Drawing, Layout, PictureError

MAX_LAYOUT_SIZE = 6_000
"""Maximum size of a diagram: the layout of a larger one takes minutes."""

MAX_SIDE = 10_000.0
"""Maximum length of a side in points: a longer picture cannot be read as a whole, nor printed."""

MAX_PART_SIZE = 600
"""Maximum size of a diagram that is recommended instead."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Replacement:
    """A picture of a step that was not drawn at its zoom, and why.

    `instead` is the zoom at which it was drawn, empty if it was not drawn at all. `part` has the options that draw a part of it,
    empty if none are known.
    """

    step: int
    zoom: str
    reason: Message
    instead: str = ""
    part: str = ""

    def text(self, tell: Language) -> str:
        """The notice for the reader."""
        reason = tell.message(self.reason)
        if not self.instead:
            return tell("step {step} is not drawn: {reason}", step=self.step, reason=reason)
        notice = tell("step {step} is drawn at --zoom {instead}, not {zoom}: {reason}", step=self.step, instead=self.instead,
                      zoom=self.zoom, reason=reason)  # fmt: skip
        return tell("{notice}; {options} draws a part", notice=notice, options=self.part) if self.part else notice


@dataclass(frozen=True, slots=True)
class Drawn(Generic[Result]):
    """A picture that was drawn: its zoom, its phase (empty if it is not of one phase), and what became of the diagram."""

    zoom: str
    phase: str
    result: Result


Report: TypeAlias = Callable[[Replacement], None]


def layout_size(diagram: Diagram) -> int:
    """The number of boxes, arrows and ranks passed by arrows, which tells how long the layout takes."""
    # An arrow back runs upwards: its tail is below its head.
    ends = ((arrow.head, arrow.tail) if arrow.is_backward else (arrow.tail, arrow.head)
            for arrow in diagram.arrows if not arrow.is_unconstrained)  # fmt: skip
    return len(diagram.boxes) + len(diagram.arrows) + passed_ranks(ends)


def laid_out(diagram: Diagram, style: Style, layout: Layout) -> Drawing:
    """Lay out a diagram. Raises PictureError if it is too large, before the layout if that can be told."""
    if layout_size(diagram) > MAX_LAYOUT_SIZE:
        sizes = {"boxes": f"{len(diagram.boxes):,}", "arrows": f"{len(diagram.arrows):,}"}
        raise PictureError(Message("too_many_boxes", sizes))
    if diagram.grids:
        from tracer.views.diagrams.scalars.grid_svg import grid_drawing  # only the zoom of numbers has grids

        drawing = grid_drawing(diagram, style)
    else:
        drawing = layout(dot(diagram, style))
    if max(drawing.width, drawing.height) > MAX_SIDE:
        sides = {"width": f"{drawing.width:,.0f}", "height": f"{drawing.height:,.0f}"}
        raise PictureError(Message("too_long_to_read", sides))
    return drawing


def drawn(
    step: Step, spec: ViewSpec, style: Style, draw: Callable[[Diagram, Style], Result], report: Report
) -> Iterator[Drawn[Result]]:
    """The pictures of a step; each at the requested zoom, or at the next coarser one for which `draw` raises no PictureError.

    `report` is called for every picture that is not drawn as requested.
    """
    spec.check()
    done: set[ViewSpec] = set()
    for request in [replace(spec, phases=(phase,)) for phase in spec.phases] or [spec]:
        wanted = zoom_named(spec.zoom_of(step))
        reason: Message | None = None
        for zoom in _and_coarser(wanted):
            attempt = _at_zoom(request, zoom)
            try:
                if attempt not in done:
                    yield from _all_drawn(step, attempt, zoom, style, draw)
                    done.add(attempt)
            except PictureError as error:
                reason = reason or error.reason
                continue
            if reason is not None:
                report(Replacement(step.index, wanted.name, reason, zoom.name, _part(step, request, wanted, style)))
            break
        else:
            assert reason is not None
            report(Replacement(step.index, wanted.name, reason))


def _all_drawn(
    step: Step, spec: ViewSpec, zoom: Zoom, style: Style, draw: Callable[[Diagram, Style], Result]
) -> list[Drawn[Result]]:
    directed = style.with_default_direction(zoom.direction)
    return [Drawn(zoom.name, phase, draw(diagram, directed)) for phase, diagram in zoom.draw(step, spec, directed)]


def _and_coarser(zoom: Zoom) -> Iterator[Zoom]:
    """A zoom and the coarser ones, the finest first; those are imported only if they are needed."""
    yield zoom
    yield from (other for other in reversed(zooms().values()) if other.order < zoom.order)


def _at_zoom(spec: ViewSpec, zoom: Zoom) -> ViewSpec:
    """The same request at another zoom, without what that zoom cannot do."""
    if not zoom.takes_focus:
        spec = replace(spec, focus="", downstream=False, depth=0)
    return replace(spec, zoom=zoom.name, phases=spec.phases if zoom.takes_phases else ())


def _part(step: Step, request: ViewSpec, wanted: Zoom, style: Style) -> str:
    """The options that draw a part of a picture, tried out; empty if there are none."""
    if request.focus or request.phases or not wanted.takes_phases:
        return ""
    for phase in (Phase.LOSS, Phase.FORWARD, Phase.BACKWARD, Phase.UPDATE):
        spec = ViewSpec(wanted.name, phases=(phase,))
        try:
            diagrams = [diagram for _, diagram in wanted.draw(step, spec, style)]
        except PictureError:
            continue
        if diagrams and all(layout_size(diagram) <= MAX_PART_SIZE for diagram in diagrams):
            return f"--zoom {wanted.name} --phase {phase.value}"
    return ""
