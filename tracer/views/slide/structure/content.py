"""What is on a slide: boxes, signals between them, parameters. Plain data, before it has a place."""

from __future__ import annotations

from dataclasses import dataclass

from tracer.views.diagrams.theme import Kind
from tracer.views.slide.structure.images import Image
from tracer.views.slide.structure.samples import Number, Numbers, Sample


@dataclass(frozen=True, slots=True)
class Rule:
    """How a box turns `g`, the gradient that arrives, into that of one of its inputs. `contribution` is the recorded result."""

    value: int
    contribution: int
    text: str


@dataclass(frozen=True, slots=True)
class Box:
    """Operations under one title: their ids, formula, and rules. `repeats` is the number of equal cells that it stands for."""

    ids: tuple[int, ...]
    kind: Kind
    title: str
    formula: str
    rules: tuple[Rule, ...] = ()
    repeats: int = 1


@dataclass(frozen=True, slots=True)
class Signal:
    """A value that leads into boxes: from the box `tail` (-1: it is given) into `heads`, with its gradient if it has one.

    Its gradient comes back from `returns`. `elsewhere` are the names of values that are computed from it and that the loss does
    not use. `images` are the samples if they are images.
    """

    node: int
    name: str
    tail: int
    heads: tuple[int, ...]
    value: Numbers
    gradient: Numbers | None
    returns: tuple[int, ...] = ()
    elsewhere: tuple[str, ...] = ()
    images: tuple[Image, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One element of a parameter: its index, its value, its gradient, its new value, and the program's own gradient."""

    index: tuple[int, ...]
    value: Number
    gradient: Number | None
    new: Number | None
    own: Number | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter, the boxes that use it, how often, and some of its elements; `more` are not shown.

    `note` says of a gradient that the program computes itself where it is not the true one.
    """

    node: int
    name: str
    shape: tuple[int, ...]
    boxes: tuple[int, ...]
    uses: int
    rule: str
    rows: tuple[Row, ...]
    more: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Slide:
    """A step as boxes from left to right. `update` is the optimizer with its settings.

    `panels` is how many given values are shown at a box at most, `more_parameters` are used and not in `parameters`.
    `parameter_size` is how many numbers all parameters have that are used. `of_several` is how many numbers of each of
    several values on a wire are shown at most.
    """

    step: int
    sample: Sample
    boxes: tuple[Box, ...]
    signals: tuple[Signal, ...]
    parameters: tuple[Parameter, ...]
    loss: Signal
    update: tuple[str, ...] = ()
    losses: int = 1
    panels: int = 4
    more_parameters: int = 0
    of_several: int = 2
    parameter_size: int = 0
