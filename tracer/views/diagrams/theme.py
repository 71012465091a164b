"""Themes and styles: kinds of boxes and arrows, their colours and lines, and the language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum, auto

from tracer.errors import UsageError
from tracer.graph.record import Node, Phase
from tracer.i18n.language import ENGLISH, Language


class Kind(StrEnum):
    """The kind of a box."""

    PARAMETER = auto()
    DATA = auto()
    SETTING = auto()
    CONSTANT = auto()
    FORWARD = auto()
    LOSS = auto()
    BACKWARD = auto()
    UPDATE = auto()
    PLUS = auto()
    ELSEWHERE = auto()


class Flow(StrEnum):
    """The kind of an arrow. Arrows of kind `ORDER` are invisible and only order the boxes."""

    VALUE = auto()
    GRADIENT = auto()
    UPDATE = auto()
    ORDER = auto()


@dataclass(frozen=True, slots=True)
class BoxStyle:
    """The colours of a box, its border width in points, and its Graphviz style."""

    fill: str
    border: str
    width: int = 1
    style: str = "ROUNDED"


@dataclass(frozen=True, slots=True)
class ArrowStyle:
    """The colour of an arrow, its width in points, and its Graphviz style."""

    colour: str
    width: float = 1.1
    style: str = "solid"


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours and lines of diagrams, charts and pages.

    The lines of a chart cycle through `curves`, their colours, and `dashes`, SVG dash arrays (empty: solid). `negative`,
    `positive` and `not_finite` colour the cells of a heat map.
    """

    name: str
    background: str
    text: str
    muted: str
    gradient: str
    update: str
    highlight: str
    frame: str
    curves: tuple[str, ...]
    negative: str
    positive: str
    not_finite: str
    boxes: Mapping[Kind, BoxStyle]
    arrows: Mapping[Flow, ArrowStyle]
    dashes: tuple[str, ...] = ("",)


LIGHT = Theme(
    "light", background="#FFFFFF", text="#111111", muted="#5F5F5F", gradient="#A84300",
    update="#1E6B40", highlight="#D1006C", frame="#8A8A8A",
    curves=("#C0334D", "#2F6DB5", "#2A7F4F", "#B97A00", "#7B5EA7", "#008B8B", "#8A4B2A", "#555555"),
    negative="#2166AC", positive="#D6601A", not_finite="#FF00A0",
    boxes={
        Kind.PARAMETER: BoxStyle("#FFF1CC", "#B97A00", width=2),
        Kind.DATA: BoxStyle("#E3EBF3", "#4A6B8A", style=""),
        Kind.SETTING: BoxStyle("#EEE8F8", "#7B5EA7", style=""),
        Kind.CONSTANT: BoxStyle("#F1F1F1", "#777777", style=""),
        Kind.FORWARD: BoxStyle("#F2F8FF", "#2F6DB5"),
        Kind.LOSS: BoxStyle("#FDE9ED", "#C0334D", width=2),
        Kind.BACKWARD: BoxStyle("#FFF2E6", "#C65D0E"),
        Kind.UPDATE: BoxStyle("#E8F6EE", "#2A7F4F"),
        Kind.PLUS: BoxStyle("#FFF2E6", "#C65D0E"),
        Kind.ELSEWHERE: BoxStyle("#FFFFFF", "#868686", style="ROUNDED,DASHED"),
    },
    arrows={
        Flow.VALUE: ArrowStyle("#333333"), Flow.GRADIENT: ArrowStyle("#C65D0E"), Flow.UPDATE: ArrowStyle("#2A7F4F"),
        Flow.ORDER: ArrowStyle("#FFFFFF", style="invis"),
    },
)  # fmt: skip

DARK = Theme(
    "dark", background="#14171C", text="#F2F2F2", muted="#A9B0BA", gradient="#FFB074",
    update="#39C9A9", highlight="#FF5CA8", frame="#6B737E",
    curves=("#FF6F8B", "#5BA3F5", "#5AD18F", "#F0B429", "#B79CEB", "#4FD6D6", "#D9976B", "#C8C8C8"),
    negative="#2166AC", positive="#D6601A", not_finite="#FF00A0",
    boxes={
        Kind.PARAMETER: BoxStyle("#3D3113", "#F0B429", width=2),
        Kind.DATA: BoxStyle("#22303F", "#8FB4D9", style=""),
        Kind.SETTING: BoxStyle("#2F2744", "#B79CEB", style=""),
        Kind.CONSTANT: BoxStyle("#2A2D32", "#989898", style=""),
        Kind.FORWARD: BoxStyle("#15263D", "#5BA3F5"),
        Kind.LOSS: BoxStyle("#431B26", "#FF6F8B", width=2),
        Kind.BACKWARD: BoxStyle("#40260F", "#FF9A4D"),
        Kind.UPDATE: BoxStyle("#12332F", "#39C9A9"),
        Kind.PLUS: BoxStyle("#40260F", "#FF9A4D"),
        Kind.ELSEWHERE: BoxStyle("#14171C", "#7C848F", style="ROUNDED,DASHED"),
    },
    arrows={
        Flow.VALUE: ArrowStyle("#D5D9DF"), Flow.GRADIENT: ArrowStyle("#FF9A4D"), Flow.UPDATE: ArrowStyle("#39C9A9"),
        Flow.ORDER: ArrowStyle("#14171C", style="invis"),
    },
)  # fmt: skip

