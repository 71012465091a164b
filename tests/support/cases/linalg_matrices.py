"""Strategies for functions of matrices, at matrices with known and separated singular values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from support.drawing import Case, seeds, separated

BATCHES: tuple[tuple[int, ...], ...] = ((), (), (2,), (1, 2))


def matrices(draw: Any, rows: int, columns: int, batch: tuple[int, ...]) -> np.ndarray:
    """Matrices with singular values 0.7, 1.2, 1.7, ... in random directions."""
    rng = np.random.default_rng(draw(seeds))
    size = min(rows, columns)
    values = rng.permuted(np.broadcast_to(0.7 + 0.5 * np.arange(size), (*batch, size)), axis=-1)
    left = np.linalg.qr(rng.normal(size=(*batch, rows, rows)))[0][..., :size]
    right = np.linalg.qr(rng.normal(size=(*batch, columns, columns)))[0][..., :size]
    return np.asarray((left * values[..., np.newaxis, :]) @ np.swapaxes(right, -1, -2))


def square(draw: Any, most: int = 3) -> np.ndarray:
    size = draw(st.integers(1, most))
    return matrices(draw, size, size, draw(st.sampled_from(BATCHES)))


def rectangular(draw: Any) -> np.ndarray:
    return matrices(draw, draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.sampled_from(BATCHES)))


def swapped(x: Any) -> Any:
    return np.swapaxes(x, -1, -2)


def positive(x: Any) -> Any:
    """A symmetric positive definite matrix."""
    return x @ swapped(x)


@st.composite
def of_square(draw: Any, function: Callable[..., Any], most: int = 3) -> Case:
    return Case(function, (square(draw, most),), getattr(function, "__name__", ""))


@st.composite
def solves(draw: Any) -> Case:
    a = square(draw)
    size = a.shape[-1]
    shape = draw(st.sampled_from([(size,), (size, 1), (size, 2), (2, size, 2), (1, size, 1)]))
    return Case(np.linalg.solve, (a, separated(shape, draw(seeds))), f"solve {a.shape} {shape}")


@st.composite
def powers_of_matrices(draw: Any) -> Case:
    exponent = draw(st.integers(-3, 4))
    return Case(lambda x: np.linalg.matrix_power(x, exponent), (square(draw),), f"matrix_power {exponent}")


def _signed_logarithm(x: Any) -> Any:
    sign, logarithm = np.linalg.slogdet(x)
    return sign * logarithm


@st.composite
def slogdets(draw: Any) -> Case:
    function = draw(st.sampled_from([lambda x: np.linalg.slogdet(x)[1], _signed_logarithm]))
    return Case(function, (square(draw),), "slogdet")


@st.composite
def pinvs(draw: Any) -> Case:
    return Case(draw(st.sampled_from([np.linalg.pinv, lambda x: np.linalg.pinv(x, 1e-9)])), (rectangular(draw),), "pinv")


@st.composite
def lstsqs(draw: Any) -> Case:
    part = draw(st.sampled_from([0, 0, 1, 3]))
    a = matrices(draw, draw(st.integers(1, 3)), draw(st.integers(1, 3)), ())
    rows = a.shape[0]
    b = separated(draw(st.sampled_from([(rows,), (rows, 2)])), draw(seeds))
    return Case(lambda a, b: np.linalg.lstsq(a, b, rcond=None)[part], (a, b), f"lstsq {a.shape} {b.shape} part {part}")


@st.composite
def tensorinvs(draw: Any) -> Case:
    x = matrices(draw, 4, 4, ())
    shape, ind = draw(st.sampled_from([((2, 2, 4), 2), ((4, 2, 2), 1), ((2, 2, 2, 2), 2)]))
    return Case(lambda x: np.linalg.tensorinv(x, ind), (x.reshape(shape),), f"tensorinv {shape} {ind}")


@st.composite
def tensorsolves(draw: Any) -> Case:
    a = matrices(draw, 4, 4, ()).reshape(draw(st.sampled_from([(4, 4), (2, 2, 4), (4, 2, 2), (2, 2, 2, 2)])))
    axes = draw(st.sampled_from([None, (0,), (0, 1)]))
    shapes = {(4, 4): (4,), (2, 2, 4): (2, 2), (4, 2, 2): (4,), (2, 2, 2, 2): (2, 2)}
    if axes is not None:
        a, axes = a.reshape(2, 2, 2, 2), (0, 1)
    b = separated((2, 2) if axes else shapes[a.shape], draw(seeds))
    return Case(lambda a, b: np.linalg.tensorsolve(a, b, axes), (a, b), f"tensorsolve {a.shape} {b.shape} {axes}")


@st.composite
def conds(draw: Any) -> Case:
    # Not the orders of a largest sum, which may be tied: they are in tests/test_linear_algebra.py.
    order = draw(st.sampled_from([None, 2, -2, "fro", "nuc"]))
    x = rectangular(draw) if order in (None, 2, -2) else square(draw)
    return Case(lambda x: np.linalg.cond(x, order), (x,), f"cond {x.shape} {order}")


EIGENVALUES: dict[str, list[Callable[..., Any]]] = {
    "cholesky": [lambda x: np.linalg.cholesky(positive(x)), lambda x: np.linalg.cholesky(positive(x), upper=True)],
    "eigh": [
        lambda x: np.linalg.eigh(positive(x))[0],
        lambda x: np.linalg.eigh(x + swapped(x) + 4 * positive(x))[1],
        lambda x: np.linalg.eigh(positive(x), UPLO="U")[1],
        lambda x: np.linalg.eigh(positive(x)).eigenvectors @ np.ones((x.shape[-1], 1)),
    ],
    "eigvalsh": [lambda x: np.linalg.eigvalsh(positive(x)), lambda x: np.linalg.eigvalsh(positive(x), "U")],
    # Matrices with real eigenvalues that are not symmetric. Their order is none: functions in which it makes no difference.
    "eig": [
        lambda x: np.sum(np.linalg.eig(positive(x) * _growing(x))[0].real ** 3, axis=-1),
        lambda x: _weighted_squares(*np.linalg.eig(positive(x) * _growing(x))),
    ],
    "eigvals": [lambda x: np.sum(np.linalg.eigvals(positive(x) * _growing(x)).real ** 3, axis=-1)],
}


def _growing(x: Any) -> np.ndarray:
    """Factors of the rows, with which symmetric matrices become others that also have real eigenvalues."""
    return (1 + np.arange(np.shape(x)[-1]))[:, np.newaxis] / 2


def _weighted_squares(values: Any, vectors: Any) -> Any:
    return np.sum(vectors.real**2 * np.expand_dims(values.real, -2), axis=-1)  # both are complex since NumPy 2.5


@st.composite
def eigen(draw: Any, name: str) -> Case:
    function = draw(st.sampled_from(EIGENVALUES[name]))
    return Case(function, (square(draw),), f"{name} {EIGENVALUES[name].index(function)}")


@st.composite
def svds(draw: Any) -> Case:
    x = rectangular(draw)
    calls: list[Callable[..., Any]] = [
        lambda x: np.linalg.svd(x, full_matrices=False)[0],
        lambda x: np.linalg.svd(x)[1],
        lambda x: np.linalg.svd(x, full_matrices=False).Vh,
        lambda x: np.linalg.svd(x, compute_uv=False),
    ]
    if x.shape[-2] <= x.shape[-1]:
        calls.append(lambda x: np.linalg.svd(x)[0])
    if x.shape[-2] >= x.shape[-1]:
        calls.append(lambda x: np.linalg.svd(x)[2])
    function = draw(st.sampled_from(calls))
    return Case(function, (x,), f"svd {x.shape} {calls.index(function)}")


@st.composite
def svdvals(draw: Any) -> Case:
    return Case(np.linalg.svdvals, (rectangular(draw),), "svdvals")


@st.composite
def qrs(draw: Any) -> Case:
    x = rectangular(draw)
    calls: list[Callable[..., Any]] = [
        lambda x: np.linalg.qr(x)[0],
        lambda x: np.linalg.qr(x).R,
        lambda x: np.linalg.qr(x, mode="r"),
        lambda x: np.linalg.qr(x, "complete")[1],
    ]
    if x.shape[-2] <= x.shape[-1]:
        calls.append(lambda x: np.linalg.qr(x, "complete").Q)
    function = draw(st.sampled_from(calls))
    return Case(function, (x,), f"qr {x.shape} {calls.index(function)}")


CASES: dict[str, st.SearchStrategy[Case]] = {
    "inv": of_square(np.linalg.inv),
    "det": of_square(np.linalg.det, 7),
    "slogdet": slogdets(),
    "matrix_power": powers_of_matrices(),
    "solve": solves(),
    "pinv": pinvs(),
    "lstsq": lstsqs(),
    "tensorinv": tensorinvs(),
    "tensorsolve": tensorsolves(),
    "cond": conds(),
    **{name: eigen(name) for name in EIGENVALUES},
    "svd": svds(),
    "svdvals": svdvals(),
    "qr": qrs(),
}
"""A strategy for every operation with a derivative, by name."""

OWN_NUMBERS = frozenset(CASES)
"""Operations that most matrices of zeros and ties are no input for."""
