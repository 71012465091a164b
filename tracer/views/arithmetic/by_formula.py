"""The arithmetic of one element by the formula of its operation, read as NumPy would: `sum({0} * ({1} - {2}), axis=0)`.

A sum at the outside of the formula is written with its terms; one inside of it is a number. A formula with a part that is not
known has no arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tracer.graph.expression import (
    Brackets,
    Expression,
    FunctionCall,
    Infix,
    Name,
    Number,
    Sign,
    Slice,
    Slot,
    Subscript,
    Text,
    Transpose,
    infix,
)
from tracer.ops.indices import Index, broadcast_index, unraveled
from tracer.ops.terms import Elided
from tracer.views.arithmetic.evaluating import Computed, Operand, elementwise
from tracer.views.arithmetic.signs import parts_of

_INFIX: dict[str, Callable[[Any, Any], Any]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "**": np.power, "<": np.less, "<=": np.less_equal,
    ">": np.greater, ">=": np.greater_equal, "==": np.equal, "!=": np.not_equal, "@": np.matmul,
}  # fmt: skip
_MOVES: dict[str, Callable[..., np.ndarray]] = {
    "matrix_transpose": lambda x: np.swapaxes(x, -1, -2),
    "expand_dims": np.expand_dims,
    "squeeze": np.squeeze,
    "reshape": np.reshape,
    "broadcast_to": np.broadcast_to,
}
_SUMS: dict[str, Callable[..., Any]] = {"sum": np.sum, "mean": np.mean, "var": np.var}
MAX_TERMS = 1024
"""Maximum number of terms of a sum."""

WRITTEN_TERMS = 3
"""Number of terms that are written of a longer sum."""


class ByFormula:
    """A formula with the arrays that its slots stand for. `element_of` is the expression of an element of an input.

    Of sums of more than `max_terms` terms the largest are written. Raises LookupError where a formula is not known.
    """

    def __init__(
        self, formula: Expression, arrays: Sequence[np.ndarray], element_of: Callable[[int, Index], Expression], max_terms: int
    ) -> None:
        self._formula = formula
        self._arrays = arrays
        self._element_of = element_of
        self._max_terms = max_terms
        self._expands = False
        self._values: dict[int, tuple[Expression, np.ndarray]] = {}

    def element(self, index: Index) -> Expression:
        """The arithmetic of an element of the result."""
        self._expands = False
        found = self._outer(self._formula, index)
        if not any(isinstance(part, Operand) for part in parts_of(found)):
            self._expands = True  # of numbers that are no elements nothing can be followed
            found = self._outer(self._formula, index)
        return found

    def value(self, tree: Expression) -> np.ndarray:
        """The array that a part of the formula gives, in double precision."""
        if id(tree) not in self._values:
            with np.errstate(all="ignore"):
                self._values[id(tree)] = tree, np.asarray(self._computed(tree), dtype=np.float64)  # the tree keeps its id
        return self._values[id(tree)][1]

    def _computed(self, tree: Expression) -> Any:
        match tree:
            case Slot(position):
                return self._arrays[position]
            case Number(digits):
                return float(digits)
            case Sign("-", operand):
                return -self.value(operand)
            case Infix(operators, operands):
                found: Any = self.value(operands[0])
                for operator, operand in zip(operators, operands[1:], strict=True):
                    found = _INFIX[operator](found, self.value(operand))
                return found
            case Transpose(array):
                return self.value(array).T
            case Subscript(array, index):
                return self.value(array)[_index(index)]
            case FunctionCall("one_hot", (labels, Number(count)), ()):
                return np.eye(int(count))[self.value(labels).astype(int)]
            case FunctionCall("zeros" | "ones" as function, (shape,), ()):
                return np.full(_plain(shape), float(function == "ones"))
            case FunctionCall("size", (array,), ()):
                return float(self.value(array).size)
            case FunctionCall("softmax", (array,), options):
                x, axis = self.value(array), int(_options(options).get("axis", -1))
                powers = np.exp(x - x.max(axis, keepdims=True))
                return powers / powers.sum(axis, keepdims=True)
            case FunctionCall(function, (array,), options) if function in _SUMS:
                return _SUMS[function](self.value(array), **_options(options))
            case FunctionCall(function, (array, *others), options) if function in _MOVES:
                return _MOVES[function](self.value(array), *map(_plain, others), **_options(options))
            case FunctionCall(function, arguments, ()):
                known = elementwise(function)
                if known is not None:
                    return known(*map(self.value, arguments))
        raise LookupError(tree.text)

    def _outer(self, tree: Expression, index: Index) -> Expression:
        """An element of the outer part of a formula, where sums are written with their terms."""
        match tree:
            case Sign("-", operand):
                return Sign("-", self._outer(operand, index))
            case Infix(("/",), (numerator, Number() as count)):
                return infix(("/",), (self._outer(numerator, broadcast_index(index, self.value(numerator).shape)), count))
            case Infix((*operators, "@"), operands):
                left = operands[0] if len(operands) == 2 else Infix(tuple(operators), operands[:-1])
                return self._product(left, operands[-1], index)
            case FunctionCall("sum" | "mean" as function, (array,), options):
                return self._sum(function, array, _options(options), index)
        return self._inner(tree, index)

    def _sum(self, function: str, array: Expression, options: dict[str, Any], index: Index) -> Expression:
        places = self._places(array, options, index)
        total = self._total([abs(float(self.value(array)[each])) for each in places], lambda at: self._inner(array, places[at]))
        return infix(("/",), (total, Number(str(len(places))))) if function == "mean" else total

    def _variance(self, array: Expression, options: dict[str, Any], index: Index) -> Expression:
        places = self._places(array, options, index)
        numbers = np.array([self.value(array)[each] for each in places])
        mean = Computed(float(numbers.mean()), float(np.abs(numbers).max(initial=0)))

        def square(at: int) -> Expression:
            return FunctionCall("square", (infix(("-",), (self._inner(array, places[at]), mean)),))

        total = self._total(np.abs(numbers - numbers.mean()).tolist(), square)
        return infix(("/",), (total, Number(str(len(places) - int(options.get("ddof", 0))))))

    def _places(self, array: Expression, options: dict[str, Any], index: Index) -> list[Index]:
        """The elements that a reduction makes one element of."""
        shape = self.value(array).shape
        axis = options.get("axis")
        axes = set(range(len(shape)) if axis is None else [int(each) % len(shape) for each in np.atleast_1d(axis)])
        kept = iter([each for at, each in enumerate(index) if not (options.get("keepdims") and at in axes)])
        fixed = [slice(None) if at in axes else next(kept) for at in range(len(shape))]
        numbers = np.arange(int(np.prod(shape))).reshape(shape)[tuple(fixed)].ravel()
        if numbers.size > MAX_TERMS:
            raise LookupError("too many terms")
        return [unraveled(int(each), shape) for each in numbers]

    def _total(self, sizes: Sequence[float], term: Callable[[int], Expression]) -> Expression:
        """A sum, of which the largest terms are written if there are many."""
        if len(sizes) > self._max_terms:
            order = np.argsort(-np.asarray(sizes), kind="stable")[:WRITTEN_TERMS]
            zeros = len(sizes) - int(np.count_nonzero(sizes))
            return infix(("+",) * WRITTEN_TERMS, (*(term(int(at)) for at in order), Elided("term", len(sizes), zeros)))
        terms = tuple(map(term, range(len(sizes))))
        return infix(("+",) * (len(terms) - 1), terms) if len(terms) > 1 else terms[0] if terms else Number("0")

    def _product(self, left: Expression, right: Expression, index: Index) -> Expression:
        rows, columns = self.value(left), self.value(right)
        if rows.ndim < 2 or columns.ndim < 2 or rows.shape[-1] > MAX_TERMS:
            raise LookupError("@")
        leading, (row, column) = index[:-2], index[-2:]
        one = [(*broadcast_index(leading, rows.shape[:-2]), row, k) for k in range(rows.shape[-1])]
        other = [(*broadcast_index(leading, columns.shape[:-2]), k, column) for k in range(rows.shape[-1])]
        sizes = [abs(float(rows[left_at] * columns[right_at])) for left_at, right_at in zip(one, other, strict=True)]
        return self._total(sizes, lambda k: infix(("*",), (self._inner(left, one[k]), self._inner(right, other[k]))))

    def _inner(self, tree: Expression, index: Index) -> Expression:
        """An element of a part of a formula; that of a sum in it is a number."""
        match tree:
            case Slot(position):
                return self._element_of(position, index)
            case Number():
                return tree
            case Sign("-", operand):
                return Sign("-", self._inner(operand, index))
            case Infix(operators, operands) if "@" not in operators:
                return infix(operators, tuple([self._broadcast(operand, index) for operand in operands]))
            case Transpose() | Subscript():
                return self._moved(tree, index)
            case FunctionCall(function) if function in _MOVES:
                return self._moved(tree, index)
            case FunctionCall("sum" | "mean" as function, (array,), options) if self._expands:
                return self._sum(function, array, _options(options), index)
            case FunctionCall("var", (array,), options) if self._expands:
                return self._variance(array, _options(options), index)
            case FunctionCall(function, arguments, ()) if elementwise(function) is not None:
                return FunctionCall(function, tuple([self._broadcast(each, index) for each in arguments]))
        value = self.value(tree)
        return Computed(float(value[index]), self._size(tree))

    def _broadcast(self, tree: Expression, index: Index) -> Expression:
        return self._inner(tree, broadcast_index(index, self.value(tree).shape))

    def _moved(self, tree: Expression, index: Index) -> Expression:
        """An element of a view: that of the array it is a view of."""
        array = tree.arguments[0] if isinstance(tree, FunctionCall) else tree.array  # type: ignore[attr-defined]
        shape = self.value(array).shape
        numbers = np.arange(int(np.prod(shape))).reshape(shape)
        match tree:
            case Transpose():
                moved = numbers.T
            case Subscript(_, places):
                moved = numbers[_index(places)]
            case FunctionCall(function, (_, *others), options):
                moved = _MOVES[function](numbers, *map(_plain, others), **_options(options))
        return self._inner(array, unraveled(int(moved[index]), shape))

    def _size(self, tree: Expression) -> float:
        """The size of the numbers that the elements of a part are computed from."""
        match tree:
            case FunctionCall("sum", (array,)):
                return float(np.abs(self.value(array)).sum())
            case FunctionCall(_, (array, *_)):
                return float(max(np.abs(self.value(array)).max(initial=0), np.abs(self.value(tree)).max(initial=0)))
            case Infix(_, operands):
                left, right = (np.abs(self.value(each)) for each in (operands[0], operands[-1]))
                return float(left.max(initial=0) * right.max(initial=0) * left.shape[-1])
        return float(np.abs(self.value(tree)).max(initial=0))


def _options(options: Sequence[tuple[str, Expression]]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in options}


def _plain(tree: Expression) -> Any:
    """A number, a word or a tuple that stands in a formula."""
    match tree:
        case Number(digits):
            return int(digits)
        case Sign("-", Number(digits)):
            return -int(digits)
        case Name("True" | "False" | "None" as word):
            return {"True": True, "False": False, "None": None}[word]
        case Brackets(_, items):
            return tuple(_plain(each) for each in items)
        case Text(content):
            return content
    raise LookupError(tree.text)


def _index(places: Sequence[Expression]) -> Index:
    return tuple(
        slice(*(None if end is None else _plain(end) for end in each.bounds)) if isinstance(each, Slice) else _plain(each)
        for each in places
    )
