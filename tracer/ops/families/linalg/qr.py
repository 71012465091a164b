"""QR decomposition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from tracer.errors import RecordingError
from tracer.ops.base import Array, Call
from tracer.ops.families.linalg.matrix_function import MatrixFunction, condition, transposed, with_undetermined
from tracer.ops.indices import Shape
from tracer.ops.several_results import SeveralResults


class QRResult(NamedTuple):
    """The results of np.linalg.qr."""

    Q: Any
    R: Any


class Qr(MatrixFunction, SeveralResults):
    """QR decomposition x = Q @ R, with the signs that LAPACK chose; with mode="r" R only.

    The rule is that of Walter and Lehmann (2010), "Algorithmic differentiation of linear algebra functions with application in
    optimum experimental design", for independent leading columns. With mode="complete", Q of a tall matrix has columns that x
    does not determine, and no gradient.
    """

    implements = np.linalg.qr
    formula = "qr({x}{options})[{part}]"

    @staticmethod
    def call(a: Array, mode: str = "reduced") -> Call:
        if mode not in ("reduced", "complete", "r"):
            raise TypeError(f"mode={mode!r} is not recorded: 'reduced', 'complete' and 'r' are")
        return (a,), {} if mode == "reduced" else {"mode": mode}

    @classmethod
    def result_count(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> int:
        return 1 if parameters.get("mode") == "r" else 2

    @classmethod
    def combined(cls, results: list[Any]) -> Any:
        return QRResult(*results) if len(results) > 1 else results[0]

    @staticmethod
    def value(x: Array, *, part: int, mode: Any = "reduced") -> Array:
        found = np.linalg.qr(x, mode)
        return found if mode == "r" else found[part]

    @staticmethod
    def complex_value(x: Array, *, part: int, mode: Any = "reduced") -> Array:
        """By Gram-Schmidt without conjugates, of the leading columns."""
        real = np.linalg.qr(np.real(x), "reduced")
        size = real.R.shape[-2]
        q, remaining = np.zeros(real.Q.shape, x.dtype), np.array(x[..., :size])
        for place in range(size):
            column = remaining[..., place]
            length = np.sqrt(np.sum(column * column, axis=-1)) * np.sign(real.R[..., place, place])
            q[..., place] = column / length[..., np.newaxis]
            along = np.sum(q[..., :, place, np.newaxis] * remaining, axis=-2, keepdims=True)
            remaining = remaining - q[..., :, place, np.newaxis] * along
        if part == 0 and mode != "r":
            return with_undetermined(q, x.shape[-2] if mode == "complete" else size)
        r = np.triu(transposed(q) @ x)
        missing = [(0, 0)] * (x.ndim - 2) + [(0, x.shape[-2] - size if mode == "complete" else 0), (0, 0)]
        return np.pad(r, missing)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, part: int, mode: Any = "reduced") -> Array:
        rows, columns = x.shape[-2:]
        size = min(rows, columns)
        is_q = part == 0 and mode != "r"
        if is_q and g.shape[-1] > size:
            raise RecordingError(
                f"Q of np.linalg.qr has {g.shape[-1]} columns and only {size} of them are determined, it has no gradient: write"
                " np.linalg.qr(x) without mode='complete'"
            )
        q, r = np.linalg.qr(x)
        if is_q:
            gradient = _gradient_of_leading(g, None, q, r[..., :size])
            if columns == size:
                return gradient
            return np.concatenate([gradient, np.zeros((*x.shape[:-1], columns - size), g.dtype)], axis=-1)
        own = g[..., :size, :]
        if columns == size:
            return _gradient_of_leading(None, own, q, r)
        # The other columns of R are q.T @ x.
        others = own[..., size:]
        leading = _gradient_of_leading(x[..., size:] @ transposed(others), own[..., :size], q, r[..., :size])
        return np.concatenate([leading, q @ others], axis=-1)

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        *batch, rows, columns = shapes[0]
        mode = parameters.get("mode", "reduced")
        size = rows if mode == "complete" else min(rows, columns)
        return (*batch, size, columns) == result if parameters["part"] or mode == "r" else (*batch, rows, size) == result

    @classmethod
    def core_ranks(cls, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[int, ...]:
        return 2, 2

    @classmethod
    def error_scale(
        cls, value: np.ndarray, inputs: Sequence[Any], scales: Sequence[Any], parameters: Mapping[str, Any]
    ) -> np.ndarray | None:
        x = inputs[0]
        size = np.max(np.abs(value), axis=(-2, -1), keepdims=True, initial=0.0)
        return np.asarray(size * condition(x[..., : min(x.shape[-2:])])[..., np.newaxis, np.newaxis])

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        mode = parameters.get("mode", "reduced")
        written = "" if mode == "reduced" else f", mode={mode!r}"
        return f"qr({{0}}{written})" + ("" if mode == "r" else f"[{parameters['part']}]")


def _gradient_of_leading(of_q: Array | None, of_r: Array | None, q: Array, r: Array) -> Array:
    """The gradient with respect to q @ r, with a square r, for the cotangents of q and of r."""
    size, dtype = r.shape[-1], r.dtype
    inner: Array = 0
    if of_r is not None:
        inner = r @ transposed(of_r * np.triu(np.ones((size, size), dtype)))
    if of_q is not None:
        inner = inner - transposed(of_q) @ q
    below = inner * np.tril(np.ones((size, size), dtype), -1)
    mirrored = q @ (below + transposed(below) + inner * np.eye(size, dtype=dtype))
    return transposed(np.linalg.solve(r, transposed(mirrored if of_q is None else of_q + mirrored)))
