"""What is measured of predictions, on plain arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracer.errors import UsageError
from tracer.ops.base import Array


def accuracy(scores: Array, labels: Array) -> Array:
    """The share of samples whose largest score is that of their label: scores [samples, classes], labels [samples].

    >>> float(accuracy(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1])))
    0.5
    """
    predicted = np.argmax(scores, axis=-1)
    if np.shape(predicted) != np.shape(labels):
        shapes = f"scores of shape {np.shape(scores)} and labels {np.shape(labels)}"
        raise UsageError(f"accuracy takes scores [samples, classes] and labels [samples], these are {shapes}")
    return np.mean(predicted == labels)


@dataclass(frozen=True, slots=True)
class Quality:
    """How well one class was found: `support` is how many samples there are of it."""

    precision: float
    recall: float
    f1_score: float
    support: int


def quality_of_classes(labels: Array, predicted: Array) -> dict[int, Quality]:
    """The quality of every class that occurs among labels or predictions [samples], in order. What is 0 / 0 is 0.

    >>> found = quality_of_classes(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]))
    >>> found[0]
    Quality(precision=1.0, recall=0.5, f1_score=0.6666666666666666, support=2)
    """
    found = {}
    for label in np.union1d(labels, predicted):
        hits = int(np.sum((labels == label) & (predicted == label)))
        claimed, support = int(np.sum(predicted == label)), int(np.sum(labels == label))
        found[int(label)] = Quality(
            precision=hits / claimed if claimed else 0.0,
            recall=hits / support if support else 0.0,
            f1_score=2 * hits / (claimed + support) if claimed + support else 0.0,
            support=support,
        )
    return found
