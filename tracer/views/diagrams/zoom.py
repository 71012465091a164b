"""Zoom levels: what a view shows of a step, the registry of zooms, and the diagrams of a step.

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
from tracer.views.diagrams.combined import forward_nodes
from tracer.views.diagrams.diagram import Diagram
from tracer.views.diagrams.operations import MOST_NODES
from tracer.views.diagrams.theme import Style
from tracer.views.selection import element_of


@dataclass(frozen=True, slots=True)
class ViewSpec:
    """What of a step is looked at, and from how far.

    Without a `zoom`, its tensors, or its modules where these are too many. A `focus` is a node, or an element of one as
    `W1[0,2]`: only what it depends on is drawn, or, `downwards`, what depends on it. `phases` are drawn apart.
    """

    zoom: str = ""
    focus: str = ""
    downwards: bool = False
    phases: tuple[Phase, ...] = ()

    def check(self) -> None:
        """Raise UsageError where its parts do not go together."""
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
        if self.downwards and not self.focus:
            raise UsageError("--focus-down takes the name of a node or an element, such as W1[0,2]")

    def zoom_of(self, step: Step) -> str:
        """The zoom at which a step is drawn."""
        if self.zoom:
            return self.zoom
        if self.focus:
            return "scalar" if element_of(self.focus) is not None else "tensor"
        return "tensor" if self.phases or len(forward_nodes(step)) <= MOST_NODES else "module"


Draws: TypeAlias = Callable[[Step, ViewSpec, Style], Iterator[tuple[str, Diagram]]]
"""Makes the pictures of a step, each with the name of the phase it shows, or an empty one."""


@dataclass(frozen=True, slots=True)
class Zoom:
    """A distance from which a step is looked at.

    `order` counts from the farthest to the nearest. `if_too_large` says what to do where a picture is too large, `direction`
    where arrows run unless something else is asked for. One that `takes_focus` draws only what is in the focus of a ViewSpec,
    one that `takes_phases` draws its phases apart.
    """

    name: str
    draws: Draws
    order: float
    if_too_large: str
    direction: str = ""
    takes_focus: bool = False
    takes_phases: bool = False


def _either(names: Sequence[str]) -> str:
    return " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def zooms() -> dict[str, Zoom]:
    """All zooms by their names, from the farthest to the nearest."""
    found = [zoom_named(name) for name in _names()]
    return {zoom.name: zoom for zoom in sorted(found, key=lambda zoom: (zoom.order, zoom.name))}


def zoom_named(name: str) -> Zoom:
    """The zoom of that name. Raises UsageError where there is none.

    >>> zoom_named("module").if_too_large
    'use --zoom scenario'
    """
    if name not in _names():
        raise UsageError(f"there is no zoom {name!r}{close_names(name, list(zooms()))}")
    found: Zoom = importlib.import_module(f"{package.__name__}.{name}").ZOOM
    return found


def _names() -> list[str]:
    # Of the package's modules: so a new zoom is one new file. It is read from a zip file as well.
    return [module.name for module in pkgutil.iter_modules(package.__path__)]


def diagrams(step: Step, spec: ViewSpec, style: Style) -> Iterator[tuple[str, Diagram]]:
    """The pictures of a step, each with the name of the phase it shows, or an empty one.

    Raises UsageError where a picture would have more numbers than can be read, with what works in its place.
    """
    spec.check()
    zoom = zoom_named(spec.zoom_of(step))
    yield from zoom.draws(step, spec, style.running(zoom.direction))
