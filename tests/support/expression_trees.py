"""Random expressions, and what an arithmetic one means: how its operators are nested."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

from hypothesis import strategies as st

from tracer.graph.expression import (
    Brackets,
    Counted,
    Derivative,
    Expression,
    FunctionCall,
    Infix,
    Name,
    Number,
    Sign,
    Slice,
    Subscript,
    Text,
    Transpose,
    infix,
)
from tracer.graph.parser import MAX_LENGTH

VARIABLES = "abcxyz"
ROWS = (("+", "-"), ("*", "/", "@"), ("<", "<=", ">", ">=", "==", "!="), ("via",))
"""Operators of equal precedence."""


def rows(operands: st.SearchStrategy[Expression], kinds: tuple[tuple[str, ...], ...]) -> st.SearchStrategy[Expression]:
    def row(kind: tuple[str, ...]) -> st.SearchStrategy[Expression]:
        operators = st.lists(st.sampled_from(kind), min_size=1, max_size=3)
        return operators.flatmap(lambda some: st.tuples(*[operands] * (len(some) + 1)).map(lambda each: infix(tuple(some), each)))

    return st.sampled_from(kinds).flatmap(row)


def arithmetic(
    kinds: tuple[tuple[str, ...], ...],
) -> Callable[[st.SearchStrategy[Expression]], st.SearchStrategy[Expression]]:
    def extended(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
        power = st.tuples(inner, inner).map(lambda pair: Infix(("**",), pair))
        return st.one_of(rows(inner, kinds), power, inner.map(lambda each: Sign("-", each)))

    return extended


def constructs(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    few = st.lists(inner, max_size=3).map(tuple)
    options = st.dictionaries(st.sampled_from(["axis", "shape"]), inner).map(lambda given: tuple(given.items()))
    calls = st.builds(FunctionCall, st.sampled_from(["f", "np.sum"]), few, options)
    end = st.none() | inner
    slices = st.tuples(end, end).map(Slice) | st.tuples(end, end, inner).map(Slice)
    indexed = st.builds(Subscript, inner, st.lists(inner | slices, min_size=1, max_size=3).map(tuple))
    brackets = st.builds(Brackets, st.booleans(), few)
    counted = st.builds(Counted, calls | indexed, st.integers(0, 20))
    return st.one_of(arithmetic(ROWS)(inner), calls, indexed, brackets, counted, inner.map(Transpose), inner.map(Derivative))


ATOMS = st.one_of(
    st.sampled_from(["x", "h1", "h#2", "#12", "np.pi", "...", "名字"]).map(Name),
    st.sampled_from(["2", "0.5", "1e-05"]).map(Number),
    st.sampled_from(["'ij,jk->ik'", "[3x3 array]"]).map(Text),
)
SIDES = st.recursive(ATOMS, constructs, max_leaves=15)
TREES = (SIDES | st.tuples(SIDES, SIDES).map(lambda sides: infix(("=",), sides))).filter(
    lambda tree: len(tree.text) <= MAX_LENGTH
)
LETTERS = st.sampled_from(VARIABLES).map(Name)
ARITHMETIC = st.recursive(LETTERS, arithmetic(ROWS[:2]), max_leaves=15)


class Meaning:
    """A value that records how Python computed it."""

    def __init__(self, *made_of: Any) -> None:
        self.made_of = made_of

    def __neg__(self) -> Meaning:
        return Meaning("negative", self.made_of)


def _recording(name: str) -> Callable[[Meaning, Meaning], Meaning]:
    return lambda left, right: Meaning(name, left.made_of, right.made_of)


PYTHON = {"+": "add", "-": "sub", "*": "mul", "/": "truediv", "@": "matmul", "**": "pow", "<<": "lshift", ">>": "rshift"}
for symbol, method in PYTHON.items():
    setattr(Meaning, f"__{method}__", _recording(symbol))

NAMED = {letter: Meaning(letter) for letter in VARIABLES}


def meaning(tree: Expression) -> Any:
    """What the tree computes: operators of equal precedence from left to right."""
    match tree:
        case Name(name):
            return (name,)
        case Sign(_, operand):
            return ("negative", meaning(operand))
        case Infix(operators, operands):
            rest = zip(operators, map(meaning, operands[1:]), strict=True)
            return reduce(lambda left, right: (right[0], left, right[1]), rest, meaning(operands[0]))
    raise AssertionError(tree)
