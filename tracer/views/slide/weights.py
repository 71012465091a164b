"""Widths of the wires of a slide by the size of what they carry."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from tracer.graph.record import Step
from tracer.i18n.language import Language
from tracer.views.gradient_terms import gradient_terms
from tracer.views.notation import number_text
from tracer.views.slide.drawing.heading import GAP, SWATCH
from tracer.views.slide.drawing.marks import HEIGHT, LINE, MARGIN, Picture, Role, Text, Wire
from tracer.views.slide.drawing.measure import text_width
from tracer.views.slide.structure.content import Box, Slide

THIN, THICK = 0.8, 4.6
"""Widths of the wires of the smallest and the largest norm."""

MAX_DECADES = 6
"""How many powers of ten the widths cover at most, below the largest norm."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Widths by norms, on a logarithmic scale between two powers of ten.

    >>> scale = Scale(0.01, 100)
    >>> [round(scale.width(norm), 3) for norm in (0, 0.01, 1, 100, float("inf"))]
    [0.8, 0.8, 2.7, 4.6, 4.6]
    """

    low: float
    high: float

    def width(self, norm: float) -> float:
        """The width for a norm; of one that is not finite, the largest."""
        if not math.isfinite(norm) or norm >= self.high:
            return THICK
        if norm <= self.low:
            return THIN
        return THIN + (THICK - THIN) * math.log10(norm / self.low) / math.log10(self.high / self.low)


def scale_of(norms: Iterable[float]) -> Scale:
    """The powers of ten around these norms, at most MAX_DECADES of them.

    >>> scale_of([0.02, 5, 0]), scale_of([1e-30, 3.0]), scale_of([])
    (Scale(low=0.01, high=10.0), Scale(low=1e-05, high=10.0), Scale(low=0.1, high=1.0))
    """
    powers = [math.log10(norm) for norm in norms if 0 < norm < math.inf]
    high = math.ceil(max(powers, default=0.0))
    low = min(max(math.floor(min(powers, default=0.0)), high - MAX_DECADES), high - 1)
    return Scale(10.0**low, 10.0**high)


class Norms:
    """The l2 norms of values and gradients of a step, over all samples."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self._terms = gradient_terms(step)

    def of_value(self, id: int) -> float:
        """The norm of a value."""
        return self.step.nodes[id].summary.l2

    def of_gradient(self, id: int, box: Box | None) -> float | None:
        """The norm of what flows back to a value through a box, or from everywhere.

        None if it is the sum of several terms whose values were not kept.
        """
        if id not in self.step.gradients:
            return 0.0
        through = [term for term in self._terms if term.value == id and (box is None or term.user in box.ids)]
        if box is None or len(through) == sum(term.value == id for term in self._terms):
            return self.of_value(self.step.gradients[id])
        parts = [self.step.nodes[term.contribution] for term in through]
        if len(parts) == 1:
            return parts[0].summary.l2
        if not parts:
            return 0.0
        if not all(part.is_kept and part.shape == parts[0].shape for part in parts):
            return None
        return float(np.linalg.norm(np.sum([part.value for part in parts], axis=0, dtype=float)))

    def of_wire(self, wire: Wire, boxes: tuple[Box, ...]) -> float | None:
        """The norm of everything that a wire carries; None if it is not known."""
        if wire.role is not Role.GRADIENT:
            return math.hypot(*map(self.of_value, wire.carries))
        box = boxes[int(wire.tail[1:])] if wire.tail else None
        norms = [self.of_gradient(id, box) for id in wire.carries]
        return None if None in norms else math.hypot(*(norm for norm in norms if norm is not None))


def weighted(picture: Picture, content: Slide, step: Step, tell: Language) -> Picture:
    """The slide with wires as wide as the norm of what they carry, and with a line of the legend that says so."""
    norms = Norms(step)
    carrying = {at: norms.of_wire(wire, content.boxes) for at, wire in enumerate(picture.wires) if wire.carries}
    known = {at: norm for at, norm in carrying.items() if norm is not None}
    scale = scale_of(known.values())
    wires = [
        replace(wire, width=scale.width(known[at])) if at in known else replace(wire, is_dotted=at in carrying)
        for at, wire in enumerate(picture.wires)
    ]
    y = HEIGHT - 14 - LINE
    x = float(MARGIN)
    texts: list[Text] = []
    words = (
        (tell("width of an arrow: l2 norm of the whole array, log scale:"), 0.0),
        (tell("{number} or less", number=number_text(scale.low)), THIN),
        (tell("{number} or more", number=number_text(scale.high)), THICK),
        *([(tell("dotted: not kept"), 0.0)] if len(known) < len(carrying) else []),
    )
    for text, width in words:
        if width:
            wires.append(Wire(((x, y - 5), (x + SWATCH, y - 5)), Role.VALUE, "", "", width=width))
            x += SWATCH + 6
        texts.append(Text(x, y, text, Role.TEXT))
        x += text_width(text) + GAP
    return replace(picture, wires=tuple(wires), texts=(*picture.texts, *texts))
