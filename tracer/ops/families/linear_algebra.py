"""Products of vectors and matrices, also batched."""

from __future__ import annotations

import math
import string
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.graph.expression import Expression, Number, infix
from tracer.ops.base import Array, Call, Op
from tracer.ops.complex_numbers import stacked_alike
from tracer.ops.domain import REAL
from tracer.ops.indices import Index, Shape, broadcast_index
from tracer.ops.rounding import rounding_of_sum
from tracer.ops.terms import Terms

MOST_TERMS = 1 << 22
"""Terms of an element of einsum that are looked through for the largest."""


class Matmul(Op):
    """Matrix product `x @ y`. 1-d operands are vectors; leading axes are batches, which broadcast."""

    implements = np.matmul
    formula = "{x} @ {y}"
    domain = REAL, REAL
    analytic = True
    adds_products = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, y: Array) -> Array:
        if y.ndim == 1:
            return g * y if x.ndim == 1 else np.expand_dims(g, -1) * y
        if x.ndim == 1:
            # A vector on the left is a matrix with one row: add the row axis to g, and remove it from the gradient.
            return np.squeeze(np.expand_dims(g, -2) @ rows_and_columns_swapped(y), -2)
        return g @ rows_and_columns_swapped(y)

    @staticmethod
    def gradient_y(g: Array, out: Array, x: Array, y: Array) -> Array:
        if x.ndim == 1:
            return g * x if y.ndim == 1 else np.expand_dims(x, -1) * np.expand_dims(g, -2)
        if y.ndim == 1:
            return np.squeeze(rows_and_columns_swapped(x) @ np.expand_dims(g, -1), -1)
        return rows_and_columns_swapped(x) @ g

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        x, y = shapes
        return np.broadcast_shapes(x[:-2], y[:-2]) + x[-2:-1] + (y[-1:] if len(y) > 1 else ()) == result

    @classmethod
    def imaginary_parts(cls, inputs: Sequence[Array], stacked: Sequence[bool], parameters: Mapping[str, Any]) -> np.ndarray:
        ranks = [np.ndim(array) - many for array, many in zip(inputs, stacked, strict=True)]
        x = inputs[0] if ranks[0] > 1 else np.expand_dims(inputs[0], -2)
        y = inputs[1] if ranks[1] > 1 else np.expand_dims(inputs[1], -1)
        x, y = stacked_alike((x, y), stacked)
        if all(stacked):
            product = np.imag(np.matmul(x, y))
        elif stacked[0]:
            product = np.matmul(np.imag(x), y)
        else:
            # Often only a few rows have a nonzero imaginary part: skip the others.
            rows = np.flatnonzero(np.any(np.imag(y), axis=(*range(y.ndim - 2), -1)))
            product = np.matmul(x[..., rows], np.imag(y)[..., rows, :])
        vectors = tuple(axis for axis, rank in zip((-2, -1), ranks, strict=True) if rank == 1)
        return np.asarray(np.squeeze(product, vectors))

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index, ...] | None:
        x, y = inputs
        row = index[len(index) - (x.ndim > 1) - (y.ndim > 1) : len(index) - (y.ndim > 1)]
        column = index[len(index) - (y.ndim > 1) :]
        batch = index[: len(index) - len(row) - len(column)]
        return (
            (*broadcast_index(batch, x.shape[:-2]), *row, slice(None)),
            (*broadcast_index(batch, y.shape[:-2]), slice(None), *column),
        )

    @classmethod
    def rounding(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any], unit: float) -> float | None:
        x, y = (array[part] for array, part in zip(inputs, cls.parts(index, inputs, parameters) or (), strict=True))
        return rounding_of_sum(x * y, unit)

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        products = [infix(("*",), pair) for pair in zip(terms[0].elements, terms[1].elements, strict=True)]
        return Terms(tuple(products), terms[0].count).joined("+") or Number("0")


