"""The scalar graph: operands and gradient of every number of a step."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tracer
from support.cases import linalg_matrices, linalg_norms
from support.profile import PER_OPERATION
from support.strategies import CASES, WITHOUT_GRADIENT, Case, seeds, separated
from support.traces import recorded
from tracer.analysis.scalar_graph import ScalarGraph, scalar_graph
from tracer.errors import UsageError
from tracer.graph.record import Literal, Node, Step
from tracer.ops import registry
from tracer.ops.families.movement.ordering import Ordering
from tracer.ops.families.statistical.bins import Bincount
from tracer.ops.indices import NO_ELEMENT
from tracer.ops.movement import Movement, MovementGradient
from tracer.training.bundled import bundled_names


def graph_of(name: str) -> tuple[Step, ScalarGraph]:
    step = tracer.run(tracer.load(name), steps=None if tracer.load(name).optimizer is None else 1).steps[0]
    return step, scalar_graph(step)


@pytest.mark.parametrize("name", [name for name in bundled_names() if name != "mnist"])  # 25 million products
def test_every_element_of_every_value(name: str) -> None:
    step, graph = graph_of(name)
    for node in step.nodes[: step.loss_id + 1]:
        (here,) = np.nonzero((graph.node == node.id) & ~graph.is_product)
        np.testing.assert_array_equal(graph.value[here], node.value.ravel())
        np.testing.assert_array_equal(graph.index[here], np.arange(node.size))
        assert np.all(graph.is_reached[here] == (node.id in step.gradients))
        expected = step.nodes[step.gradients[node.id]].value.ravel() if node.id in step.gradients else np.zeros(node.size)
        np.testing.assert_array_equal(graph.gradient[here], expected)
    assert len(graph) == graph.starts.size - 1
    assert graph.starts[-1] == graph.operands.size
    assert np.all(graph.operands < np.repeat(np.arange(len(graph)), np.diff(graph.starts)))


def test_products_add_up_and_propagate_gradients() -> None:
    step, graph = graph_of("fruit-pytorch")
    assert graph.is_product.any()
    for position in np.flatnonzero(~graph.is_product):
        operands = graph.operands_of(position)
        if len(operands) and graph.is_product[operands[0]]:
            assert graph.is_product[operands].all()
            np.testing.assert_allclose(graph.value[operands].sum(), graph.value[position], rtol=1e-6, atol=1e-7)
            np.testing.assert_array_equal(graph.gradient[operands], graph.gradient[position])
    # The gradient of a weight is the sum, over its products, of the other factor times the product's gradient.
    weight = step.node("w1") if any(node.name == "w1" for node in step.nodes) else step.parameters[0]
    for place, expected in enumerate(step.gradient(weight.name).ravel()):
        (position,) = np.flatnonzero((graph.node == weight.id) & (graph.index == place))
        total = 0.0
        for product in np.flatnonzero(graph.is_product):
            x, y = graph.operands_of(product)
            if position in (x, y):
                total += graph.gradient[product] * graph.value[y if position == x else x]
        np.testing.assert_allclose(total, expected, rtol=1e-5, atol=1e-7)


def value_of(operand: int | Literal, nodes: Any) -> np.ndarray:
    if isinstance(operand, Literal):
        return np.asarray(0 if operand.value is None else operand.value)
    return np.asarray(nodes[operand].value)


def arrays_of(node: Node, step: Step) -> list[np.ndarray]:
    return [value_of(operand, step.nodes) for operand in node.inputs]


def positions(array: np.ndarray, part: Any) -> list[int]:
    """The positions of the elements in a part of an array."""
    return [] if part is None else np.ravel(np.arange(array.size).reshape(array.shape)[part]).tolist()


@st.composite
def computed_nodes(draw: Any, name: str) -> tuple[Step, list[Node]]:
    """A step with a call of the operation, and what it computes, forward and backward."""
    if name in WITHOUT_GRADIENT:
        function, arrays = WITHOUT_GRADIENT[name], (separated((2, 3), draw(seeds)),)
        step = tracer.trace(lambda x: np.sum(x) + np.sum(function(x) * 1.0), *arrays)
    else:
        case: Case = draw(CASES[name])
        with np.errstate(all="ignore"):
            step = tracer.trace(lambda *arrays: np.sum(case.function(*arrays)), *case.arrays)
    return step, [node for node in step.nodes if not node.is_leaf and node.size]


EVERY_OPERATION = sorted({*CASES, *WITHOUT_GRADIENT})


@pytest.mark.parametrize("name", EVERY_OPERATION)
@given(st.data())
@settings(max_examples=PER_OPERATION // 2)
def test_vectorized_parts_match_single_elements(name: str, data: st.DataObject) -> None:
    step, nodes = data.draw(computed_nodes(name))
    for node in nodes:
        op, arrays = registry.named(node.op), arrays_of(node, step)
        assert op is not None
        parts = [op.parts(index, arrays, node.parameters) for index in np.ndindex(node.shape)]
        origins = op.origins(node.shape, arrays, node.parameters)
        assert origins is not None
        for number, (array, origin) in enumerate(zip(arrays, origins, strict=True)):
            expected = [positions(array, part[number]) for part in parts if part is not None]
            found = [[each for each in row if each != NO_ELEMENT] for row in origin.tolist()]
            # A number may be in several terms, and has one index.
            assert (found if array.ndim else [row[:1] for row in found]) == expected, node
    assert len(scalar_graph(step)) >= sum(node.size for node in step.nodes[: step.loss_id + 1])


# An element is an operand exactly if it has an influence.

TRIALS = 12


def changed(array: np.ndarray, rng: np.random.Generator, places: np.ndarray, largest: int) -> np.ndarray:
    """The array with other elements at some places; indices stay below `largest`."""
    found = np.array(array)
    if array.dtype.kind == "f":
        special = rng.choice([np.nan, np.inf, 0.0, 0.3, 1e3, -1e3], size=int(places.sum()))
        found[places] = np.where(rng.random(len(special)) < 0.5, special, rng.normal(size=len(special)))
    elif array.dtype.kind == "c":
        count = int(places.sum())
        found[places] = rng.normal(size=count) + 1j * np.where(rng.random(count) < 0.1, np.nan, rng.normal(size=count))
    elif array.dtype.kind == "b":
        found[places] ^= True
    else:
        found[places] = rng.integers(0, largest, size=int(places.sum()))
    return found


def nudged(array: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The array with elements a little larger at some places, so that their order stays as it is."""
    return array + 1e-7 * places.reshape(array.shape)


