"""What a node is, as its picture says it: a kind, with colours and a word for the legend."""

from __future__ import annotations

from dataclasses import dataclass

from tracer.graph import Node, Phase


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of node: its word in the legend, the colours of fill and border, and the border's width and style."""

    word: str
    fill: str
    border: str
    width: int = 1
    style: str = "ROUNDED"


PARAMETER = Kind("parameter", "#FFF1CC", "#B97A00", width=2)
DATA = Kind("data", "#E3EBF3", "#4A6B8A", style="")
SETTING = Kind("hyperparameter, optimizer state", "#EEE8F8", "#7B5EA7", style="")
CONSTANT = Kind("constant", "#F1F1F1", "#777777", style="")
FORWARD = Kind("forward", "#F2F8FF", "#2F6DB5")
LOSS = Kind("loss", "#FDE9ED", "#C0334D", width=2)
BACKWARD = Kind("backward", "#FFF2E6", "#C65D0E")
UPDATE = Kind("update", "#E8F6EE", "#2A7F4F")
ELSEWHERE = Kind("shown on another page", "#FFFFFF", "#9A9A9A", style="ROUNDED,DASHED")

_LEAF_KINDS = {"parameter": PARAMETER, "data": DATA, "hyperparameter": SETTING, "state": SETTING}
_PHASE_KINDS = {Phase.FORWARD: FORWARD, Phase.LOSS: LOSS, Phase.BACKWARD: BACKWARD, Phase.UPDATE: UPDATE}

GRADIENT_TEXT = "#A84300"
QUIET_TEXT = "#5F5F5F"


def kind_of(node: Node) -> Kind:
    """The kind of a node: what a leaf is, the phase of an operation."""
    if node.is_leaf and node.phase is not Phase.BACKWARD:
        return _LEAF_KINDS.get(node.op, CONSTANT)
    return _PHASE_KINDS[node.phase]
