"""Elements that are worked out from a plan of earlier steps are written as if each step were the first."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import tracer
from support.cases import linalg_matrices
from support.profile import PER_OPERATION
from support.programs import trace_of_program
from support.strategies import CASES, calls
from tracer.graph.record import Node, Phase, Step
from tracer.graph.structures.shared import shared_structure
from tracer.i18n.language import CHINESE, ENGLISH
from tracer.ops import registry
from tracer.recording.recorder import Recorder
from tracer.store.structures.structure import Absent
from tracer.testing.random_programs import Program, programs
from tracer.training import Training
from tracer.views.notation import Labels
from tracer.views.text.log import log_lines
from tracer.views.text.many_steps import rows
from tracer.views.text.many_steps.likeness import likeness
from tracer.views.text.many_steps.number_texts import Numbers
from tracer.views.text.many_steps.worked_plans import WorkedPlans
from tracer.views.worked import array_of, worked_element

NUMBERS = [-1.5, -2.0, 0.0, 0.5, 2.0, 12345.678, -1e-9, 1e300, np.inf, np.nan]


def nodes_of(function: Callable[..., Any], arrays: list[np.ndarray]) -> tuple[Node, ...]:
    """The recorded operations of a call."""
    recorder = Recorder()
    arguments = [recorder.leaf("parameter" if x.dtype.kind == "f" else "data", f"x{n}", x) for n, x in enumerate(arrays)]
    recorder.enter(Phase.FORWARD)
    with np.errstate(all="ignore"):
        result = function(*arguments)
        loss = result if result.shape == () else np.sum(result)
    return tuple(recorder.finish(0, loss).nodes)


def structure(nodes: tuple[Node, ...]) -> Any:
    return [(node.op, node.inputs, repr(node.parameters), node.shape, node.dtype, node.formula, node.name) for node in nodes]


def assert_plans_are_right(runs: list[tuple[Node, ...]], digits: int) -> None:
    """Assert that elements of runs are worked out by the plan of the first as they are without one."""
    plans = WorkedPlans(digits, ENGLISH)
    first, same = Labels(runs[0]), [nodes for nodes in runs if structure(nodes) == structure(runs[0])]
    for nodes in [*same, *same]:
        labels = first.of_step(nodes)
        numbers = Numbers(nodes, labels.noise, digits)
        for node in nodes:
            assert plans.equation(nodes, node, labels, numbers) == worked_element(nodes, node, Labels(nodes), digits=digits)


def others(array: np.ndarray, name: str, rng: np.random.Generator) -> np.ndarray:
    """Other numbers of the shape and dtype; of whole numbers, which may be indices, the same ones in another order."""
    if array.dtype.kind != "f":
        return rng.permutation(array.ravel()).reshape(array.shape)
    if name in linalg_matrices.OWN_NUMBERS | {"norm", "matrix_norm"}:
        return array * 1.01 + 0.001
    return rng.choice(NUMBERS, array.shape).astype(array.dtype)


@pytest.mark.parametrize("name", sorted(CASES))
@given(st.data())
@settings(max_examples=max(1, PER_OPERATION // 4))
def test_every_operation(name: str, data: st.DataObject) -> None:
    case = data.draw(calls(name))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**20)))
    arrays = [list(case.arrays), *([others(each, name, rng) for each in case.arrays] for _ in range(2))]
    runs = [nodes_of(case.function, each) for each in arrays]
    assert_plans_are_right(runs, data.draw(st.sampled_from([2, 4, 17])))
    for nodes in runs[1:]:
        if structure(nodes) == structure(runs[0]):
            assert_fixed_parts(runs[0], nodes)


def assert_fixed_parts(first: tuple[Node, ...], then: tuple[Node, ...]) -> None:
    """Assert that the parts of operations depend on no values but those that they name."""
    for node, other in zip(first, then, strict=True):
        op, pairs = None if node.is_leaf else registry.named(node.op), ((first, node), (then, other))
        deciding = op.parts_depend_on(len(node.inputs)) if op is not None and node.size else None
        given = [[array_of(nodes, each.inputs[at]).tobytes() for at in deciding or ()] for nodes, each in pairs]
        if op is not None and deciding is not None and given[0] == given[1]:
            index = tuple(side - 1 for side in node.shape)
            one, two = (
                op.parts(index, [array_of(nodes, operand) for operand in each.inputs], each.parameters) for nodes, each in pairs
            )
            assert repr(one) == repr(two)


SELECTING = Program("def program(x):\n    v0 = x[x > 0.2]\n    v1 = v0[0]\n    return np.sum(v1 * (v1 + 0.5))", (np.ones(1),))
"""Other values may select no element: then there is no first one."""


@given(programs(), st.integers(0, 2**20))
@example(SELECTING, 0)
def test_random_programs(program: Program, seed: int) -> None:
    rng = np.random.default_rng(seed)
    first = [np.asarray(each) for each in program.arguments]
    runs = [nodes_of(program.function(), first)]
    for _ in range(3):
        try:
            runs.append(nodes_of(program.function(), [others(each, "", rng) for each in first]))
        except (ValueError, IndexError):
            continue  # a mask selects another number of elements, which fit no longer, or none
    assert_plans_are_right(runs, 4)


@pytest.mark.parametrize("tell", [ENGLISH, CHINESE], ids=["en", "zh"])
@pytest.mark.parametrize(("name", "steps"), [("fruit", 12), ("fruit-sgd", 12), ("fruit-keras", 3), ("mnist", 2)])
def test_the_log_is_that_of_steps_on_their_own(name: str, steps: int, tell: Any) -> None:
    training = Training(tracer.load(name), steps=steps)
    recorded = list(training)
    alone = [replace(step, nodes=tuple(step.nodes)) for step in recorded]
    assert all(shared_structure(step) is None for step in alone)
    assert list(log_lines(training.head, recorded, tell=tell)) == list(log_lines(training.head, alone, tell=tell))


def test_the_log_of_steps_that_share_their_nodes_but_not_their_gradients() -> None:
    training = Training(tracer.load("fruit"), steps=2)
    first, second = training
    steps = [first, replace(second, gradients={}), second, replace(second, marks={19: "unseen"})]
    alone = [replace(step, nodes=tuple(step.nodes)) for step in steps]
    assert list(log_lines(training.head, steps)) == list(log_lines(training.head, alone))
    assert [text.count("|g| =") > 0 for text in log_lines(training.head, steps)][1:-1] == [True, False, True, True]


def test_every_element_of_a_step_has_a_plan() -> None:
    nodes = tuple(tracer.run(tracer.load("fruit"), steps=1).steps[0].nodes)
    plans, labels = WorkedPlans(4, ENGLISH), Labels(nodes)
    for node in nodes:
        plans.equation(nodes, node, labels, Numbers(nodes, labels.noise, 4))
    assert all(known.plan.is_fixed for known in plans._nodes.values())
    assert {nodes[id].op for id in plans._nodes} >= {"take", "scatter"}


def alike(x: Any, y: Any, rows: Any) -> Any:
    """Operations of the same form: with one value twice, with two, in the other order, with other indices, of elements alone."""
    squares, products, turned = x * x, x * y, y * x
    sums = [np.sum(x * y), np.sum(y * y), np.sum(squares)]
    taken = [x[rows], y[rows], x[rows[::-1]], y[0], y[1], x[1]]
    return sum(np.sum(each) for each in (squares, products, turned, *sums, *taken, x @ y.T, y @ x.T, x @ x.T))


def test_operations_that_are_alike_have_one_plan() -> None:
    x, y = np.array([[1.5, -2.0], [-0.25, 3.0]]), np.array([[-4.0, 5.0], [6.0, -0.5]])
    runs = [nodes_of(alike, [x, y, np.array(rows)]) for rows in ([0, 1], [1, 0])]
    assert_plans_are_right(runs, 4)
    nodes = runs[0]
    plans, labels = WorkedPlans(4, ENGLISH), Labels(nodes)
    for node in nodes:
        plans.equation(nodes, node, labels, Numbers(nodes, labels.noise, 4))
    shared = {node: known.plan for node, known in plans._nodes.items()}
    products = [node for node in shared if nodes[node].op == "multiply"]
    assert len({id(shared[node]) for node in products}) < len(products)
    twice, once = (
        next(node for node in products if (len(set(nodes[node].operands)) == 1) is is_twice) for is_twice in (True, False)
    )
    assert shared[twice] is not shared[once]


@pytest.mark.parametrize(
    "name",
    [
        "fruit",
        "fruit-keras",
        "linear-regression",
        "ok-conv-loops-maxpool",
        "ok-lstm-bptt",
        "ok-min-char-rnn-clip",
        "ok-pure-python-network-lists",
        "ok-self-attention",
    ],
)
def test_a_large_step_is_written_like_a_small_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = Path(__file__).parent / "programs" / "backprop" / f"{name}.py"
    trace = trace_of_program(program) if program.exists() else tracer.run(tracer.load(name), steps=2)
    logs = []
    for limit in (0, 1_000_000):
        monkeypatch.setattr(rows, "MIN_PLANNED", limit)
        logs.append(list(log_lines(trace, trace.steps[:2])))
    assert logs[0] == logs[1]


def test_an_operation_with_parameters_that_are_no_plain_data_is_like_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = np.array([[1.5, -2.0], [-0.25, 3.0]]), np.array([[-4.0, 5.0], [6.0, -0.5]])
    nodes = tuple(
        replace(node, parameters={**node.parameters, "own": object()}) if node.op in ("sum", "take") else node
        for node in nodes_of(alike, [x, y, np.array([0, 1])])
    )
    labels, keys = Labels(nodes), [likeness(nodes, node, Labels(nodes)) for node in nodes]
    special = [key for key, node in zip(keys, nodes, strict=True) if node.op in ("sum", "take")]
    assert len({key for key, _ in special}) == len(special)
    # Each has the nodes that its numbers are from.
    assert all(set(node.operands) <= set(ids) for (_, ids), node in zip(keys, nodes, strict=True) if labels.sum_of(node) is None)
    monkeypatch.setattr("tracer.views.text.many_steps.likeness._text", lambda _: None)
    assert_plans_are_right([nodes_of(alike, [x, y, np.array([0, 1])])], 4)


@pytest.mark.parametrize(("one", "other"), [(1, 2), (1, 1.0), (1, True), ("1", 1), ((1, 2), [1, 2]), (0.0, -0.0)])
def test_operations_with_other_parameters_are_not_alike(one: Any, other: Any) -> None:
    nodes = nodes_of(lambda x: np.sum(x), [np.array([1.5, -2.0])])
    total = next(node for node in nodes if node.op == "sum")
    keys = [likeness(nodes, replace(total, parameters={"own": each}), Labels(nodes))[0] for each in (one, other, one)]
    assert keys[0] == keys[2] != keys[1]


def test_indices_that_change() -> None:
    x = np.arange(6.0).reshape(3, 2) / 7
    runs = [nodes_of(lambda x, rows: x[rows] * 2, [x, np.array(rows)]) for rows in ([0, 1], [2, 0])]
    assert structure(runs[0]) == structure(runs[1])
    assert_plans_are_right(runs, 4)
    assert_fixed_parts(*runs)


@pytest.mark.parametrize("digits", [2, 4, 5, 17])
def test_a_sum_that_is_written_in_another_one_only_where_it_is_short(digits: int) -> None:
    rng = np.random.default_rng(0)
    x, W, b = rng.normal(size=(3, 4)), rng.normal(size=(4, 2)), rng.normal(size=2)
    numbers = [x, x * 1e-9, abs(x), -abs(x), np.round(x), x * 1e9]
    runs = [nodes_of(lambda x, W, b: x @ W + b, [each, sign * W, b]) for each in numbers for sign in (1, -1)]
    assert_plans_are_right(runs, digits)
    assert_plans_are_right(runs[::-1], digits)


def test_a_plan_for_other_indices_is_a_new_one() -> None:
    x = np.arange(6.0).reshape(3, 2) / 7
    runs = [nodes_of(lambda x, rows: np.exp(x[rows]), [x, np.array(rows)]) for rows in ([0, 1], [2, 0], [2, 1])]
    plans, first = WorkedPlans(4, ENGLISH), Labels(runs[0])
    texts = []
    for nodes in runs:
        labels = first.of_step(nodes)
        texts.append(plans.equation(nodes, nodes[-2], labels, Numbers(nodes, labels.noise, 4)))
    assert texts == ["exp(x0[x1])[0,0] = exp(0) = 1", *["exp(x0[x1])[0,0] = exp(0.5714) = 1.771"] * 2]


@pytest.mark.parametrize("missing", range(6))
def test_values_that_are_missing_in_one_step(missing: int) -> None:
    step = tracer.run(tracer.load("linear-regression"), steps=1).steps[0]
    whole = tuple(step.nodes)
    ids = [node.id for node in whole if not node.is_leaf][missing::6]
    partial = tuple(replace(node, content=Absent()) if node.id in ids else node for node in whole)
    assert_plans_are_right([partial, whole], 4)
    assert_plans_are_right([whole, partial], 4)


def test_the_log_keeps_no_values_of_finished_steps() -> None:
    training = Training(tracer.load("fruit"), steps=4)
    finished: list[weakref.ref[np.ndarray]] = []

    def steps() -> Iterator[Step]:
        for step in training:
            finished.append(weakref.ref(step.node("logits").value))
            yield step

    lines = log_lines(training.head, steps())
    for _ in range(4):  # the heading and three steps
        next(lines)
    gc.collect()
    assert [each() for each in finished[:2]] == [None] * 2
