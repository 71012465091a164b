"""Classification metrics on plain arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracer.errors import UsageError
from tracer.nn.labels import integer_labels
from tracer.ops.base import Array
from tracer.recording.tensor import plain


def accuracy(scores: Array, labels: Array) -> Array:
    """The fraction of samples whose largest score is that of their label; scores [samples, classes], labels [samples].

    >>> float(accuracy(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1])))
    0.5
    """
    predicted = np.argmax(scores, axis=-1)
    if np.shape(predicted) != np.shape(labels):
        shapes = f"scores of shape {np.shape(scores)} and labels {np.shape(labels)}"
        raise UsageError(f"accuracy takes scores [samples, classes] and labels [samples], these are {shapes}")
    labels = integer_labels("accuracy", labels, np.shape(scores)[-1], np.shape(labels))
    return np.mean(predicted == labels)


@dataclass(frozen=True, slots=True)
class Quality:
    """Precision, recall and F1 score of one class; `support` is its number of samples."""

    precision: float
    recall: float
    f1_score: float
    support: int


def quality_of_classes(labels: Array, predicted: Array) -> dict[int, Quality]:
    """Scores of every class among labels or predictions [samples], by class, in ascending order. 0 / 0 counts as 0.

    >>> scores = quality_of_classes(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]))
    >>> scores[0]
    Quality(precision=1.0, recall=0.5, f1_score=0.6666666666666666, support=2)
    """
    labels = integer_labels("quality_of_classes", plain(labels), None, np.shape(labels))
    predicted = integer_labels("quality_of_classes", plain(predicted), None, labels.shape)
    scores = {}
    for label in np.union1d(labels, predicted):
        true_positives = int(np.sum((labels == label) & (predicted == label)))
        positives, support = int(np.sum(predicted == label)), int(np.sum(labels == label))
        scores[int(label)] = Quality(
            precision=true_positives / positives if positives else 0.0,
            recall=true_positives / support if support else 0.0,
            f1_score=2 * true_positives / (positives + support) if positives + support else 0.0,
            support=support,
        )
    return scores
