"""The settings of an optimizer in the picture of an update: all in one box, and not again at each of their uses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tracer.graph.record import EMPTY, Phase, Step
from tracer.views.diagrams.alarms import value_alarms
from tracer.views.diagrams.diagram import Box
from tracer.views.diagrams.folding import Part, ids_of
from tracer.views.diagrams.theme import Kind, Style
from tracer.views.grids import content_lines
from tracer.views.notation import Labels

KEY = "settings"
"""The key of the box."""

MIN_USES = 2
"""Minimum number of uses of settings in a picture for which they stand once."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings that stand once. The formulas of the boxes that use them name them.

    `given` are the hyperparameters in the box, `derived` what is computed from them alone, with the number of uses by others.
    """

    given: tuple[int, ...] = ()
    derived: Mapping[int, int] = field(default_factory=lambda: EMPTY)

    def stands_once(self, operand: int, user: int) -> bool:
        """True if there is no arrow for this use."""
        return operand in self.given or (self.derived.get(operand, 0) >= MIN_USES and user not in self.derived)


def settings_of(step: Step, parts: Sequence[Part], labels: Labels) -> Settings:
    """The settings in a picture of these nodes and folds, if they are used more than once."""
    users = [step.nodes[id] for part in parts for id in ids_of(part)]
    users = [node for node in users if node.phase is Phase.UPDATE and not node.is_leaf]
    uses = Counter(
        operand
        for node in users
        for operand in labels.operands(node)
        if step.nodes[operand].op == "hyperparameter" and not step.nodes[operand].shape
    )
    if uses.total() < MIN_USES:
        return Settings()
    derived: dict[int, int] = {}
    for node in users:
        operands = labels.operands(node)
        if any(operand in uses or operand in derived for operand in operands) and all(
            operand in uses or operand in derived or step.nodes[operand].op == "constant" for operand in operands
        ):
            derived[node.id] = 0
        else:
            for operand in operands:
                if operand in derived:
                    derived[operand] += 1
    return Settings(tuple(sorted(uses)), derived)


def settings_box(step: Step, settings: Settings, labels: Labels, style: Style) -> Box:
    """The box of the hyperparameters."""
    title = style.tell("settings")
    lines = tuple(f"{labels[id]} = {content_lines(step.nodes[id], labels.noise, style.tell)[0]}" for id in settings.given)
    tip = style.tell("{what}: {which}", what=title, which=", ".join(lines))
    alarms = value_alarms([step.nodes[id] for id in settings.given], style.tell)
    return Box(KEY, Kind.SETTING, title, lines=lines, tip=tip, alarms=alarms)