class Dot(Op):
    """NumPy's dot: the product with a scalar, of vectors or matrices; for higher ranks the sum of x[i, :] * y[j, :, k]."""

    implements = np.dot
    formula = "dot({x}, {y})"
    domain = REAL, REAL
    analytic = True
    adds_products = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, y: Array) -> Array:
        if np.ndim(x) == 0 or np.ndim(y) == 0:
            return g * y
        left, right, result = dot_subscripts(x.ndim, y.ndim)
        return np.einsum(f"{result},{right}->{left}", g, y)

    @staticmethod
    def gradient_y(g: Array, out: Array, x: Array, y: Array) -> Array:
        if np.ndim(x) == 0 or np.ndim(y) == 0:
            return g * x
        left, right, result = dot_subscripts(x.ndim, y.ndim)
        return np.einsum(f"{result},{left}->{right}", g, x)

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        x, y = shapes
        return (x[:-1] + y[:-2] + (y[-1:] if len(y) > 1 else ()) if x and y else x or y) == result

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index, ...] | None:
        return Matmul.parts(index, inputs, parameters) if all(x.ndim in (1, 2) for x in inputs) else None

    @classmethod
    def rounding(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any], unit: float) -> float | None:
        x, y = inputs
        if not x.ndim or not y.ndim:
            return None  # a product with a number
        last = index[x.ndim - 1 :]
        return rounding_of_sum(x[index[: x.ndim - 1]] * y[(*last[:-1], slice(None), *last[-1:])], unit)

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        return Matmul.format_element(template, terms, parameters)


class Outer(Op):
    """Outer product of x and y, both flattened."""

    implements = np.outer
    formula = "outer({x}, {y})"
    domain = REAL, REAL
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, y: Array) -> Array:
        return np.reshape(g @ np.ravel(y), np.shape(x))

    @staticmethod
    def gradient_y(g: Array, out: Array, x: Array, y: Array) -> Array:
        return np.reshape(np.ravel(x) @ g, np.shape(y))

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        return tuple(map(math.prod, shapes)) == result


class Einsum(Op):
    """Einstein summation, including ellipses, repeated subscripts, and subscripts of a single operand that are summed."""

    implements = np.einsum
    formula = "einsum({subscripts}, ...)"
    domain = (REAL,)
    analytic = True

    @staticmethod
    def call(subscripts: str, *operands: Array) -> Call:
        if not isinstance(subscripts, str):
            raise TypeError("einsum is recorded with its subscripts as a string, such as 'ij,jk->ik'")
        return operands, {"subscripts": explicit(subscripts, [np.ndim(operand) for operand in operands])}

    @staticmethod
    def value(*operands: Array, subscripts: str) -> Array:
        return np.einsum(subscripts, *operands)

    @classmethod
    def differentiable(cls, position: int) -> bool:
        return True

    @classmethod
    def gradient(cls, position: int, g: Array, out: Array, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> Array:
        """Einstein summation of the cotangent with the other operands, to the subscripts of this one."""
        terms, result = parameters["subscripts"].split("->")
        letters = terms.split(",")
        wanted, shape = letters[position], inputs[position].shape
        others = [(letters[other], inputs[other]) for other in range(len(inputs)) if other != position]
        free = iter(letter for letter in string.ascii_letters if letter not in terms)
        distinct = ""
        for axis, letter in enumerate(wanted):
            if letter in distinct:
                # A repeated subscript selects the diagonal: the gradient is 0 off the diagonal.
                twin = next(free)
                others.append((letter + twin, np.eye(shape[axis], dtype=g.dtype)))
                distinct += twin
            else:
                distinct += letter
                if letter not in result and not any(letter in names for names, _ in others):
                    # A subscript that only this operand has was summed: the gradient is constant along that axis.
                    others.append((letter, np.ones(shape[axis], dtype=g.dtype)))
        names = ",".join([result, *(names for names, _ in others)])
        gradient = np.einsum(f"{names}->{distinct}", g, *(operand for _, operand in others))
        # If the other operands have size 1 along an axis and this one does not, broadcast the gradient to it.
        full = np.broadcast_shapes(gradient.shape, shape)
        return gradient if gradient.shape == full else np.broadcast_to(gradient, full)

    @classmethod
    def imaginary_parts(cls, inputs: Sequence[Array], stacked: Sequence[bool], parameters: Mapping[str, Any]) -> np.ndarray:
        terms, result = parameters["subscripts"].split("->")
        first = next(letter for letter in string.ascii_letters if letter not in terms)
        named = (first * many + letters for letters, many in zip(terms.split(","), stacked, strict=True))
        return np.imag(np.einsum(f"{','.join(named)}->{first}{result}", *inputs))

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        terms, names = parameters["subscripts"].split("->")
        sizes: dict[str, int] = {}
        for term, shape in zip(terms.split(","), shapes, strict=True):
            for name, size in zip(term, shape, strict=True):
                sizes[name] = size if sizes.get(name, 1) == 1 else sizes[name]
        return tuple(sizes[name] for name in names) == result

    @classmethod
    def rounding(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any], unit: float) -> float | None:
        letters, result = parameters["subscripts"].split("->")
        at = dict(zip(result, index, strict=True))
        sizes: dict[str, int] = {}
        operands, named = [], []
        for names, array in zip(letters.split(","), inputs, strict=True):
            sizes |= {name: size for name, size in zip(names, array.shape, strict=True) if name not in at and size > 1}
            # An axis of size 1 is stretched to that of another operand.
            places = (min(at[name], size - 1) if name in at else slice(None) for name, size in zip(names, array.shape))
            operands.append(array[tuple(places)])
            named.append("".join(name for name in names if name not in at))
        if math.prod(sizes.values()) > MOST_TERMS:
            return None
        summed = "".join(dict.fromkeys("".join(named)))
        return rounding_of_sum(np.einsum(f"{','.join(named)}->{summed}", *operands), unit)

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        return f"einsum({parameters['subscripts']!r}, {', '.join(f'{{{position}}}' for position in range(count))})"


