"""Eigenvalues and eigenvectors.

Rules of Giles (2008), "Collected matrix derivative results for forward and reverse mode algorithmic differentiation", section
3.1. Eigenvectors have no derivative where eigenvalues are equal: there the gradient is infinite or NaN, as in PyTorch and JAX.
That of the eigenvalues is finite, but it depends on the eigenvectors that LAPACK chose, as does the sign of an eigenvector.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from tracer.errors import RecordingError
from tracer.ops.base import Array, Call
from tracer.ops.families.linalg.matrix_function import MatrixFunction, symmetric, transposed
from tracer.ops.several_results import SeveralResults


class EighResult(NamedTuple):
    """The results of np.linalg.eigh."""

    eigenvalues: Any
    eigenvectors: Any


class EigResult(NamedTuple):
    """The results of np.linalg.eig."""

    eigenvalues: Any
    eigenvectors: Any


class Eigh(MatrixFunction, SeveralResults):
    """Eigenvalues, in ascending order, and eigenvectors of symmetric matrices.

    NumPy reads one triangle of x only. The derivative is that of the function of the symmetric part of x, as in PyTorch and JAX:
    the gradient is a symmetric matrix.
    """

    implements = np.linalg.eigh
    formula = "eigh({x}{options})[{part}]"
    takes_symmetric_part = True

    @staticmethod
    def call(a: Array, UPLO: str = "L") -> Call:
        return (a,), {} if UPLO == "L" else {"UPLO": UPLO}

    @classmethod
    def result_count(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> int:
        return 2

    @classmethod
    def combined(cls, results: list[Any]) -> Any:
        return EighResult(*results)

    @staticmethod
    def value(x: Array, *, part: int, UPLO: Any = "L") -> Array:
        return np.linalg.eigh(x, UPLO)[part]

    @staticmethod
    def complex_value(x: Array, *, part: int, UPLO: Any = "L") -> Array:
        """One step of the iterative refinement of Ogita and Aishima (2018), which is exact to first order."""
        values, vectors = np.linalg.eigh(np.real(x), UPLO)
        changed = np.swapaxes(vectors, -1, -2) @ symmetric(x) @ vectors
        if part == 0:
            return np.diagonal(changed, axis1=-2, axis2=-1)
        return vectors + vectors @ (changed * _off_diagonal_gaps(values))

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, part: int, UPLO: Any = "L") -> Array:
        values, vectors = np.linalg.eigh(x, UPLO)
        if part == 0:
            return (vectors * np.expand_dims(g, -2)) @ transposed(vectors)
        inner = (transposed(vectors) @ g) * _off_diagonal_gaps(values)
        return symmetric(vectors @ inner @ transposed(vectors))

    @classmethod
    def core_ranks(cls, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[int, ...]:
        return 2, parameters["part"] + 1

    @classmethod
    def error_scale(
        cls, value: np.ndarray, inputs: Sequence[Any], scales: Sequence[Any], parameters: Mapping[str, Any]
    ) -> np.ndarray | None:
        return eigen_scale(value, np.linalg.eigvalsh(inputs[0], parameters.get("UPLO", "L")), parameters["part"] == 1)

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        triangle = f", UPLO={parameters['UPLO']!r}" if "UPLO" in parameters else ""
        return f"eigh({{0}}{triangle})[{parameters['part']}]"


class Eigvalsh(MatrixFunction):
    """Eigenvalues of symmetric matrices, in ascending order; of the symmetric part, as for eigh."""

    implements = np.linalg.eigvalsh
    formula = "eigvalsh({x}{options})"
    takes_symmetric_part = True

    @staticmethod
    def call(a: Array, UPLO: str = "L") -> Call:
        return (a,), {} if UPLO == "L" else {"UPLO": UPLO}

    @staticmethod
    def value(x: Array, *, UPLO: Any = "L") -> Array:
        return np.linalg.eigvalsh(x, UPLO)

    @staticmethod
    def complex_value(x: Array, *, UPLO: Any = "L") -> Array:
        return Eigh.complex_value(x, part=0, UPLO=UPLO)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, UPLO: Any = "L") -> Array:
        _, vectors = np.linalg.eigh(x, UPLO)
        return (vectors * np.expand_dims(g, -2)) @ transposed(vectors)

    @classmethod
    def core_ranks(cls, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[int, ...]:
        return 2, 1

    @classmethod
    def error_scale(
        cls, value: np.ndarray, inputs: Sequence[Any], scales: Sequence[Any], parameters: Mapping[str, Any]
    ) -> np.ndarray | None:
        return eigen_scale(value, value, False)


class Eig(MatrixFunction, SeveralResults):
    """Eigenvalues and eigenvectors, of length 1, of square matrices.

    Complex eigenvectors have no gradient: their phase is not determined, and their length is no analytic function.
    """

    implements = np.linalg.eig
    formula = "eig({x})[{part}]"
    rules_see_only_shapes = False  # since NumPy 2.5 real eigenvectors have a complex dtype too: their values tell

    @staticmethod
    def call(a: Array) -> Call:
        return (a,), {}

    @classmethod
    def result_count(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> int:
        return 2

    @classmethod
    def combined(cls, results: list[Any]) -> Any:
        return EigResult(*results)

    @staticmethod
    def value(x: Array, *, part: int, of_values: bool = False) -> Array:
        return np.linalg.eig(x)[part]

    @staticmethod
    def complex_value(x: Array, *, part: int, of_values: bool = False) -> Array:
        """One step of iterative refinement, which is exact to first order; vectors keep the length 1."""
        values, vectors = np.linalg.eig(np.real(x))
        changed = np.linalg.solve(vectors + 0j, x @ vectors)
        if part == 0:
            return np.diagonal(changed, axis1=-2, axis2=-1)
        moved = vectors + vectors @ (changed * _off_diagonal_gaps(values))
        return moved / np.sqrt(np.sum(moved * moved, axis=-2, keepdims=True))

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, part: int, of_values: bool = False) -> Array:
        if part == 0:
            vectors = _vectors(x)
            inner = np.expand_dims(g, -1) * transposed(vectors)
        else:
            values, vectors = np.linalg.eig(x)[0], _vectors(x)
            if not of_values and np.any(np.imag(vectors.value)):
                raise RecordingError("complex eigenvectors have no gradient: their phase is not determined, only eigenvalues are")
            # The part of the cotangent along a vector would change its length.
            across = g - vectors * np.sum(g * vectors, axis=-2, keepdims=True)
            inner = (transposed(vectors) @ across * _off_diagonal_gaps(values)) @ transposed(vectors)
        return np.linalg.solve(transposed(vectors), inner)

    @classmethod
    def core_ranks(cls, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[int, ...]:
        return 2, parameters["part"] + 1

    @classmethod
    def error_scale(
        cls, value: np.ndarray, inputs: Sequence[Any], scales: Sequence[Any], parameters: Mapping[str, Any]
    ) -> np.ndarray | None:
        values, vectors = np.linalg.eig(inputs[0])
        growth: Any = np.max(np.linalg.cond(vectors), initial=1.0)
        return np.asarray(growth * eigen_scale(value, np.sort(np.real(values)), parameters["part"] == 1))

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        return f"eig({{0}})[{parameters['part']}]"


class Eigvals(MatrixFunction):
    """Eigenvalues of square matrices, also complex ones."""

    implements = np.linalg.eigvals
    formula = "eigvals({x})"

    @staticmethod
    def value(x: Array) -> Array:
        return np.linalg.eigvals(x)

    @staticmethod
    def complex_value(x: Array) -> Array:
        values, vectors = np.linalg.eig(np.real(x))
        found = np.diagonal(np.linalg.solve(vectors + 0j, x @ vectors), axis1=-2, axis2=-1)
        return np.take_along_axis(found, _matching(np.linalg.eigvals(np.real(x)), values), axis=-1)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        vectors = _vectors(x)
        return np.linalg.solve(transposed(vectors), np.expand_dims(g, -1) * transposed(vectors))

    @classmethod
    def core_ranks(cls, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[int, ...]:
        return 2, 1

    @classmethod
    def error_scale(
        cls, value: np.ndarray, inputs: Sequence[Any], scales: Sequence[Any], parameters: Mapping[str, Any]
    ) -> np.ndarray | None:
        return Eig.error_scale(value, inputs, scales, {"part": 0})


def eigen_scale(value: np.ndarray, values: np.ndarray, are_vectors: bool) -> np.ndarray:
    """The error scale of eigenvalues or vectors, from the sorted values: the largest, and for vectors over the smallest gap."""
    largest = np.max(np.abs(values), axis=-1, keepdims=True, initial=0.0)
    if not are_vectors:
        return np.asarray(np.broadcast_to(largest, np.shape(value)))
    gap = np.min(np.diff(values, axis=-1), axis=-1, keepdims=True, initial=np.inf)
    with np.errstate(all="ignore"):
        return np.asarray(np.broadcast_to(np.fmax(largest / gap, 1.0)[..., np.newaxis], np.shape(value)))


def _vectors(x: Array) -> Array:
    """The eigenvectors of square matrices, for the derivative of their eigenvalues, which does not depend on their phase."""
    return x.recorder.record(Eig, (x,), {"part": 1, "of_values": True})


def _off_diagonal_gaps(values: Array) -> Array:
    """1 / (values[j] - values[i]) at i, j, and 0 on the diagonal."""
    diagonal = np.eye(values.shape[-1], dtype=values.dtype)
    gaps = np.expand_dims(values, -2) - np.expand_dims(values, -1)
    return (1 - diagonal) / (gaps + diagonal)


def _matching(wanted: np.ndarray, found: np.ndarray) -> np.ndarray:
    """For each wanted number, the position of the closest one that was found."""
    return np.asarray(np.argmin(np.abs(wanted[..., :, np.newaxis] - found[..., np.newaxis, :]), axis=-1))
