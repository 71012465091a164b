"""Places of the cards of parameters below their boxes."""

from __future__ import annotations

from collections.abc import Sequence

from tracer.views.diagrams.theme import Kind
from tracer.views.slide.drawing.frames import Numbering
from tracer.views.slide.drawing.marks import MARGIN, WIDTH, Panel
from tracer.views.slide.drawing.parameter_cards import Card
from tracer.views.slide.drawing.sizes import ROOM

BETWEEN = 12
"""Smallest distance of cards."""


def beside(cards: Sequence[Card], middles: Sequence[float]) -> list[float] | None:
    """The left sides of the cards, each below its boxes as far as there is room beside the others; None if there is none."""
    if sum(card.width for card in cards) + BETWEEN * (len(cards) - 1) > ROOM:
        return None
    order = sorted(range(len(cards)), key=lambda at: (_wanted(cards[at], middles), at))
    lefts = [0.0] * len(cards)
    limit = float(MARGIN)
    for at in order:
        lefts[at] = max(limit, _wanted(cards[at], middles) - cards[at].width / 2)
        limit = lefts[at] + cards[at].width + BETWEEN
    limit = float(WIDTH - MARGIN)
    for at in reversed(order):
        lefts[at] = min(lefts[at], limit - cards[at].width)
        limit = lefts[at] - BETWEEN
    return lefts


def _wanted(card: Card, middles: Sequence[float]) -> float:
    return sum(middles[box] for box in card.boxes) / len(card.boxes)


def needs_bus(card: Card, x: float, middles: Sequence[float]) -> bool:
    """Whether a card has more than one box, or no straight line leads up to it."""
    return len(card.boxes) > 1 or not x + 12 <= middles[card.boxes[0]] <= x + card.width - 12


def card_panel(card: Card, x: float, y: float, key: str, frames: Numbering) -> Panel:
    """The panel of a card, which appears with the first of its parameters."""
    frame = min(frames.forward(parameter.boxes[0]) for parameter in card.parameters)
    return Panel(x, y, card.width, card.height, Kind.PARAMETER, key, frame)
