"""Einstein summation."""

from __future__ import annotations

import math
import operator
import string
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.ops.base import Array, Call
from tracer.ops.domain import REAL
from tracer.ops.indices import Index, Shape, unraveled
from tracer.ops.sum_of_products import SumOfProducts

MOST_TERMS = 1 << 22
"""Terms of an element of einsum that are looked through for the largest."""


class Einsum(SumOfProducts):
    """Einstein summation, including ellipses, repeated subscripts, and subscripts of a single operand that are summed."""

    implements = np.einsum
    formula = "einsum({subscripts}, ...)"
    domain = (REAL,)

    @staticmethod
    def call(*operands: Any, optimize: Any = False) -> Call:
        subscripts, *arrays = operands if isinstance(operands[0], str) else _from_lists(operands)
        parameters: dict[str, Any] = {"subscripts": explicit(subscripts, [np.ndim(array) for array in arrays])}
        if optimize is not False:
            parameters["optimize"] = list(map(_plain_step, optimize)) if isinstance(optimize, (list, tuple)) else optimize
        return tuple(arrays), parameters

    @staticmethod
    def value(*operands: Array, subscripts: str, optimize: Any = False) -> Array:
        order = optimize
        if isinstance(order, list):  # of pairs that a file gives back as lists
            order = [tuple(step) if isinstance(step, list) else step for step in order]
        return np.einsum(subscripts, *operands, optimize=order)

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
        sizes = _sizes(terms, shapes)
        return tuple(sizes[name] for name in names) == result

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        rows = _origins([np.array([position]) for position in index], inputs, parameters)
        return (
            None if rows is None else tuple(unraveled(row[0], np.shape(array)) for row, array in zip(rows, inputs, strict=True))
        )

    @classmethod
    def origins(cls, shape: Shape, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> Sequence[np.ndarray] | None:
        return _origins(unraveled(np.arange(math.prod(shape)), shape), inputs, parameters)

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        return f"einsum({parameters['subscripts']!r}, {', '.join(f'{{{position}}}' for position in range(count))})"


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


def _from_lists(operands: Sequence[Any]) -> list[Any]:
    """The arguments of einsum with subscripts as text, from arrays that are each followed by a list of numbers of its axes.

    >>> _from_lists(["x", [0, 1], "y", [1, 2], [0, 2]])
    ['ab,bc->ac', 'x', 'y']
    """
    count = len(operands) // 2
    given = [operands[2 * place + 1] for place in range(count)]
    result = operands[-1] if len(operands) % 2 else None

    def named(axes: Any) -> str:
        return "".join("..." if axis is Ellipsis else string.ascii_letters[operator.index(axis)] for axis in axes)

    arrow = "" if result is None else f"->{named(result)}"
    return [",".join(map(named, given)) + arrow, *operands[: 2 * count : 2]]


def _plain_step(step: Any) -> Any:
    """A step of a path of einsum as plain data: a pair of positions, or the name of a strategy before them."""
    return step if isinstance(step, str) else [operator.index(place) for place in step]


def _sizes(letters: str, shapes: Sequence[Shape]) -> dict[str, int]:
    """The size of the axis of every letter; one of size 1 is stretched to that of another operand."""
    sizes: dict[str, int] = {}
    for names, shape in zip(letters.split(","), shapes, strict=True):
        sizes |= {name: size for name, size in zip(names, shape, strict=True) if sizes.get(name, 1) == 1}
    return sizes


def _origins(index: Sequence[np.ndarray], inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> list[np.ndarray] | None:
    """The flat indices [output elements, terms] into every operand, for indices [output elements] of the result.

    None if there are too many terms.
    """
    letters, result = parameters["subscripts"].split("->")
    shapes = [np.shape(array) for array in inputs]
    sizes = _sizes(letters, shapes)
    summed = [name for name in sizes if name not in result]
    sides = tuple(sizes[name] for name in summed)
    if math.prod(sides) > MOST_TERMS:
        return None
    at = {name: each[:, None] for name, each in zip(result, index, strict=True)}
    at |= dict(zip(summed, unraveled(np.arange(math.prod(sides)), sides), strict=True))
    found = []
    for names, shape in zip(letters.split(","), shapes, strict=True):
        flat = np.zeros((len(index[0]) if index else 1, math.prod(sides)), dtype=np.intp)
        for name, size in zip(names, shape, strict=True):
            flat = flat * size + (at[name] if size > 1 else 0)
        found.append(flat)
    return found
