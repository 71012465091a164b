"""Normalization over features, over a batch, and over groups of channels, worked out from the inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.graph.expression import Expression, FunctionCall, infix
from tracer.ops.foreign.closed_form import ClosedForm, Writer
from tracer.ops.foreign.given import Given
from tracer.ops.indices import Index


class Normalized(ClosedForm):
    """Elements less their mean, divided by their standard deviation, scaled and shifted."""

    names = "input normalized_shape weight bias eps"

    @classmethod
    def _group(cls, index: Index, x: np.ndarray, given: Given) -> Index:
        """The elements that an element is normalized with."""
        count = len(given.value("normalized_shape"))
        return (*index[: x.ndim - count], *([slice(None)] * count))

    @classmethod
    def _affine_index(cls, index: Index, x: np.ndarray, given: Given) -> Index:
        return index[x.ndim - len(given.value("normalized_shape")) :]

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        given = Given(cls.names, inputs, parameters)
        if parameters.get("output"):
            return None
        found: list[Index | None] = [None] * len(inputs)
        found[0] = cls._group(index, inputs[0], given)
        for name in ("weight", "bias"):
            slot = given.slot(name)
            if slot is not None:
                found[slot] = cls._affine_index(index, inputs[0], given)
        return tuple(found)

    @classmethod
    def element(
        cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any], template: str, writer: Writer
    ) -> Expression | None:
        if parameters.get("output"):
            return None
        given = Given(cls.names, inputs, parameters)
        mean, variance = cls._statistics(index, inputs[0], given)
        spread = FunctionCall("sqrt", (infix(("+",), (writer.number(variance), writer.number(float(given.value("eps"))))),))
        found: Expression = infix(("/",), (infix(("-",), (writer.element(0, index), writer.number(mean))), spread))
        for name, sign in (("weight", "*"), ("bias", "+")):
            slot = given.slot(name)
            if slot is not None:
                found = infix((sign,), (found, writer.element(slot, cls._affine_index(index, inputs[0], given))))
        return found

    @classmethod
    def _statistics(cls, index: Index, x: np.ndarray, given: Given) -> tuple[float, float]:
        group = np.asarray(x[cls._group(index, x, given)], dtype=np.float64)
        return float(group.mean()), float(group.var())


class BatchNormalized(Normalized):
    """Normalization of each channel over a batch; outside of training with the running mean and variance."""

    names = "input weight bias running_mean running_var training momentum eps"

    @classmethod
    def _group(cls, index: Index, x: np.ndarray, given: Given) -> Index:
        return (slice(None), index[1], *([slice(None)] * (x.ndim - 2)))

    @classmethod
    def _affine_index(cls, index: Index, x: np.ndarray, given: Given) -> Index:
        return index[1:2]

    @classmethod
    def _statistics(cls, index: Index, x: np.ndarray, given: Given) -> tuple[float, float]:
        mean, variance = given.array("running_mean"), given.array("running_var")
        if given.value("training") or mean is None or variance is None:
            return super()._statistics(index, x, given)
        return float(mean[index[1]]), float(variance[index[1]])


class GroupNormalized(Normalized):
    """Normalization of each group of channels of a sample."""

    names = "input weight bias N C HxW group eps"

    @classmethod
    def _group(cls, index: Index, x: np.ndarray, given: Given) -> Index:
        size = x.shape[1] // int(given.value("group"))
        first = index[1] // size * size
        return (index[0], slice(first, first + size), *([slice(None)] * (x.ndim - 2)))

    @classmethod
    def _affine_index(cls, index: Index, x: np.ndarray, given: Given) -> Index:
        return index[1:2]


NORMALIZED: dict[str, type[ClosedForm]] = {
    "native_layer_norm": Normalized,
    "native_batch_norm": BatchNormalized,
    "native_group_norm": GroupNormalized,
}
