"""What boxes say of values and gradients with NaN or infinite numbers."""

from __future__ import annotations

from collections.abc import Iterable

from tracer.graph.losses import gradients_of
from tracer.graph.record import Node, Step
from tracer.i18n.language import Language


def alarms_of(step: Step, ids: Iterable[int], tell: Language) -> tuple[str, ...]:
    """How many of these values, and of their gradients, have numbers that are NaN or infinite; empty if none have."""
    ids = dict.fromkeys(ids)  # in order, and a quick answer to what is among them
    gradients = dict.fromkeys(gradient for id in ids for gradient in gradients_of(step, id) if gradient not in ids)
    return value_alarms([step.nodes[id] for id in ids], tell) + gradient_alarms([step.nodes[id] for id in gradients], tell)


def value_alarms(nodes: Iterable[Node], tell: Language) -> tuple[str, ...]:
    """How many of these nodes have numbers that are NaN or infinite."""
    nans, infinities = _counts(nodes)
    return _texts(tell.count(nans, "value") if nans else "", tell.count(infinities, "value") if infinities else "", tell)


def gradient_alarms(nodes: Iterable[Node], tell: Language) -> tuple[str, ...]:
    """How many of these gradients have numbers that are NaN or infinite."""
    nans, infinities = _counts(nodes)
    return _texts(tell.count(nans, "gradient") if nans else "", tell.count(infinities, "gradient") if infinities else "", tell)


def _counts(nodes: Iterable[Node]) -> tuple[int, int]:
    summaries = [node.summary for node in nodes if not node.is_finite]
    return sum(each.nans > 0 for each in summaries), sum(each.infinities > 0 for each in summaries)


def _texts(nans: str, infinities: str, tell: Language) -> tuple[str, ...]:
    found = (tell("NaN in {values}", values=nans),) if nans else ()
    return (*found, tell("infinite numbers in {values}", values=infinities)) if infinities else found