def result(node: Node, arrays: list[np.ndarray]) -> np.ndarray | None:
    """What the operation of a node computes from other inputs; None if these are not valid."""
    op = registry.named(node.op)
    assert op is not None
    inputs = [x.value if isinstance(x, Literal) else array for x, array in zip(node.inputs, arrays, strict=True)]
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
            return np.asarray(op.value(*inputs, **node.parameters))
    except (IndexError, ValueError):
        return None


def is_selector(node: Node, number: int) -> bool:
    """Whether an input only says which elements are moved: any of its elements may decide that, and is an operand."""
    op = registry.named(node.op)
    return op is not None and issubclass(op, (Movement, MovementGradient, Bincount)) and not op.differentiable(number)


def is_index(node: Node, number: int) -> bool:
    return (
        (node.op in ("take", "scatter") and number > 0)
        or (node.op in ("write", "add_at") and number > 1)
        or is_selector(node, number)
    )


def depends_on_order(node: Node) -> bool:
    """Whether the operand is the element that is copied or moved, where all others of the row decide which one or how far."""
    op = registry.named(node.op)
    return op is not None and (issubclass(op, Ordering) or node.op == "unwrap")


def largest_index(node: Node, step: Step) -> int:
    """A bound of indices that are valid along every axis."""
    if node.op == "bincount":
        return int(node.parameters["length"])
    shape = node.parameters["shape"] if node.op == "scatter" else step.nodes[node.operands[0]].shape
    return min([size for size in shape if size], default=1)


