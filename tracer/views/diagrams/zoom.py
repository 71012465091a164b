"""Zoom levels: what is drawn of a step, the registry of zooms, and the diagrams of a step.

A zoom is a module of `tracer.views.diagrams.zooms`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tracer.errors import UsageError, close_names
from tracer.graph.record import Phase, Step
from tracer.views.diagrams import zooms as package
from tracer.views.diagrams.diagram import Diagram
from tracer.views.diagrams.theme import Style
from tracer.views.selection import element_of


@dataclass(frozen=True, slots=True)
class ViewSpec:
    """Which part of a step is drawn, and at which zoom.

    The default zoom is `tensor`, or `module` if there are too many tensors. A `focus` is a node, or an element such as `W1[0,2]`:
    only what it depends on is drawn, or with `downstream` what depends on it, over `depth` operations (0: all tensors, or as many
    numbers as fit on a page). Each of `phases` has a diagram of its own.
    """

    zoom: str = ""
    focus: str = ""
    downstream: bool = False
    depth: int = 0
    phases: tuple[Phase, ...] = ()

    def check(self) -> None:
        """Raise UsageError if options are incompatible."""
        zoom = zoom_named(self.zoom) if self.zoom else None
        if zoom is not None and self.focus and not zoom.takes_focus:
            raise UsageError(
                "--focus chooses among tensors or numbers: it goes with --zoom"
                f" {_either([each.name for each in zooms().values() if each.takes_focus])}, not {zoom.name}"
            )
        if zoom is not None and self.phases and not zoom.takes_phases:
            raise UsageError(
                "--phase chooses among tensors or numbers: it goes with --zoom"
                f" {_either([each.name for each in zooms().values() if each.takes_phases])}, not {zoom.name}"
            )
        if self.focus and self.phases:
            raise UsageError("--focus draws whatever a value depends on, in all phases: leave --phase out")
        if self.depth and not self.focus:
            raise UsageError("--depth counts operations from a node or an element: it goes with --focus or --focus-down")
        if self.downstream and not self.focus:
            raise UsageError("--focus-down takes the name of a node or an element, such as W1[0,2]")

    def zoom_of(self, step: Step) -> str:
        """The name of the zoom at which a step is drawn."""
        # Imported here: what draws operations is not needed where another zoom is wanted.
        from tracer.views.diagrams.combined import forward_nodes
        from tracer.views.diagrams.folding import unrepeated
        from tracer.views.diagrams.operations import MAX_NODES

        if self.zoom:
            return self.zoom
        if self.focus:
            return "scalar" if element_of(self.focus) is not None else "tensor"
        if self.phases or len(forward_nodes(step)) <= MAX_NODES:
            return "tensor"
        return "tensor" if len(unrepeated(step, forward_nodes(step))) <= MAX_NODES else "module"


DrawFunction: TypeAlias = Callable[[Step, ViewSpec, Style], Iterator[tuple[str, Diagram]]]
"""Draws a step: yields diagrams with the name of their phase, empty if a diagram is not of one phase."""


@dataclass(frozen=True, slots=True)
class Zoom:
    """A zoom level.

    `order` sorts the levels from coarse to fine: a picture that is too large is drawn at the next coarser one. `direction` is the
    default layout direction. `takes_focus` and `takes_phases` are True if the zoom supports these options of a ViewSpec.
    """

    name: str
    draw: DrawFunction
    order: float
    direction: str = ""
    takes_focus: bool = False
    takes_phases: bool = False


def _either(names: Sequence[str]) -> str:
    return " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def zooms() -> dict[str, Zoom]:
    """All zooms by name, from coarse to fine."""
    found = [zoom_named(name) for name in _names()]
    return {zoom.name: zoom for zoom in sorted(found, key=lambda zoom: (zoom.order, zoom.name))}


def zoom_named(name: str) -> Zoom:
    """The zoom of that name. Raises UsageError if there is none.

    >>> zoom_named("module").order
    2
    """
    if name not in _names():
        raise UsageError(f"there is no zoom {name!r}{close_names(name, list(zooms()))}")
    found: Zoom = importlib.import_module(f"{package.__name__}.{name}").ZOOM
    return found


def _names() -> list[str]:
    # Discovered, so that a new zoom is one new file. `pkgutil` also works in a zip file.
    return [module.name for module in pkgutil.iter_modules(package.__path__)]


def diagrams(step: Step, spec: ViewSpec, style: Style) -> Iterator[tuple[str, Diagram]]:
    """The diagrams of a step, with the name of their phase, empty if a diagram is not of one phase.

    Raises PictureError if a diagram would have too many scalars.
    """
    spec.check()
    zoom = zoom_named(spec.zoom_of(step))
    yield from zoom.draw(step, spec, style.with_default_direction(zoom.direction))
