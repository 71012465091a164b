"""Derivatives of convolutions, pooling, embeddings and parts of arrays: sums of elements of a gradient, some with a factor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from tracer.graph.expression import Expression, Number, infix
from tracer.ops.foreign.closed_form import ClosedForm, Writer, total
from tracer.ops.foreign.given import Given
from tracer.ops.indices import Index

Places = tuple[np.ndarray, ...]
"""Elements of an array: their positions along each axis."""


class Gathered(ClosedForm):
    """A derivative whose elements are sums of elements of the first input, the gradient, or of their products with elements
    of another. `sources` lists them; None where it is not known."""

    names: ClassVar[str] = "grad_output"

    @classmethod
    def sources(cls, index: Index, given: Given, gradient: np.ndarray) -> tuple[Places, tuple[str, Places] | None] | None:
        """The elements of the gradient; the name of the other factor, and its elements in the same order."""
        raise NotImplementedError

    @classmethod
    def divisor(cls, given: Given) -> int:
        """What the sum is divided by."""
        return 1

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        given = Given(cls.names, inputs, parameters)
        found = cls.sources(index, given, inputs[0])
        if found is None:
            return None
        parts: list[Index | None] = [None] * len(inputs)
        parts[0] = found[0]
        if found[1] is not None:
            slot = given.slot(found[1][0])
            assert slot is not None
            parts[slot] = found[1][1]
        return tuple(parts)

    @classmethod
    def element(
        cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any], template: str, writer: Writer
    ) -> Expression | None:
        given = Given(cls.names, inputs, parameters)
        found = cls.sources(index, given, inputs[0])
        if found is None:
            return None
        places, other = found
        slot = None if other is None else given.slot(other[0])
        sizes = np.abs(inputs[0][places])
        if other is not None and slot is not None:
            sizes = sizes * np.abs(inputs[slot][other[1]])

        def term(at: int) -> Expression:
            one = writer.element(0, tuple(int(axis[at]) for axis in places))
            if other is None or slot is None:
                return one
            return infix(("*",), (one, writer.element(slot, tuple(int(axis[at]) for axis in other[1]))))

        sums, divisor = total(writer, sizes, term), cls.divisor(given)
        return sums if divisor == 1 else infix(("/",), (sums, Number(str(divisor))))


def _windows(given: Given, rank: int) -> tuple[tuple[int, ...], ...]:
    return tuple(given.numbers(name, rank, usual) for name, usual in (("stride", 1), ("padding", 0), ("dilation", 1)))


class ConvolutionBackward(Gathered):
    """The derivatives of a convolution with respect to the images, the kernels and the bias."""

    names = "grad_output input weight bias_sizes stride padding dilation transposed output_padding groups output_mask"

    @classmethod
    def sources(cls, index: Index, given: Given, gradient: np.ndarray) -> tuple[Places, tuple[str, Places] | None] | None:
        images, kernels = given.array("input"), given.array("weight")
        if given.value("transposed") or images is None or kernels is None:
            return None
        groups = int(given.value("groups", 1))
        mask = zip(("input", "weight", "bias"), given.value("output_mask"), strict=True)
        computed = [name for name, is_wanted in mask if is_wanted]
        wanted = computed[given.output] if given.output < len(computed) else ""
        if wanted == "input":
            return cls._of_images(index, given, gradient, kernels, groups)
        if wanted == "weight":
            return cls._of_kernels(index, given, gradient, images, kernels, groups)
        if wanted != "bias":
            return None
        axes = np.indices((gradient.shape[0], *gradient.shape[2:]))
        return (axes[0].ravel(), np.full(axes[0].size, int(index[0])), *(each.ravel() for each in axes[1:])), None

    @classmethod
    def _of_kernels(
        cls, index: Index, given: Given, gradient: np.ndarray, images: np.ndarray, kernels: np.ndarray, groups: int
    ) -> tuple[Places, tuple[str, Places]]:
        output, channel, *offsets = (int(each) for each in index)
        stride, padding, dilation = _windows(given, len(offsets))
        example, *at = (each.ravel() for each in np.indices((gradient.shape[0], *gradient.shape[2:])))
        places = [
            position * step + offset * spread - border
            for position, offset, step, spread, border in zip(at, offsets, stride, dilation, padding, strict=True)
        ]
        inside = np.all([(place >= 0) & (place < size) for place, size in zip(places, images.shape[2:], strict=True)], axis=0)
        count = int(inside.sum())
        first = output // (kernels.shape[0] // groups) * kernels.shape[1]
        of_gradient = (example[inside], np.full(count, output), *(each[inside] for each in at))
        return of_gradient, ("input", (example[inside], np.full(count, first + channel), *(each[inside] for each in places)))

    @classmethod
    def _of_images(
        cls, index: Index, given: Given, gradient: np.ndarray, kernels: np.ndarray, groups: int
    ) -> tuple[Places, tuple[str, Places]]:
        example, channel, *at = (int(each) for each in index)
        stride, padding, dilation = _windows(given, len(at))
        each_group = kernels.shape[0] // groups
        group, inner = divmod(channel, kernels.shape[1])
        output, *offsets = (each.ravel() for each in np.indices((each_group, *kernels.shape[2:])))
        output = output + group * each_group
        steps = [
            position + border - offset * spread
            for position, offset, spread, border in zip(at, offsets, dilation, padding, strict=True)
        ]
        inside = np.all(
            [
                (place % step == 0) & (place >= 0) & (place // step < size)
                for place, step, size in zip(steps, stride, gradient.shape[2:], strict=True)
            ],
            axis=0,
        )
        count = int(inside.sum())
        places = (each[inside] // step for each, step in zip(steps, stride, strict=True))
        of_kernels = (output[inside], np.full(count, inner), *(each[inside] for each in offsets))
        return (np.full(count, example), output[inside], *places), ("weight", of_kernels)


class MaxPoolBackward(Gathered):
    """The derivative of pooling: the gradient goes to the largest element of each window."""

    names = "grad_output self kernel_size stride padding dilation ceil_mode indices"

    @classmethod
    def sources(cls, index: Index, given: Given, gradient: np.ndarray) -> tuple[Places, None] | None:
        chosen, x = given.array("indices"), given.array("self")
        if chosen is None or x is None:
            return None
        rank = len(given.value("kernel_size"))
        leading = tuple(int(each) for each in index[: x.ndim - rank])
        flat = int(np.ravel_multi_index(tuple(int(each) for each in index[x.ndim - rank :]), x.shape[x.ndim - rank :]))
        found = np.nonzero(chosen[leading] == flat)
        return (*(np.full(found[0].size, each) for each in leading), *found), None


class MeanPoolBackward(Gathered):
    """The derivative of pooling by means, without padding: every element of a window gets its share of the gradient."""

    names = "grad_output self kernel_size stride padding ceil_mode count_include_pad divisor_override"

    @classmethod
    def sources(cls, index: Index, given: Given, gradient: np.ndarray) -> tuple[Places, None] | None:
        size = tuple(given.value("kernel_size"))
        rank = len(size)
        stride = given.numbers("stride", rank, 1) if given.value("stride") else size
        if any(given.numbers("padding", rank, 0)) or given.value("ceil_mode") or given.value("divisor_override"):
            return None
        leading, at = index[: len(index) - rank], index[len(index) - rank :]
        windows = np.meshgrid(
            *(
                [w for w in range(sides) if w * step <= int(place) < w * step + width]
                for place, step, width, sides in zip(at, stride, size, gradient.shape[-rank:], strict=True)
            ),
            indexing="ij",
        )
        return (*(np.full(windows[0].size, int(each)) for each in leading), *(each.ravel().astype(int) for each in windows)), None

    @classmethod
    def divisor(cls, given: Given) -> int:
        return int(np.prod(given.value("kernel_size")))


class EmbeddingBackward(Gathered):
    """The derivative of rows that were looked up: a row gets the gradients of all places that it was looked up at."""

    names = "grad_output indices num_weights padding_idx scale_grad_by_freq"

    @classmethod
    def sources(cls, index: Index, given: Given, gradient: np.ndarray) -> tuple[Places, None] | None:
        rows = given.array("indices")
        if rows is None or given.value("scale_grad_by_freq"):
            return None
        is_looked_up = (rows == int(index[0])) & (rows != given.value("padding_idx"))
        found = np.nonzero(is_looked_up)
        return (*found, np.full(found[0].size, int(index[1]))), None


class SelectBackward(Gathered):
    """The derivative of a part of an array: the gradient stands at its places, and there are zeros elsewhere."""

    names = "grad_output input_sizes dim index"

    @classmethod
    def sources(cls, index: Index, given: Given, gradient: np.ndarray) -> tuple[Places, None] | None:
        axis, size = int(given.value("dim")) % len(index), given.value("input_sizes")
        is_there = int(index[axis]) == int(given.value("index")) % size[axis]
        place = (*index[:axis], *index[axis + 1 :])
        return (tuple(np.array([int(each)] * is_there, dtype=int) for each in place), None) if place else None


class SliceBackward(Gathered):
    """The derivative of a slice."""

    names = "grad_output input_sizes dim start end step"

    @classmethod
    def sources(cls, index: Index, given: Given, gradient: np.ndarray) -> tuple[Places, None] | None:
        axis, size = int(given.value("dim")) % len(index), given.value("input_sizes")
        places = range(size[axis])[slice(given.value("start"), given.value("end"), int(given.value("step", 1)))]
        own = int(index[axis])
        place = (*index[:axis], places.index(own) if own in places else 0, *index[axis + 1 :])
        return tuple(np.array([int(each)] * (own in places), dtype=int) for each in place), None


BACKWARDS: dict[str, type[ClosedForm]] = {
    "convolution_backward": ConvolutionBackward,
    "max_pool2d_with_indices_backward": MaxPoolBackward,
    "max_pool3d_with_indices_backward": MaxPoolBackward,
    "avg_pool2d_backward": MeanPoolBackward,
    "avg_pool3d_backward": MeanPoolBackward,
    "embedding_dense_backward": EmbeddingBackward,
    "select_backward": SelectBackward,
    "slice_backward": SliceBackward,
}
