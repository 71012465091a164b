"""The base of operations whose output elements are sums of products."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.graph.expression import Expression, Number, infix
from tracer.ops.base import Op
from tracer.ops.indices import Index
from tracer.ops.rounding import rounding_of_sum
from tracer.ops.terms import Terms


class SumOfProducts(Op):
    """Base of operations whose output elements are sums of products of the elements that `parts` names."""

    analytic = True

    @classmethod
    def rounding(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any], unit: float) -> float | None:
        parts = cls.parts(index, inputs, parameters)
        if parts is None:
            return None
        return rounding_of_sum(np.asarray(math.prod(array[part] for array, part in zip(inputs, parts, strict=True))), unit)

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        most = max(terms, key=lambda term: term.count)
        columns = [term.elements if term.count == most.count else term.elements * len(most.elements) for term in terms]
        products = [infix(("*",) * (len(pair) - 1), pair) if len(pair) > 1 else pair[0] for pair in zip(*columns, strict=True)]
        return Terms(tuple(products), most.count, most.zeros).joined("+") or Number("0")