def same(found: np.ndarray | None, expected: np.ndarray | None, index: tuple[int, ...]) -> bool:
    """Whether two results have the same element; those of other shapes have no element in common."""
    if found is None or expected is None or found.shape != expected.shape:
        return False
    # Matrix products of other numbers in other rows may round differently.
    return bool(np.isclose(found[index], expected[index], rtol=1e-12, atol=0, equal_nan=True))


@pytest.mark.parametrize("name", EVERY_OPERATION)
@given(st.data())
@settings(max_examples=PER_OPERATION // 2)
def test_elements_that_are_no_operands_have_no_influence(name: str, data: st.DataObject) -> None:
    step, nodes = data.draw(computed_nodes(name))
    rng = np.random.default_rng(data.draw(seeds))
    for node in nodes:
        op, arrays = registry.named(node.op), arrays_of(node, step)
        assert op is not None
        index = tuple(int(rng.integers(size)) for size in node.shape)
        parts = op.parts(index, arrays, node.parameters)
        assert parts is not None
        expected = result(node, arrays)
        for number, (array, part) in enumerate(zip(arrays, parts, strict=True)):
            if isinstance(node.inputs[number], Literal) or not array.size:
                continue
            if is_index(node, number) and (node.op in ("scatter", "add_at", "write") or array.dtype.kind == "b"):
                continue  # where the selected elements are depends on all of them: an operand is the one that selects
            others = np.ones(array.size, dtype=bool)
            others[positions(array, part)] = False
            limit = largest_index(node, step) if is_index(node, number) else 3
            for _ in range(3):
                if depends_on_order(node):
                    other = nudged(array, others)
                else:
                    other = changed(array, rng, others.reshape(array.shape), limit)
                found = result(node, [*arrays[:number], other, *arrays[number + 1 :]])
                if found is None and name in linalg_matrices.OWN_NUMBERS | linalg_norms.OWN_NUMBERS:
                    continue  # another matrix of the batch has no decomposition
                assert same(found, expected, index), (node, number)


def is_constant(node: Node, arrays: list[np.ndarray], number: int, place: int, index: tuple[int, ...]) -> bool:
    """Whether an element of the result does not depend on one of an input, although it does in other cases."""
    x, parameters = arrays[0], node.parameters
    match node.op:
        case "eigh" | "qr" if parameters["part"] == (1 if node.op == "eigh" else 0) and 1 in x.shape[-2:]:
            return True  # the length of a vector is 1
        case (
            "qr"
        ):  # a column depends on those up to it, the last of a square q only on those before, and r is 0 below the diagonal
            rows, columns = x.shape[-2:]
            column = place % columns
            if column > index[-1] or node.value[index] == 0:
                return True
            return column != index[-1] if rows == 1 else parameters["part"] == 0 and column == rows - 1
        case "imag":
            return x.dtype.kind != "c"
        case "interp":
            return arrays[1].size == 1
        case "linspace":  # the last number is the stop itself
            return number == 0 and parameters["endpoint"] and index[parameters.get("axis", 0)] == parameters["num"] - 1 > 0
        case "matrix_power":  # the identity, the matrix itself, and a row times a column
            *_, row, column = np.unravel_index(place, x.shape)
            is_own = (row == index[-2]) + (column == index[-1])
            return parameters["n"] == 0 or (0 < parameters["n"] <= 2 and is_own < 3 - parameters["n"])
        case "power":
            return bool(np.all(arrays[1] == 0))
        case "vander":
            return index[1] == (0 if parameters["increasing"] else parameters["N"] - 1)
        case "argsort" | "argpartition":
            return x.shape[parameters["axis"]] == 1
        case "quantile_weights":  # of one number, or of two in the middle between them
            axes = range(x.ndim) if parameters["axis"] is None else parameters["axis"]
            return math.prod(x.shape[axis] for axis in axes) <= 2
        case "nanvar" | "nanstd" | "var" | "std" | "ptp":
            return node.size == x.size  # of one number
    return False


SYMMETRIC = ("eigh", "eigvalsh")
"""Operations that read one half of a symmetric matrix."""


@pytest.mark.parametrize("name", EVERY_OPERATION)
@given(st.data())
@settings(max_examples=PER_OPERATION // 2)
def test_operands_have_an_influence(name: str, data: st.DataObject) -> None:
    step, nodes = data.draw(computed_nodes(name))
    rng = np.random.default_rng(data.draw(seeds))
    for node in nodes:
        op, arrays = registry.named(node.op), arrays_of(node, step)
        assert op is not None
        index = tuple(int(rng.integers(size)) for size in node.shape)
        for number, (array, part) in enumerate(zip(arrays, op.parts(index, arrays, node.parameters) or (), strict=True)):
            used = positions(array, part)
            if isinstance(node.inputs[number], Literal) or not used:
                continue
            limit = largest_index(node, step) if is_index(node, number) else 3
            if is_selector(node, number):
                continue  # with other numbers, another element decides
            if is_index(node, number) and limit == 1:
                continue  # there is no other index
            chosen = int(rng.choice(used))
            if is_constant(node, arrays, number, chosen, index):
                continue
            place = np.arange(array.size) == chosen
            if issubclass(op, Ordering):
                stepped = nudged(array, place)
                assert not same(result(node, [stepped]), result(node, arrays), index), node
                continue
            assert any(_influences(node, arrays, number, place, index, limit, rng) for _ in range(TRIALS * 10)), (node, number)


def _influences(
    node: Node, arrays: list[np.ndarray], number: int, place: np.ndarray, index: tuple[int, ...], limit: int,
    rng: np.random.Generator,
) -> bool:  # fmt: skip
    """Whether a random change of one element changes an element of the result, with other numbers for the rest."""
    drawn = [
        array if is_index(node, position) else
        rng.integers(0, 2, array.shape) * (1 + 1j) if array.dtype.kind == "c" and rng.random() < 0.5 else
        rng.normal(size=array.shape) + 1j * rng.normal(size=array.shape) if array.dtype.kind == "c" else
        rng.integers(0, 3, array.shape) * 1.0 if array.dtype.kind == "f" and rng.random() < 0.5 else
        rng.normal(size=array.shape) if array.dtype.kind == "f" else
        rng.random(array.shape) < 0.5 if array.dtype.kind == "b" else rng.integers(0, 3, array.shape)
        for position, array in enumerate(arrays)
    ]  # fmt: skip
    if node.op in SYMMETRIC:
        drawn[number] = drawn[number] + np.swapaxes(drawn[number], -1, -2)
    place = place.reshape(drawn[number].shape)
    other = changed(drawn[number], rng, place, limit)
    literals = [x.value for x in node.inputs if isinstance(x, Literal) and isinstance(x.value, (int, float))]
    if literals and rng.random() < 0.2:
        other[place] = rng.choice(literals)
    if node.op in SYMMETRIC:
        other = np.where(np.swapaxes(place, -1, -2), np.swapaxes(other, -1, -2), other)
    return not same(result(node, [*drawn[:number], other, *drawn[number + 1 :]]), result(node, drawn), index)


def test_an_indexed_element_has_one_operand_per_index() -> None:
    rows, columns = np.arange(10) % 3, np.arange(10) % 4
    step = tracer.trace(lambda x: np.sum(x[rows, columns]), np.arange(12.0).reshape(3, 4))
    graph = scalar_graph(step)
    (taken,) = (node for node in step.nodes if node.op == "take")
    for position, place in zip(np.flatnonzero(graph.node == taken.id), range(10), strict=True):
        operands = graph.operands_of(position)
        assert graph.value[operands].tolist() == [4 * rows[place] + columns[place], rows[place], columns[place]]


def test_too_many_uses_are_refused() -> None:
    step = tracer.trace(lambda x: np.sum(x @ x), np.ones((280, 280)))
    with pytest.raises(UsageError, match="too many numbers"):
        scalar_graph(step)


def test_missing_values_are_reported(tmp_path: Any) -> None:
    trace = recorded("fruit", 1)
    tracer.save(trace, tmp_path / "fruit.sqlite", "summary")
    with pytest.raises(UsageError, match="keeps only a summary"):
        scalar_graph(tracer.open(tmp_path / "fruit.sqlite").steps[0])
