"""What operations of an update do, in words, in every language of the page."""

from __future__ import annotations

from tracer.graph.record import Phase, Step, Trace
from tracer.i18n.language import languages
from tracer.views.explaining.optimizer_words import learning_rate, operation_words
from tracer.views.notation import Labels


def update_words(trace: Trace, step: Step, labels: Labels) -> dict[str, dict[str, str]]:
    """By the ids of operations, and languages: `a running mean of the gradient: 0.1 of it is new`."""
    rate = learning_rate(trace, step)
    found: dict[str, dict[str, str]] = {}
    for node in step.nodes:
        if node.phase is not Phase.UPDATE or node.is_leaf:
            continue
        words = {tell.code: operation_words(step, node, labels, tell, rate) for tell in languages()}
        if all(words.values()):
            found[str(node.id)] = words
    return found
