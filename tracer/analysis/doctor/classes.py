"""Rules on classification: the loss at the start, classes that are rare."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tracer.analysis.doctor.findings import Finding, Unseen
from tracer.analysis.doctor.operations import is_sigmoid
from tracer.analysis.doctor.reading import Run, dependents, forward_nodes, numbers_of
from tracer.graph.record import Node, Phase, Step
from tracer.i18n.message import Message

MAX_INITIAL = 2.0
"""How many times the loss of guessing, ln C, it may be at the start. Karpathy's recipe: "verify loss @ init"."""

MAX_IMBALANCE = 10.0
"""How many times as many samples one class may have as another one (SageMaker Debugger, ClassImbalance: threshold_imbalance)."""

MIN_PER_CLASS = 10
"""Samples for each class, on average, from which it is told whether some are rare."""

MAX_BACK = 80
"""Operations before the loss in which probabilities are looked for."""

_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class Classified:
    """The class of each sample, how many there are, and the mean cross-entropy if the loss is one; `node` has the outputs."""

    labels: np.ndarray
    classes: int
    entropy: float | None
    node: Node


def initial_loss(run: Run) -> Iterator[Finding | Unseen]:
    """A cross-entropy that is far above that of guessing before anything was learnt."""
    first = run.steps[0] if run.steps else None
    if first is None or first.index != 0:
        return
    found = classified(first)
    if found is None or found.entropy is None:
        return
    expected = math.log(found.classes)
    if found.entropy > MAX_INITIAL * expected:
        fields = {"loss": f"{found.entropy:.4g}", "expected": f"{expected:.4g}", "classes": found.classes}
        numbers = {"loss": found.entropy, "expected": expected, "classes": found.classes}
        yield Finding(Message("doctor_initial_loss", fields), Message("advice_initial_loss"), numbers, 0, found.node.id)


def imbalance(run: Run) -> Iterator[Finding | Unseen]:
    """Classes of which the steps that are looked at have far fewer samples than of others."""
    counts: np.ndarray | None = None
    node, before = None, None
    for step in run.steps:
        found = classified(step)
        if found is None:
            break
        if before is not None and np.array_equal(found.labels, before):
            continue  # the same batch again
        before = found.labels
        mine = np.bincount(found.labels, minlength=found.classes)
        counts, node = (mine if counts is None or counts.size != mine.size else counts + mine), (step.index, found.node.id)
    if counts is None or node is None or counts.sum() < MIN_PER_CLASS * counts.size:
        return
    least, most = int(counts.min()), int(counts.max())
    if most <= MAX_IMBALANCE * max(least, 1):
        return
    fields = {
        "rare": int(counts.argmin()), "least": least, "frequent": int(counts.argmax()), "most": most, "count": int(counts.sum()),
    }  # fmt: skip
    numbers = {"least": least, "most": most, "samples": int(counts.sum()), "classes": counts.size}
    yield Finding(Message("doctor_imbalance", fields), Message("advice_imbalance"), numbers, *node)


def classified(step: Step) -> Classified | None:
    """The classes of a step: by probabilities and labels whose cross-entropy is the loss, or by targets with one 1 a sample."""
    depending = dependents(step)
    targets = list(_targets(step, depending))
    if not targets:
        return None
    loss = float(step.nodes[step.loss_id].value) if step.nodes[step.loss_id].is_kept else math.nan
    for node in [each for each in forward_nodes(step) if each.id in depending][: -MAX_BACK - 1 : -1]:
        table = _log_probabilities(step, node)
        if table is None:
            continue
        for labels in targets:
            if labels.size == len(table) and labels.max(initial=0) < table.shape[1]:
                entropy = float(-np.mean(table[np.arange(labels.size), labels]))
                if any(abs(each - loss) <= _TOLERANCE * abs(loss) for each in (entropy, entropy * labels.size)):
                    return Classified(labels, table.shape[1], entropy, node)
    return _one_hot(step, depending)


def _targets(step: Step, depending: set[int]) -> Iterator[np.ndarray]:
    """What may be the labels of a batch: whole numbers from 0 that do not depend on parameters, or arrays with one 1 a row."""
    for node in step.nodes:
        if node.id in depending or node.phase not in (Phase.INIT, Phase.FORWARD, Phase.LOSS) or not 1 < node.size < 1_000_000:
            continue
        value = numbers_of(node)
        if value is None or not np.all(np.isfinite(value)):
            continue
        if value.ndim == 2 and 1 in value.shape:
            value = value.ravel()
        if value.ndim == 1 and np.all(value == np.round(value)) and value.min() >= 0 and value.max() < 1000:
            yield value.astype(np.int64)
        elif value.ndim == 2:
            for axis in (1, 0):
                if _is_one_hot(value, axis):
                    yield np.argmax(value, axis=axis)


def _is_one_hot(value: np.ndarray, axis: int) -> bool:
    if value.shape[axis] <= 1 or not value.size:
        return False
    return bool(np.all((value == 0) | (value == 1)) and np.all(value.sum(axis=axis) == 1))


def _log_probabilities(step: Step, node: Node) -> np.ndarray | None:
    """The logarithms of the probabilities of classes, a row a sample, if a node has them or the probabilities."""
    is_table = len(node.shape) == 2 and min(node.shape) > 0 and node.dtype.startswith(("float", "bfloat"))
    is_logistic = is_sigmoid(step, node) or node.op == "aten.binary_cross_entropy_with_logits"
    if not is_table and not is_logistic:
        return None
    if is_logistic:
        logits = node.op == "aten.binary_cross_entropy_with_logits"
        value = numbers_of(step.nodes[node.operands[0]] if logits else node)
        if value is None or value.size != max(value.shape, default=0):
            return None
        one = 1 / (1 + np.exp(-value.ravel())) if logits else value.ravel()
        return np.asarray(np.log(np.column_stack([1 - one, one])))
    value = numbers_of(node)
    if value is None or not np.all(np.isfinite(value)):
        return None
    for axis in (1, 0):
        rows = value if axis == 1 else value.T
        if rows.shape[1] < 2:
            continue
        if np.all(rows >= 0) and np.allclose(rows.sum(axis=1), 1, atol=1e-4):
            return np.asarray(np.log(rows))
        if np.all(rows <= 0) and np.allclose(np.exp(rows).sum(axis=1), 1, atol=1e-4):
            return rows
    return None


def _one_hot(step: Step, depending: set[int]) -> Classified | None:
    """Targets with one 1 a row that are compared with outputs of the same shape, whatever the loss is."""
    for node in forward_nodes(step):
        operands = [step.nodes[each] for each in node.operands]
        outputs = [each for each in operands if each.id in depending]
        for target in operands:
            if target.id in depending or not outputs or outputs[0].shape != target.shape or len(target.shape) != 2:
                continue
            value = numbers_of(target)
            if value is not None and _is_one_hot(value, 1):
                return Classified(np.argmax(value, axis=1), value.shape[1], None, outputs[0])
    return None
