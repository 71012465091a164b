"""Condition number and rank of matrices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.graph.expression import Expression
from tracer.ops.base import Array, Call
from tracer.ops.families.linalg.matrix_function import MatrixFunction, transposed
from tracer.ops.families.linalg.norms import Norm
from tracer.ops.families.linalg.singular_values import Svd
from tracer.ops.terms import Terms


class Cond(MatrixFunction):
    """Condition number: the largest singular value over the smallest, or norm(x, p) * norm(inv(x), p)."""

    implements = np.linalg.cond
    formula = "cond({x}{options})"

    @staticmethod
    def call(x: Array, p: Any = None) -> Call:
        return (x,), {} if p is None else {"p": p.item() if isinstance(p, np.generic) else p}

    @staticmethod
    def value(x: Array, *, p: Any = None) -> Array:
        return np.linalg.cond(x, p)

    @staticmethod
    def complex_value(x: Array, *, p: Any = None) -> Array:
        if p in (None, 2, -2):
            if min(x.shape[-2:]) == 1:
                return np.ones(x.shape[:-2], np.complex128)
            values = Svd.complex_value(x, part=1)
            return values[..., -1] / values[..., 0] if p == -2 else values[..., 0] / values[..., -1]
        options = {"ord": p, "axis": (x.ndim - 2, x.ndim - 1), "keepdims": False}
        return Norm.complex_value(x, **options) * Norm.complex_value(np.linalg.inv(x), **options)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, p: Any = None) -> Array:
        if p in (None, 2, -2):
            # Of log(out) = log(largest) - log(smallest), or the negative of it.
            left, values, right = np.linalg.svd(x, full_matrices=False)
            ends = np.zeros(values.shape[-1:], g.dtype)
            ends[0] += 1
            ends[-1] -= 1
            relative = np.expand_dims(g * out * (-1 if p == -2 else 1), -1) * (ends / values)
            return (left * np.expand_dims(relative, -2)) @ right
        inverse = np.linalg.inv(x)
        options = {"ord": p, "axis": (x.ndim - 2, x.ndim - 1), "keepdims": False}
        sizes = [np.linalg.norm(each, p, (-2, -1)) for each in (x, inverse)]
        own = Norm.gradient(0, g * sizes[1], sizes[0], (x,), options)
        of_inverse = Norm.gradient(0, g * sizes[0], sizes[1], (inverse,), options)
        turned = transposed(inverse)
        return own - turned @ of_inverse @ turned

    @classmethod
    def core_ranks(cls, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[int, ...]:
        return 2, 0

    @classmethod
    def kink_sides(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> np.ndarray | None:
        (x,) = inputs
        options = {"ord": parameters.get("p", 2), "axis": (x.ndim - 2, x.ndim - 1), "keepdims": False}
        both = [x] if options["ord"] in (2, -2) else [x, np.linalg.inv(x)]
        sides = [Norm.kink_sides([each], options) for each in both]
        return np.concatenate([np.ravel(each) for each in sides if each is not None])

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:  # type: ignore[override]
        return terms[0].in_call("cond")


class MatrixRank(MatrixFunction):
    """The number of singular values that are not small. It has no gradient."""

    implements = np.linalg.matrix_rank
    formula = "matrix_rank({x}{options})"

    @staticmethod
    def call(A: Array, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Call:
        given = {"tol": tol, "hermitian": hermitian or None, "rtol": rtol}
        return (A,), {name: option for name, option in given.items() if option is not None}

    @staticmethod
    def value(x: Array, **options: Any) -> Array:
        return np.linalg.matrix_rank(x, **options)

    @classmethod
    def parts(cls, index: Any, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> Any:
        return super().parts(index, inputs, parameters) if inputs[0].ndim > 1 else ((slice(None),) * inputs[0].ndim,)

    @classmethod
    def core_ranks(cls, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[int, ...]:
        return 2, 0

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:  # type: ignore[override]
        return terms[0].in_call("matrix_rank")
