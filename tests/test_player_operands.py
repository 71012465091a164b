"""What the player says that elements are made of, for operations that the page has no rule for."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import tracer
from support.expressions import ARRAYS
from support.operands import given_by
from tracer.graph.expression import FunctionCall, Infix, Number
from tracer.graph.formula import parse_template
from tracer.graph.record import Step
from tracer.views.arithmetic.by_formula import ByFormula
from tracer.views.arithmetic.evaluating import Computed, Operand, evaluated
from tracer.views.notation import Labels
from tracer.views.player.inspector.operands import worked_elements

OPERATIONS = {
    "einsum": lambda w: np.einsum("ij,kj->ik", w, w[:2]),
    "matmul": lambda w: np.stack([w, w + 1]) @ w.T,
    "stack": lambda w: np.stack([w, 2 * w]),
    "tile": lambda w: np.tile(w, (2, 1)),
    "take": lambda w: w[1],
    "cumsum": lambda w: np.cumsum(w, axis=0),
    "prod": lambda w: np.prod(w, axis=1),
    "outer": lambda w: np.outer(w[0], w[1]),
}


def step_of(name: str) -> Step:
    run = tracer.record()
    w = run.parameters(w=ARRAYS["A"].copy())
    with run.step():
        y = OPERATIONS[name](w)
        loss = np.sum(y * y)
        loss.backward()
    return run.trace.steps[0]


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_element_is_what_it_is_said_to_be_made_of(name: str) -> None:
    step = step_of(name)
    found = worked_elements(step, Labels(step.nodes), frozenset())
    node = next(each for each in step.nodes if each.op == name)
    assert set(found[node.id].elements) == set(range(node.size))
    for id, written in found.items():
        for at, worked in written.elements.items():
            value = given_by(step, worked)
            assert value is None or value == pytest.approx(float(step.nodes[id].value.ravel()[at]), rel=1e-12)


def test_writing_into_an_array_is_followed() -> None:
    run = tracer.record()
    w = run.parameters(w=np.array([1.0, 2.0, 3.0]))
    with run.step():
        out = w + 1
        out[1:] = w[1:] * w[1:]
        loss = np.sum(out * out)
        loss.backward()  # type: ignore[attr-defined]
    step = run.trace.steps[0]
    written = next(node for node in step.nodes if node.op == "write")
    found = worked_elements(step, Labels(step.nodes), frozenset())[written.id]
    squares = next(node for node in step.nodes if node.op == "multiply" and node.shape == (2,))
    before = next(node for node in step.nodes if node.op == "add" and node.shape == (3,))
    assert [found.elements[at]["moved"] for at in range(3)] == [[before.id, 0], [squares.id, 0], [squares.id, 1]]


@pytest.mark.parametrize("name", ["einsum", "matmul", "stack", "cumsum"])
def test_what_does_not_give_the_recorded_number_is_not_said(name: str) -> None:
    step = step_of(name)
    node = next(each for each in step.nodes if each.op == name)
    value = node.value.copy()
    value.ravel()[3] += 1e-6
    nodes = [dataclasses.replace(each, content=value) if each.id == node.id else each for each in step.nodes]
    found = worked_elements(dataclasses.replace(step, nodes=tuple(nodes)), Labels(nodes), frozenset())
    assert 3 not in found[node.id].elements and 2 in found[node.id].elements


def test_all_elements_are_written_of_small_values_only() -> None:
    run = tracer.record()
    w = run.parameters(w=np.linspace(-1, 1, 40))
    with run.step():
        loss = np.sum(np.tile(w, 2) ** 2)
        loss.backward()
    step = run.trace.steps[0]
    node = next(each for each in step.nodes if each.op == "tile")
    found = worked_elements(step, Labels(step.nodes), frozenset())[node.id]
    assert set(found.elements) == {found.largest}


def test_an_error_is_estimated() -> None:
    """The sum of large numbers that cancel may be off by more than its own rounding."""
    tree = Infix(("+", "-"), (Operand(0, 0, 1e8), Operand(0, 1, 1e-3), Operand(0, 2, 1e8)))
    found = evaluated(tree, 2.0**-23)
    assert found.is_near(0.0) and not found.is_near(1e3)
    assert not evaluated(Infix(("+",), (Operand(0, 0, 1.0), Operand(0, 1, 1e-3))), 2.0**-23).is_near(1.0)
    with pytest.raises(LookupError):
        evaluated(FunctionCall("system", (Operand(0, 0, 1.0),)), 2.0**-23)
    with pytest.raises(LookupError):
        evaluated(Number("0x10"), 2.0**-23)


def normalized(x: np.ndarray) -> np.ndarray:
    return (x - x.mean(0)) / np.sqrt(x.var(0) + 0.5)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("mean({0} * {1}, axis=1)", lambda x, y: (x * y).mean(axis=1)),
        ("({0} - mean({0}, axis=0, keepdims=True)) / sqrt(var({0}, axis=0) + {2})", lambda x, y: normalized(x)),
        ("softmax({0} @ {1}.T, axis=-1) @ {1}", lambda x, y: (p := np.exp(x @ y.T)) / p.sum(1, keepdims=True) @ y),
        ("1 / sqrt(var({0}, axis=0, ddof=1))", lambda x, y: 1 / np.sqrt(x.var(0, ddof=1))),
        ("{0}[:, None] * {1}[None, :2]", None),
        ("-sum(where({0} > 0, square({0}), {1}), axis=(0, 1))", lambda x, y: -np.where(x > 0, x * x, y).sum()),
    ],
)  # fmt: skip
def test_formulas_are_read_as_numpy_does(formula: str, expected: object) -> None:
    x, y = ARRAYS["A"], ARRAYS["B"]
    value = (x[:, None] * y[None, :2]) if expected is None else np.asarray(expected(x, y))  # type: ignore[operator]
    arrays = [x, y, np.asarray(0.5)]

    def element(slot: int, index: tuple[int, ...]) -> Operand | Computed:
        array = arrays[slot]
        return Operand(slot, int(np.ravel_multi_index(index, array.shape)) if array.shape else 0, float(array[index]))

    reader = ByFormula(parse_template(formula), arrays, element, 1024)
    for index in np.ndindex(value.shape):
        assert evaluated(reader.element(index), 2.0**-52).is_near(float(value[index])), index
