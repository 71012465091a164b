"""The hint that a prediction and a target have different shapes."""

from __future__ import annotations

from tracer.analysis.broadcasting import GrownPair, grown_pair
from tracer.graph.record import Step
from tracer.i18n.language import ENGLISH, Language
from tracer.views.notation import Labels, node_number, shape_text


def broadcasting_notice(step: Step | None, tell: Language = ENGLISH) -> str:
    """A line that names the operation in which both operands grew; empty if there is none."""
    pair = grown_pair(step) if step is not None else None
    if pair is None or step is None:
        return ""
    where = f" ({pair.node.source})" if pair.node.source else ""
    place = f"{node_number(step, pair.node.id)} {Labels(step.nodes)[pair.node.id]}{where}"
    return tell("different shapes in {place}: {grown}", place=place, grown=grown_text(step, pair, tell))


def grown_text(step: Step, pair: GrownPair, tell: Language = ENGLISH) -> str:
    """The shapes of both operands and of the result, and what to do if that is not meant."""
    labels = Labels(step.nodes)
    return tell(
        "{one} {one_shape} and {other} {other_shape} give {shape}, every element with every other; if that is not meant,"
        " give both one shape",
        one=labels[pair.prediction.id],
        one_shape=shape_text(pair.prediction.shape),
        other=labels[pair.target.id],
        other_shape=shape_text(pair.target.shape),
        shape=shape_text(pair.node.shape),
    )
