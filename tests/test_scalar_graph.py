"""The scalar graph: operands and gradient of every number of a step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracer
from support.strategies import CASES, Case
from support.traces import recorded
from tracer.analysis.scalar_graph import ScalarGraph, scalar_graph
from tracer.errors import UsageError
from tracer.graph.record import Literal, Node, Step
from tracer.ops import registry
from tracer.training.loading import bundled_names


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


def expected_origins(node: Node, step: Step) -> list[list[list[int]]] | None:
    """The results of `parts` for each element, as positions in the inputs."""
    op = registry.named(node.op)
    assert op is not None
    arrays = [value_of(operand, step.nodes) for operand in node.inputs]
    found: list[list[list[int]]] = [[] for _ in arrays]
    for index in np.ndindex(node.shape):
        parts = op.parts(index, arrays, node.parameters)
        if parts is None:
            return None
        moves = len(arrays) > 1 and len(parts[1:]) and all(part == () for part in parts[1:])
        for position, (array, part) in enumerate(zip(arrays, parts, strict=True)):
            if position and moves and np.ndim(array):
                found[position].append([])  # an index, not a moved value
            else:
                found[position].append(np.ravel(np.arange(array.size).reshape(array.shape)[part]).tolist())
    return found


@pytest.mark.parametrize("name", sorted(CASES))
@given(st.data())
def test_vectorized_parts_match_single_elements(name: str, data: st.DataObject) -> None:
    case: Case = data.draw(CASES[name])
    with np.errstate(all="ignore"):
        step = tracer.trace(lambda *arrays: np.sum(case.function(*arrays)), *case.arrays)
    for node in step.nodes[: step.loss_id + 1]:
        if node.is_leaf or not node.size:
            continue
        expected = expected_origins(node, step)
        op = registry.named(node.op)
        assert op is not None
        found = op.origins(node.shape, [value_of(operand, step.nodes) for operand in node.inputs], node.parameters)
        if expected is None:
            assert found is None
            continue
        assert found is not None
        assert [each.tolist() for each in found][:1] == expected[:1], node
        for mine, theirs in zip(found[1:], expected[1:], strict=True):
            assert mine.tolist() == theirs or not mine.size
    assert len(scalar_graph(step)) >= sum(node.size for node in step.nodes[: step.loss_id + 1])


def test_too_many_uses_are_refused() -> None:
    step = tracer.trace(lambda x: np.sum(x @ x), np.ones((280, 280)))
    with pytest.raises(UsageError, match="too many numbers"):
        scalar_graph(step)


def test_missing_values_are_reported(tmp_path: Any) -> None:
    trace = recorded("fruit", 1)
    tracer.save(trace, tmp_path / "fruit.sqlite", "summary")
    with pytest.raises(UsageError, match="keeps only a summary"):
        scalar_graph(tracer.open(tmp_path / "fruit.sqlite").steps[0])
