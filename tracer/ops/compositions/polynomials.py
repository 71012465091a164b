"""Polynomials as vectors of coefficients, the highest power first: sums, products, derivatives, roots, and fits to points."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from tracer.errors import RecordingError
from tracer.ops.base import Array
from tracer.ops.compositions.arrays import array_of, as_dtype, is_recorded, plain_of
from tracer.ops.compositions.searching import trim_zeros


def poly(seq_of_zeros: Array) -> Array:
    """The polynomial with these zeros, or the characteristic polynomial of a square matrix."""
    zeros = np.atleast_1d(array_of(seq_of_zeros))
    if zeros.ndim == 2 and zeros.shape[0] == zeros.shape[1] and zeros.shape[0]:
        zeros = np.linalg.eigvals(zeros)
    elif zeros.ndim != 1:
        raise ValueError("input must be 1d or non-empty square 2d array.")
    else:
        zeros = as_dtype(zeros, np.dtype(np.mintypecode(zeros.dtype.char)))
    if not len(zeros):
        return 1.0
    one = np.ones(1, zeros.dtype)
    found: Array = one
    for place in range(len(zeros)):
        found = np.convolve(found, np.concatenate((one, -zeros[place : place + 1])))
    if found.dtype.kind == "c":
        plain = plain_of(zeros)
        if np.all(np.sort(plain) == np.sort(plain.conj())):
            return np.real(found)
    return found


def roots(p: Array) -> Array:
    """The zeros of a polynomial: the eigenvalues of its companion matrix."""
    coefficients = np.atleast_1d(array_of(p))
    if coefficients.ndim != 1:
        raise ValueError("Input must be a rank-1 array.")
    nonzero = np.flatnonzero(plain_of(coefficients))
    if not len(nonzero):
        return np.array([])
    at_zero = len(coefficients) - int(nonzero[-1]) - 1
    coefficients = coefficients[int(nonzero[0]) : int(nonzero[-1]) + 1]
    if coefficients.dtype.kind not in "fc":
        coefficients = np.astype(coefficients, np.float64)
    count = len(coefficients) - 1
    if not count:
        return np.zeros(at_zero)
    first = np.expand_dims(-coefficients[1:] / coefficients[0], 0)
    companion = np.concatenate((first, np.eye(count - 1, count, dtype=coefficients.dtype)))
    found = np.linalg.eigvals(companion)
    return np.concatenate((found, np.zeros(at_zero, found.dtype))) if at_zero else found


def polyadd(a1: Array, a2: Array) -> Array:
    """The sum of two polynomials."""
    one, other = _of_equal_length(a1, a2)
    return one + other


def polysub(a1: Array, a2: Array) -> Array:
    """The difference of two polynomials."""
    one, other = _of_equal_length(a1, a2)
    return one - other


def polymul(a1: Array, a2: Array) -> Array:
    """The product of two polynomials."""
    factors = [trim_zeros(_coefficients(each), "f") for each in (a1, a2)]
    one, other = (each if each.shape[0] else np.zeros(1, each.dtype) for each in factors)
    return np.convolve(one, other)


def polydiv(u: Array, v: Array) -> tuple[Array, Array]:
    """The quotient and the remainder of two polynomials, by long division."""
    rest, divisor = _coefficients(u) + 0.0, _coefficients(v) + 0.0
    dtype = np.result_type(rest.dtype, divisor.dtype)
    rest, steps = as_dtype(rest, dtype), len(rest) - len(divisor) + 1
    scale, quotient = 1.0 / divisor[0], []
    for step in range(steps):
        factor = as_dtype(scale * rest[step], dtype)
        quotient.append(factor)
        end = step + len(divisor)
        rest = np.concatenate((rest[:step], rest[step:end] - factor * divisor, rest[end:]))
    while len(rest) > 1 and np.allclose(plain_of(rest)[0], 0, rtol=1e-14):
        rest = rest[1:]
    return (np.stack(quotient) if quotient else np.zeros(1, dtype)), rest


def polyder(p: Array, m: int = 1) -> Array:
    """The derivative of order m of a polynomial."""
    if int(m) < 0:
        raise ValueError("Order of derivative must be positive (see polyint)")
    found = _plain_polynomial(p)
    for _ in range(int(m)):
        found = found[:-1] * np.arange(len(found) - 1, 0, -1)
    return found


def polyint(p: Array, m: int = 1, k: Array = None) -> Array:
    """The integral of order m of a polynomial, with the constants k of integration, the first first."""
    count = int(m)
    if count < 0:
        raise ValueError("Order of integral must be positive (see polyder)")
    constants = np.zeros(count) if k is None else np.atleast_1d(array_of(k))
    if len(constants) == 1 and count > 1:
        constants = constants[0] * np.ones(count)
    if len(constants) < count:
        raise ValueError("k must be a scalar or a rank-1 array of length 1 or >m.")
    found = _plain_polynomial(p)
    for step in range(count):
        found = np.concatenate((found / np.arange(len(found), 0, -1), constants[step : step + 1]))
    return found


def polyfit(
    x: Array, y: Array, deg: Any, rcond: float | None = None, full: bool = False, w: Array = None, cov: Any = False
) -> Any:
    """The polynomial of a degree that fits points best: least squares on the scaled Vandermonde matrix of x."""
    order = int(deg) + 1
    places, heights = array_of(x) + 0.0, array_of(y) + 0.0
    _check_points(places, heights, order)
    tolerance = len(places) * np.finfo(places.dtype).eps if rcond is None else rcond
    powers = np.vander(places, order)
    targets = heights
    if w is not None:
        weights = array_of(w) + 0.0
        if weights.ndim != 1 or weights.shape[0] != heights.shape[0]:
            raise TypeError("expected a 1-d array for weights, of the same length as y")
        powers = as_dtype(powers * weights[:, None], powers.dtype)
        targets = as_dtype(targets * (weights[:, None] if targets.ndim == 2 else weights), targets.dtype)
    scale = np.sqrt(np.sum(powers * powers, axis=0))
    powers = powers / scale
    found, residuals, rank, singular = np.linalg.lstsq(powers, targets, tolerance)
    found = (found.T / scale).T
    if full:
        return found, residuals, rank, singular, tolerance
    if int(plain_of(rank)) != order:
        warnings.warn("Polyfit may be poorly conditioned", np.exceptions.RankWarning, stacklevel=4)
    if not cov:
        return found
    base = np.linalg.inv(np.dot(powers.T, powers)) / np.outer(scale, scale)
    if cov == "unscaled":
        factor: Any = 1
    else:
        if len(places) <= order:
            raise ValueError("the number of data points must exceed order to scale the covariance matrix")
        factor = residuals / (len(places) - order)
    return found, base * factor if heights.ndim == 1 else base[:, :, None] * factor


def _check_points(x: Array, y: Array, order: int) -> None:
    """Raise the error that NumPy raises for points that cannot be fitted."""
    if order < 1:
        raise ValueError("expected deg >= 0")
    if x.ndim != 1:
        raise TypeError("expected 1D vector for x")
    if x.size == 0:
        raise TypeError("expected non-empty vector for x")
    if y.ndim not in (1, 2):
        raise TypeError("expected 1D or 2D array for y")
    if x.shape[0] != y.shape[0]:
        raise TypeError("expected x and y to have same length")


def _plain_polynomial(p: Any) -> Any:
    """The coefficients; raises RecordingError for an np.poly1d, whose own result could not be recorded."""
    if isinstance(p, np.poly1d) and not is_recorded(p):
        raise RecordingError("an np.poly1d is no array: write p.coeffs for its coefficients")
    return array_of(p)


def _coefficients(p: Any) -> Any:
    return np.atleast_1d(_plain_polynomial(p))


def _of_equal_length(one: Array, other: Array) -> tuple[Array, Array]:
    """Both polynomials with as many coefficients, zeros before those of the shorter."""
    first, second = _coefficients(one), _coefficients(other)
    more = len(second) - len(first)
    if more > 0:
        first = np.concatenate((np.zeros(more, first.dtype), first))
    elif more < 0:
        second = np.concatenate((np.zeros(-more, second.dtype), second))
    return first, second
