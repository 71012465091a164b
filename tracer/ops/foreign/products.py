"""Products of matrices, convolutions and pooling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from tracer.graph.expression import Expression, Number, infix
from tracer.ops.base import Op
from tracer.ops.foreign.given import Given
from tracer.ops.indices import Index, broadcast_index
from tracer.ops.sum_of_products import SumOfProducts
from tracer.ops.terms import Terms


class Product(SumOfProducts):
    """A product of matrices or vectors, with an array added to it if there is one."""

    names: ClassVar[str] = "self mat2"
    factors: ClassVar[tuple[str, str]] = ("self", "mat2")
    addend: ClassVar[str] = ""
    adds = True

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        from tracer.ops.families.linear_algebra import Matmul  # the operations of the package load on first use

        given = Given(cls.names, inputs, parameters)
        first, second = (given.slot(name) for name in cls.factors)
        assert first is not None and second is not None
        if first == second and inputs[first].ndim > 1:
            return None  # the product of a matrix with itself needs two parts of one input
        found: list[Index | None] = [None] * len(inputs)
        pair = Matmul.parts(index, [inputs[first], inputs[second]], {})
        assert pair is not None
        found[first], found[second] = pair
        added = given.slot(cls.addend) if cls.addend else None
        if added is not None and given.value("beta", 1) != 0:
            found[added] = broadcast_index(index, inputs[added].shape)
        return tuple(found)

    @classmethod
    def rounding(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any], unit: float) -> float | None:
        if cls.addend:
            return None
        return super().rounding(index, inputs, parameters, unit)

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        given = Given(cls.names, [np.asarray(0)] * len(terms), parameters)
        slots = [given.slot(name) for name in cls.factors]
        total = super().format_element(template, [terms[slot] for slot in slots if slot is not None], parameters)
        if not cls.addend:
            return total
        scales = [parameters.get("options", {}).get(name) for name in ("alpha", "beta")]
        if total is None or any(scales):
            return None
        added = given.slot(cls.addend)
        return total if added is None else infix(("+",), (total, terms[added].first))


class AddedProduct(Product):
    """`addmm`: the bias and the product of two matrices."""

    names = "self mat1 mat2"
    factors = ("mat1", "mat2")
    addend = "self"


class AddedBatchProduct(Product):
    """`baddbmm`: an array and the products of batches of matrices."""

    names = "self batch1 batch2"
    factors = ("batch1", "batch2")
    addend = "self"


class AddedVectorProduct(Product):
    """`addmv`: a vector and the product of a matrix and a vector."""

    names = "self mat vec"
    factors = ("mat", "vec")
    addend = "self"


class VectorProduct(Product):
    """`mv`: the product of a matrix and a vector."""

    names = "self vec"
    factors = ("self", "vec")


class InnerProduct(Product):
    """`dot`: the product of two vectors."""

    names = "self tensor"
    factors = ("self", "tensor")


class Convolution(SumOfProducts):
    """The cross-correlation of images with kernels, and the bias."""

    names: ClassVar[str] = "input weight bias stride padding dilation transposed output_padding groups"
    adds = True

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        given = Given(cls.names, inputs, parameters)
        image, kernel, bias = (given.slot(name) for name in ("input", "weight", "bias"))
        if given.value("transposed") or image is None or kernel is None:
            return None
        x, w = inputs[image], inputs[kernel]
        example, output, *at = (int(each) for each in index)
        rank = len(at)
        stride, padding, dilation = (
            given.numbers(name, rank, usual) for name, usual in (("stride", 1), ("padding", 0), ("dilation", 1))
        )
        channels, *offsets = (each.ravel() for each in np.indices(w.shape[1:]))
        places = [
            position * step + offset * spread - border
            for position, offset, step, spread, border in zip(at, offsets, stride, dilation, padding, strict=True)
        ]
        inside = np.all([(place >= 0) & (place < size) for place, size in zip(places, x.shape[2:], strict=True)], axis=0)
        group = output // (w.shape[0] // int(given.value("groups", 1)))
        count = int(inside.sum())
        found: list[Index | None] = [None] * len(inputs)
        found[image] = (np.full(count, example), channels[inside] + group * w.shape[1], *(place[inside] for place in places))
        found[kernel] = (np.full(count, output), channels[inside], *(offset[inside] for offset in offsets))
        if bias is not None:
            found[bias] = (output,)
        return tuple(found)

    @classmethod
    def rounding(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any], unit: float) -> float | None:
        return None

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        given = Given(cls.names, [np.asarray(0)] * len(terms), parameters)
        image, kernel, bias = (given.slot(name) for name in ("input", "weight", "bias"))
        assert image is not None and kernel is not None
        total = super().format_element(template, [terms[image], terms[kernel]], parameters)
        return total if bias is None or total is None else infix(("+",), (total, terms[bias].first))


class MaxPool(Op):
    """The largest element of each window."""

    names: ClassVar[str] = "self kernel_size stride padding dilation ceil_mode"

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        given, x = Given(cls.names, inputs, parameters), inputs[0]
        size = tuple(given.value("kernel_size"))
        rank = len(size)
        stride = given.numbers("stride", rank, 1) if given.value("stride") else size
        padding, dilation = given.numbers("padding", rank, 0), given.numbers("dilation", rank, 1)
        leading, at = index[: len(index) - rank], index[len(index) - rank :]
        offsets = [each.ravel() for each in np.indices(size)]
        places = [
            int(position) * step + offset * spread - border
            for position, offset, step, spread, border in zip(at, offsets, stride, dilation, padding, strict=True)
        ]
        inside = np.all([(place >= 0) & (place < whole) for place, whole in zip(places, x.shape[-rank:], strict=True)], axis=0)
        fixed = (np.full(int(inside.sum()), int(each)) for each in leading)
        return (*fixed, *(place[inside] for place in places)), *(None for _ in inputs[1:])

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        return None if parameters.get("output") else terms[0].in_call("max")


class MeanPool(MaxPool):
    """The mean of each window."""

    names = "self kernel_size stride padding"

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        sizes = parameters["arguments"][1]
        total = terms[0].joined("+")
        return total and infix(("/",), (total, Number(str(int(np.prod(sizes)))))) if "padding" not in template else None


PRODUCTS: dict[str, type[Op]] = {
    "mm": Product, "bmm": Product, "mv": VectorProduct, "dot": InnerProduct, "addmm": AddedProduct, "baddbmm": AddedBatchProduct,
    "addmv": AddedVectorProduct, "convolution": Convolution, "max_pool2d_with_indices": MaxPool,
    "max_pool3d_with_indices": MaxPool,
    "avg_pool2d": MeanPool, "avg_pool3d": MeanPool,
}  # fmt: skip
