"""Worked arithmetic of long sums: the most important terms are written, the others and the zeros among them are counted."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tracer
from tracer.graph.expression import Expression, Sign, infix, number
from tracer.graph.record import Node, Step
from tracer.i18n.language import CHINESE
from tracer.views.arithmetic.signs import with_signs
from tracer.views.notation import Labels
from tracer.views.worked import MAX_TERMS, moved_element, work_out, worked_element


def worked(function: Callable[..., Any], op: str, *arrays: Any) -> str:
    """The arithmetic of the first element that an operation computes."""
    step = tracer.trace(lambda *given: np.sum(function(*given) * 1.0), *arrays)
    node: Node = next(node for node in step.nodes if node.op == op)
    return worked_element(step.nodes, node, Labels(step.nodes)).partition(" = ")[2]


numbers = hnp.arrays(
    np.float64, st.integers(MAX_TERMS + 1, 30), elements=st.sampled_from([0.0, 0.0, 1.5, -2.0, 3.25, -7.0, 64.0])
)


def written(text: str) -> list[float]:
    """The terms that are written before the count."""
    terms = text.partition(" + ...")[0].partition(", ...")[0].replace(" - ", " + -")
    return [eval(term, {}) for term in re.split(r" \+ |, ", terms)]


@given(numbers)
def test_largest_terms_of_a_sum_are_written_and_zeros_counted(x: np.ndarray) -> None:
    text = worked(np.sum, "sum", x)
    assert written(text) == sorted(x, key=lambda each: -abs(each))[:3]
    zeros = int(np.sum(x == 0))
    counted = f"[{len(x)} terms, {zeros} of them 0]" if zeros else f"[{len(x)} terms]"
    assert f" + ... {counted} = " in text


@given(numbers, st.integers(0, 2**20))
def test_largest_products_are_written_and_zeros_counted(x: np.ndarray, seed: int) -> None:
    y = np.random.default_rng(seed).choice([0.0, 1.0, -0.5, 4.0], size=len(x))
    for function, op in ((np.matmul, "matmul"), (np.dot, "dot"), (lambda a, b: np.einsum("i,i->", a, b), "einsum")):
        text = worked(function, op, x, y)
        assert [abs(each) for each in written(text)] == sorted(abs(x * y), reverse=True)[:3]
        zeros = int(np.sum(x * y == 0))
        assert f"[{len(x)} terms, {zeros} of them 0]" in text or (not zeros and f"[{len(x)} terms]" in text)


@pytest.mark.parametrize(
    ("function", "op", "expected"),
    [
        (np.max, "max", [9.0, 8.0, 7.0]),
        (np.min, "min", [-9.0, -3.0, 0.0]),
        (np.argmax, "argmax", [9.0, 8.0, 7.0]),
        (np.argmin, "argmin", [-9.0, -3.0, 0.0]),
        (np.var, "var", [-9.0, 9.0, 8.0]),
    ],
)
def test_extremes_are_written_of_many_numbers(function: Callable[..., Any], op: str, expected: list[float]) -> None:
    x = np.array([1.0, 7.0, -3.0, 0.0, 8.0, 2.0, -9.0, 9.0, 0.0])
    text = worked(function, op, x)
    assert text.startswith(f"{op}(")
    assert written(text.partition("(")[2]) == expected
    assert ", ... [9 numbers])" in text


def test_zeros_of_a_product_are_counted() -> None:
    x = np.array([2.0, 0.0, 3.0, 4.0, 5.0, 6.0, 7.0])
    assert worked(np.prod, "prod", x) == "7*6*5*... [7 factors, 1 of them 0] = 0"


def test_nan_is_written_before_larger_numbers() -> None:
    x = np.array([*range(9), np.nan])
    assert worked(np.sum, "sum", x).startswith("nan + 8 + 7 + ... [10 terms, 1 of them 0]")


def test_arithmetic_of_gathered_and_scattered_elements() -> None:
    rows = np.array([2, 0, 2])
    step: Step = tracer.trace(lambda x: np.sum(x[rows] * np.array([1.0, 2.0, 4.0])), [3.0, 5.0, 7.0])
    labels = Labels(step.nodes)
    (gradient,) = (node for node in step.nodes if node.op == "scatter")
    assert worked_element(step.nodes, gradient, labels, (2,)).endswith(" = 1 + 4 = 5")
    assert worked_element(step.nodes, gradient, labels, (1,)) == ""
    source = labels[gradient.operands[0]]
    assert moved_element(step.nodes, gradient, labels, (0,)) == f"{labels.element(gradient.id, (0,))} = {source}[1] = 2"
    assert moved_element(step.nodes, gradient, labels, (2,)) == ""  # a sum of two
    assert worked(lambda x, y: np.outer(x, y), "outer", [3.0, 5.0], [7.0, 11.0]) == "3*7 = 21"
    assert worked(lambda x, y: np.einsum("ij,jk,k->i", x, y, y[0]), "einsum", [[3.0]], [[7.0]]) == "3*7*7 = 147"


def signed(depth: int) -> st.SearchStrategy[Expression]:
    """Arithmetic with numbers of both signs."""
    one = st.sampled_from(["0.7", "-0.7", "-3.0", "2e-05", "-2e-05", "0.0", "-0.0"]).map(number)
    if not depth:
        return one
    inner = signed(depth - 1)
    chains = [
        st.lists(inner, min_size=2, max_size=4).flatmap(
            lambda terms, of=of: st.lists(st.sampled_from(of), min_size=len(terms) - 1, max_size=len(terms) - 1).map(
                lambda operators: infix(tuple(operators), tuple(terms))
            )
        )
        for of in ("+-", "*/")
    ]
    return st.one_of(one, inner.map(lambda each: Sign("-", each)), *chains)


@given(signed(3))
def test_signs_of_a_formula_leave_its_value(tree: Expression) -> None:
    text = with_signs(tree).format(compact=True)
    assert not re.search(r"[-+*/] ?-", text), text
    values = []
    for each in (text, tree.format(compact=True)):
        try:
            values.append(float(eval(each, {})).hex())
        except ZeroDivisionError:
            values.append("undefined")
    assert values[0] == values[1]


def test_signs_are_written_as_by_hand() -> None:
    x, y = np.array([0.5, -2.0, 4.0]), np.array([-0.25, -8.0, 1.0])
    assert worked(np.dot, "dot", x, y) == "0.5*(-0.25) + (-2)*(-8) + 4*1 = 19.88"
    assert worked(np.sum, "sum", x - 1) == "-0.5 - 3 + 3 = -0.5"
    assert worked(lambda x, y: x - y, "subtract", x, y) == "0.5 - (-0.25) = 0.75"
    assert worked(lambda x: (x > -1) * x, "greater", x) == "(0.5 > -1) = True"
    assert worked(lambda x: x * (1 - 0.9), "multiply", x) == "0.5*0.1 = 0.05"  # not 0.09999999999999998


def test_terms_that_are_left_out_are_counted_in_the_language() -> None:
    step = tracer.trace(lambda each: np.sum(each) * 1.0, np.arange(10.0))
    node = next(node for node in step.nodes if node.op == "sum")
    found = work_out(step.nodes, node, Labels(step.nodes))
    assert found is not None and found.is_shortened
    assert found.text().endswith("9 + 8 + 7 + ... [10 terms, 1 of them 0] = 45")
    assert found.text(CHINESE).endswith("9 + 8 + 7 + ... [10 项，其中 1 个为 0] = 45")


@given(numbers)
def test_largest_first_writes_all_terms_but_zeros(x: np.ndarray) -> None:
    step = tracer.trace(lambda each: np.sum(each) * 1.0, x)
    node = next(node for node in step.nodes if node.op == "sum")
    found = work_out(step.nodes, node, Labels(step.nodes), max_terms=30, largest_first=True)
    zeros = int(np.sum(x == 0))
    if zeros == len(x):
        return  # a sum of zeros has nothing to begin with
    assert found is not None and found.is_shortened is (zeros > 0)
    text = found.text().partition(" = ")[2].rpartition(" = ")[0]
    assert written(text) == sorted((each for each in x if each), key=lambda each: -abs(each))
    assert (f"[{len(x)} terms, {zeros} of them 0]" in text) is (zeros > 0)


@pytest.mark.parametrize(
    ("function", "op", "index", "source"),
    [
        (lambda x: np.transpose(x), "transpose", (2, 1), (1, 2)),
        (lambda x: x[[1, 0]], "take", (0, 2), (1, 2)),
        (lambda x: np.reshape(x, (3, 2)), "reshape", (2, 0), (1, 1)),
        (lambda x: np.broadcast_to(x, (4, 2, 3)), "broadcast_to", (3, 1, 2), (1, 2)),
    ],
)
def test_element_that_is_moved_says_where_it_is_from(function: Any, op: str, index: Any, source: Any) -> None:
    x = np.arange(1.0, 7.0).reshape(2, 3)
    step = tracer.trace(lambda x: np.sum(function(x) * 1.0), x)
    node = next(node for node in step.nodes if node.op == op)
    text = moved_element(step.nodes, node, Labels(step.nodes), index)
    assert text.endswith(f" = x[{','.join(map(str, source))}] = {x[source]:g}")


def test_element_that_is_computed_is_not_moved() -> None:
    step = tracer.trace(lambda x: np.sum(-x), np.array([0.0, 1.0]))
    node = next(node for node in step.nodes if node.op == "negative")
    assert moved_element(step.nodes, node, Labels(step.nodes), (1,)) == ""