def rows_and_columns_swapped(x: Array) -> Array:
    """The matrix transpose: the last two axes swapped."""
    return x.T if x.ndim == 2 else np.swapaxes(x, -1, -2)


def dot_subscripts(left_rank: int, right_rank: int) -> tuple[str, str, str]:
    """The einsum subscripts of NumPy's dot for two arrays of these ranks, which are at least 1.

    >>> dot_subscripts(2, 3)
    ('ab', 'cbd', 'acd')
    """
    letters = string.ascii_letters
    left = letters[:left_rank]
    free = letters[left_rank : left_rank + right_rank - 1]
    right = left[-1] if right_rank == 1 else f"{free[:-1]}{left[-1]}{free[-1]}"
    return left, right, left[:-1] + free


def explicit(subscripts: str, ranks: Sequence[int]) -> str:
    """Normalize einsum subscripts: with an explicit result, and letters instead of the ellipsis.

    >>> explicit("ij,jk", [2, 2]), explicit("...ij,...jk->...ik", [3, 2]), explicit("ii", [2])
    ('ij,jk->ik', 'aij,jk->aik', 'ii->')
    """
    terms, arrow, result = subscripts.replace(" ", "").partition("->")
    operands = terms.split(",")
    if len(operands) != len(ranks):
        raise ValueError(f"einsum({subscripts!r}) names {len(operands)} operands, {len(ranks)} were given")
    free = [letter for letter in string.ascii_letters if letter not in subscripts]
    extra = [rank - len(term.replace("...", "")) if "..." in term else 0 for term, rank in zip(operands, ranks, strict=True)]
    if min(extra) < 0:
        raise ValueError(f"einsum({subscripts!r}) has more subscripts than an operand has axes")
    most = max(extra)
    batch = "".join(free[:most])
    operands = [term.replace("...", batch[most - count :]) for term, count in zip(operands, extra, strict=True)]
    if not arrow:
        joined = "".join(operands)
        result = batch + "".join(sorted(letter for letter in set(joined) - set(batch) if joined.count(letter) == 1))
    return f"{','.join(operands)}->{result.replace('...', batch)}"
