"""Fills cards with parameters: one for every set of boxes that share them, or columns of compact ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tracer.i18n.language import Language
from tracer.views.slide.drawing.parameter_cards import GAP, Card, Labels
from tracer.views.slide.drawing.sizes import ROOM
from tracer.views.slide.structure.content import Parameter, Slide

LABELS = (Labels(), Labels(max_name=14), Labels(counts=False))
"""Labels of compact cards, tried one after the other."""


def cards_of(slide: Slide, lines: int, tell: Language) -> list[Card]:
    """A card for every set of boxes that share parameters, each of at most that many lines; none if one has no room."""
    groups: dict[tuple[int, ...], list[Parameter]] = {}
    for parameter in slide.parameters:
        groups.setdefault(parameter.boxes, []).append(parameter)
    room = lines - (slide.more_parameters > 0)
    cards = [_card(members, room, tell) for members in groups.values()]
    return _with_more([card for card in cards if card], slide.more_parameters) if all(cards) else []


def _with_more(cards: list[Card], more: int) -> list[Card]:
    """The last card counts the parameters that are on no card."""
    return [*cards[:-1], replace(cards[-1], hidden=cards[-1].hidden + more)] if cards and more else cards


def columns_of(slide: Slide, lines: int, tell: Language) -> list[Card]:
    """All parameters in columns of at most that many lines, as many columns as there is room for; none if there is none."""
    best: list[Card] = []
    for labels in LABELS:
        filling = _Filling(slide.parameters, tell, labels)
        found = filling.columns(lines - (slide.more_parameters > 0))
        if found and not any(card.hidden for card in found):
            for fewer in range(2, lines + 1):  # of equal length
                columns = filling.columns(fewer)
                if len(columns) == len(found) and not any(card.hidden for card in columns):
                    return _with_more(columns, slide.more_parameters)
        best = best or found
    return _with_more(best, slide.more_parameters)


@dataclass(frozen=True, slots=True)
class _Filling:
    """Fills columns with compact cards with these labels."""

    parameters: Sequence[Parameter]
    tell: Language
    labels: Labels

    def columns(self, lines: int) -> list[Card]:
        """Columns of at most that many lines; the last counts the parameters that have no room."""
        columns: list[Card] = []
        rest = list(self.parameters)
        room = float(ROOM)
        while rest:
            card = self._compact_card(rest, lines, counts_rest=False)
            if card is None or card.width > room:
                break
            columns.append(replace(card, hidden=0))
            room -= card.width + GAP
            rest = rest[len(card.parameters) :]
        if rest and columns:
            last = self._compact_card([*columns[-1].parameters, *rest], lines, counts_rest=True)
            return [*columns[:-1], last] if last else []
        return columns

    def _compact_card(self, parameters: Sequence[Parameter], lines: int, *, counts_rest: bool) -> Card | None:
        return _card(parameters, lines, self.tell, is_compact=True, labels=self.labels, counts_rest=counts_rest)


def _card(
    parameters: Sequence[Parameter], lines: int, tell: Language, *,
    is_compact: bool = False, labels: Labels = LABELS[0], counts_rest: bool = True,
) -> Card | None:  # fmt: skip
    """A card of the first of these parameters, with a line for the number of the rest; None if there is no room for one."""
    shown: list[Parameter] = []
    used = 1
    for parameter in parameters:
        needed = max(1, len(parameter.rows)) + (not is_compact and bool(parameter.rows))
        rest = len(parameters) - len(shown) - 1
        if used + needed + (counts_rest and rest > 0) > lines:
            break
        shown.append(parameter)
        used += needed
    return Card(tuple(shown), len(parameters) - len(shown), tell, is_compact, labels) if shown else None
