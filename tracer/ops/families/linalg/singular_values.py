"""Singular value decomposition.

The rule is that of Townsend (2016), "Differentiating the singular value decomposition", and Giles (2008), section 3.2. Singular
vectors have no derivative where singular values are equal, nor where one is 0 and the matrix is not square: there the gradient is
infinite or NaN, as in PyTorch and JAX. That of the singular values is finite, but depends on the vectors that LAPACK chose, as
does the sign of each pair of vectors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from tracer.errors import RecordingError
from tracer.ops.base import Array, Call
from tracer.ops.families.linalg.eigenvalues import eigen_scale
from tracer.ops.families.linalg.matrix_function import MatrixFunction, transposed, with_undetermined, without_infinities
from tracer.ops.indices import Shape
from tracer.ops.several_results import SeveralResults


class SVDResult(NamedTuple):
    """The results of np.linalg.svd."""

    U: Any
    S: Any
    Vh: Any


class Svd(MatrixFunction, SeveralResults):
    """Singular value decomposition x = (U * S) @ Vh; with compute_uv=False the singular values only.

    With full_matrices=True, which is NumPy's default, the larger of U and Vh has vectors that x does not determine, and no
    gradient: write full_matrices=False.
    """

    implements = np.linalg.svd
    formula = "svd({x}{options})[{part}]"

    @staticmethod
    def call(a: Array, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Call:
        given = {"full_matrices": bool(full_matrices), "compute_uv": bool(compute_uv), "hermitian": bool(hermitian)}
        defaults = {"full_matrices": True, "compute_uv": True, "hermitian": False}
        return (a,), {name: option for name, option in given.items() if option != defaults[name]}

    @classmethod
    def result_count(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> int:
        return 3 if parameters.get("compute_uv", True) else 1

    @classmethod
    def combined(cls, results: list[Any]) -> Any:
        return SVDResult(*results) if len(results) > 1 else results[0]

    @staticmethod
    def value(x: Array, *, part: int, **options: Any) -> Array:
        computes_vectors = options.get("compute_uv", True) and not options.get("hermitian", False)
        found: Any = np.linalg.svd(without_infinities(x) if computes_vectors else x, **options)
        return found[part] if options.get("compute_uv", True) else found

    @staticmethod
    def complex_value(x: Array, *, part: int, **options: bool) -> Array:
        """One step of the iterative refinement of Ogita and Aishima (2020), which is exact to first order."""
        if not options.get("compute_uv", True):
            part = 1
        left, values, right = np.linalg.svd(np.real(x), full_matrices=False, hermitian=options.get("hermitian", False))
        if part == 1:
            return _inside(x, left, transposed(right))
        if part == 2:
            x, left, right = transposed(x), transposed(right), transposed(left)
        found = _refined(x, left, values, transposed(right))
        if options.get("full_matrices", True):
            found = with_undetermined(found, found.shape[-2])
        return transposed(found) if part == 2 else found

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, part: int, **options: bool) -> Array:
        computes_values = part == 1 or not options.get("compute_uv", True)
        if not computes_values and options.get("full_matrices", True) and g.shape[-1] > min(x.shape[-2:]):
            factor = ("U", "", "Vh")[part]
            raise RecordingError(
                f"{factor} of np.linalg.svd has {g.shape[-1]} vectors and only {min(x.shape[-2:])} of them are determined, it has"
                " no gradient: write np.linalg.svd(x, full_matrices=False)"
            )
        left, values, right = np.linalg.svd(x, full_matrices=False, hermitian=options.get("hermitian", False))
        if computes_values:
            return (left * np.expand_dims(g, -2)) @ right
        if part == 0:
            return _gradient_of_left(g, left, values, right)
        return transposed(_gradient_of_left(transposed(g), transposed(right), values, transposed(left)))

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        *batch, rows, columns = shapes[0]
        smaller = min(rows, columns)
        if not parameters.get("compute_uv", True):
            return (*batch, smaller) == result
        outer = (rows, columns) if parameters.get("full_matrices", True) else (smaller, smaller)
        return ((*batch, rows, outer[0]), (*batch, smaller), (*batch, outer[1], columns))[parameters["part"]] == result

    @classmethod
    def core_ranks(cls, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[int, ...]:
        return 2, 1 if parameters["part"] == 1 or not parameters.get("compute_uv", True) else 2

    @classmethod
    def error_scale(
        cls, value: np.ndarray, inputs: Sequence[Any], scales: Sequence[Any], parameters: Mapping[str, Any]
    ) -> np.ndarray | None:
        return singular_scale(value, inputs[0], cls.core_ranks(inputs, parameters)[1] == 2)

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        options = "".join(f", {name}={option}" for name, option in parameters.items() if name != "part")
        return f"svd({{0}}{options})" + (f"[{parameters['part']}]" if parameters.get("compute_uv", True) else "")


class Svdvals(MatrixFunction):
    """Singular values, in descending order."""

    implements = np.linalg.svdvals
    formula = "svdvals({x})"

    @staticmethod
    def value(x: Array) -> Array:
        return np.linalg.svdvals(x)

    @staticmethod
    def complex_value(x: Array) -> Array:
        return Svd.complex_value(x, part=1)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        left, _, right = np.linalg.svd(x, full_matrices=False)
        return (left * np.expand_dims(g, -2)) @ right

    @classmethod
    def core_ranks(cls, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[int, ...]:
        return 2, 1

    @classmethod
    def error_scale(
        cls, value: np.ndarray, inputs: Sequence[Any], scales: Sequence[Any], parameters: Mapping[str, Any]
    ) -> np.ndarray | None:
        return singular_scale(value, inputs[0], False)


def singular_scale(value: np.ndarray, x: np.ndarray, are_vectors: bool) -> np.ndarray:
    """The error scale of singular values or vectors."""
    values = np.linalg.svd(x, compute_uv=False)[..., ::-1]
    if are_vectors and x.shape[-1] != x.shape[-2]:
        values = np.concatenate([np.zeros((*values.shape[:-1], 1), values.dtype), values], axis=-1)
    return eigen_scale(value, values, are_vectors)


def _gradient_of_left(g: Array, left: Array, values: Array, right: Array) -> Array:
    """The gradient with respect to (left * values) @ right, for the cotangent g of left."""
    inner = transposed(left) @ g
    scaled = (inner - transposed(inner)) * _gaps_of_squares(values)
    gradient = left @ (scaled * np.expand_dims(values, -2)) @ right
    if left.shape[-2] == left.shape[-1]:
        return gradient
    across = (g - left @ inner) / np.expand_dims(values, -2)
    return gradient + across @ right


def _gaps_of_squares(values: Array) -> Array:
    """1 / (values[j]**2 - values[i]**2) at i, j, and 0 on the diagonal."""
    diagonal = np.eye(values.shape[-1], dtype=values.dtype)
    one, other = np.expand_dims(values, -2), np.expand_dims(values, -1)
    return (1 - diagonal) / ((one - other) * (one + other) + diagonal)


def _inside(x: Array, left: Array, right: Array) -> Array:
    """The diagonal of left.T @ x @ right: the singular values of x, to first order."""
    return np.diagonal(transposed(left) @ x @ right, axis1=-2, axis2=-1)


def _refined(x: Array, left: Array, values: Array, right: Array) -> Array:
    """The left singular vectors of x, from real factors left and right [rows, vectors] of its real part; exact to first order."""
    turned = transposed(left) @ x @ right
    rotation = _gaps_of_squares(values) * (turned * values[..., np.newaxis, :] + transposed(turned) * values[..., :, np.newaxis])
    found = left + left @ rotation
    if left.shape[-2] > left.shape[-1]:
        found = found + (x @ right - left @ turned) / values[..., np.newaxis, :]
    return found