# Kinds differ without colours: in border width and style, in dashes, and in a grey that survives photocopying.
PRINT = replace(
    LIGHT, name="print", text="#000000", muted="#404040", gradient="#000000",
    update="#000000", highlight="#000000", frame="#606060",
    curves=("#000000",), dashes=("", "6 3", "2 2", "8 3 2 3", "1 3", "10 4", "4 2 1 2 1 2", "3 5"),
    negative="#000000", positive="#000000", not_finite="#FF00A0",
    boxes={
        Kind.PARAMETER: BoxStyle("#DCDCDC", "#000000", width=3),
        Kind.DATA: BoxStyle("#FFFFFF", "#000000", style=""),
        Kind.SETTING: BoxStyle("#FFFFFF", "#000000", style="DOTTED"),
        Kind.CONSTANT: BoxStyle("#FFFFFF", "#000000", style="DASHED"),
        Kind.FORWARD: BoxStyle("#FFFFFF", "#000000"),
        Kind.LOSS: BoxStyle("#FFFFFF", "#000000", width=3),
        Kind.BACKWARD: BoxStyle("#FFFFFF", "#000000", style="ROUNDED,DASHED"),
        Kind.UPDATE: BoxStyle("#F2F2F2", "#000000", style="ROUNDED,DOTTED"),
        Kind.PLUS: BoxStyle("#FFFFFF", "#000000", style="ROUNDED,DASHED"),
        Kind.ELSEWHERE: BoxStyle("#FFFFFF", "#808080", style="DOTTED"),
    },
    arrows={
        Flow.VALUE: ArrowStyle("#000000"), Flow.GRADIENT: ArrowStyle("#000000", style="dashed"),
        Flow.UPDATE: ArrowStyle("#000000", style="dotted"), Flow.ORDER: ArrowStyle("#FFFFFF", style="invis"),
    },
)  # fmt: skip

THEMES = {theme.name: theme for theme in (LIGHT, DARK, PRINT)}
"""The available themes by name."""

DIRECTIONS = ("TB", "LR")


@dataclass(frozen=True, slots=True)
class Style:
    """The style of a diagram: theme, language, and layout direction, one of DIRECTIONS or empty for the default."""

    theme: Theme = LIGHT
    tell: Language = ENGLISH
    direction: str = ""

    def with_default_direction(self, direction: str) -> Style:
        """The style with this direction if it has none."""
        return self if self.direction else replace(self, direction=direction)


def theme_of(name: str) -> Theme:
    """The theme of that name. Raises UsageError if there is none.

    >>> theme_of("print").name
    'print'
    """
    if name not in THEMES:
        raise UsageError(f"there is no theme {name!r}: it is one of {', '.join(THEMES)}")
    return THEMES[name]


_LEAF_KINDS = {"parameter": Kind.PARAMETER, "data": Kind.DATA, "hyperparameter": Kind.SETTING, "state": Kind.SETTING}
_PHASE_KINDS = {
    Phase.INIT: Kind.CONSTANT, Phase.FORWARD: Kind.FORWARD, Phase.LOSS: Kind.LOSS,
    Phase.BACKWARD: Kind.BACKWARD, Phase.UPDATE: Kind.UPDATE,
}  # fmt: skip


def kind_of(node: Node) -> Kind:
    """The kind of a node's box: by operation for a leaf, by phase for the rest."""
    if node.is_leaf and node.phase is not Phase.BACKWARD:
        return _LEAF_KINDS.get(node.op, Kind.CONSTANT)
    return _PHASE_KINDS[node.phase]


def kind_of_phase(phase: Phase) -> Kind:
    """The kind of the boxes of a phase's operations."""
    return _PHASE_KINDS[phase]


def flow_of(phase: Phase) -> Flow:
    """The flow of the arrows into the operations of a phase."""
    return {Phase.BACKWARD: Flow.GRADIENT, Phase.UPDATE: Flow.UPDATE}.get(phase, Flow.VALUE)


def kind_label(kind: Kind, tell: Language) -> str:
    """The label of a kind of box in the legend."""
    return {
        Kind.PARAMETER: tell("parameter"),
        Kind.DATA: tell("data"),
        Kind.SETTING: tell("hyperparameter, optimizer state"),
        Kind.CONSTANT: tell("constant"),
        Kind.FORWARD: tell("forward"),
        Kind.LOSS: tell("loss"),
        Kind.BACKWARD: tell("backward"),
        Kind.UPDATE: tell("update"),
        Kind.PLUS: tell("gradients are added up"),
        Kind.ELSEWHERE: tell("shown elsewhere"),
    }[kind]


def flow_label(flow: Flow, tell: Language) -> str:
    """The label of a kind of arrow in the legend."""
    return {
        Flow.VALUE: tell("a value goes on"),
        Flow.GRADIENT: tell("a gradient comes back, by the local rule"),
        Flow.UPDATE: tell("into the update"),
        Flow.ORDER: "",
    }[flow]
