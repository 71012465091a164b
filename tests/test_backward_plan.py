"""Replaying the backward pass of an equal earlier step gives the same record as running the derivative rules again."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

import tracer
from support.cases import linalg_matrices
from support.profile import PER_OPERATION
from support.strategies import CASES, calls
from tracer.graph.record import Literal, Node, Phase, Step
from tracer.graph.structures.shared import shared_structure
from tracer.graph.summary import Summary
from tracer.graph.validation import validate
from tracer.ops import registry
from tracer.ops.elementwise import Elementwise
from tracer.recording.plan import BackwardPlan, Match, backward_plan
from tracer.recording.recorder import Recorder
from tracer.recording.replaying import instructions
from tracer.recording.replaying.instructions import Instruction, Instructions
from tracer.recording.tensor import Tensor
from tracer.testing.random_programs import Program, programs
from tracer.training import Training
from tracer.training.bundled import bundled_names


def facts(node: Node) -> tuple[Any, ...]:
    """Everything in a node: its value as bytes, its memory layout, and its metadata."""
    value = node.value
    assert not value.flags.writeable
    value_facts = (value.tobytes(), value.dtype, value.shape, value.strides)
    others = [name for name in node.__slots__ if name not in ("content", "_summary", "inputs")]
    return value_facts, [getattr(node, name) for name in others], repr(node.inputs)


def assert_same_steps(one: Step, other: Step) -> None:
    assert len(one.nodes) == len(other.nodes)
    for node, other_node in zip(one.nodes, other.nodes, strict=True):
        assert facts(node) == facts(other_node)
    assert (one.loss_id, dict(one.gradients), dict(one.updates)) == (other.loss_id, dict(other.gradients), dict(other.updates))


def steps_of(scenario: tracer.Scenario, monkeypatch: pytest.MonkeyPatch, **options: Any) -> tuple[list[Step], list[Step], int]:
    """The steps of a run with replay, those of a run without it, and the number of replayed steps."""
    replayed = 0

    def counting_repeat(self: Recorder, plan: BackwardPlan, replay: Callable[..., None] = Recorder.replay) -> None:
        nonlocal replayed
        replayed += 1
        replay(self, plan)

    with monkeypatch.context() as patch:
        patch.setattr(Recorder, "replay", counting_repeat)
        patch.setattr(instructions, "COMPILED_AFTER", 1)  # the first time one by one, then compiled
        fast = list(Training(scenario, **options))
    with monkeypatch.context() as patch:
        patch.setattr(BackwardPlan, "match", lambda *_: Match.NONE)
        return fast, list(Training(scenario, **options)), replayed


@pytest.mark.parametrize("name", bundled_names())
def test_scenarios_are_the_same_with_and_without_replay(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = tracer.load(name)
    fast, slow, repeated = steps_of(scenario, monkeypatch, steps=None if scenario.optimizer is None else 4)
    for one, other in zip(fast, slow, strict=True):
        assert_same_steps(one, other)
    has_schedule = scenario.optimizer is not None and callable(scenario.optimizer.learning_rate)
    assert repeated == (0 if has_schedule else len(fast) - 1)


@pytest.mark.parametrize(
    "optimizer", [tracer.SGD(learning_rate=0.1, momentum=0.9), tracer.Adam(), tracer.KerasAdam(learning_rate=0.01)]
)
def test_optimizers_are_the_same_with_and_without_replay(optimizer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = replace(tracer.load("fruit"), optimizer=optimizer)
    fast, slow, repeated = steps_of(scenario, monkeypatch, steps=3, dtype="float32")
    assert repeated == 2
    for one, other in zip(fast, slow, strict=True):
        assert_same_steps(one, other)


def line(**changes: Any) -> tracer.Scenario:
    def model(x, w, b):
        h = np.maximum(x * w, 0)
        return h + b

    def loss(prediction, target):
        return np.mean((prediction - target) ** 2)

    x = np.arange(10.0)
    parts: dict[str, Any] = {
        "name": "line",
        "data": lambda: {"x": x, "target": 3 * x + 1},
        "parameters": {"w": 0.5, "b": 0.0},
        "model": model,
        "loss": loss,
        "optimizer": tracer.SGD(learning_rate=0.001),
        "steps": 4,
    }
    return tracer.Scenario(**{**parts, **changes})


def test_nan_in_the_code_is_the_same_number_in_each_step(monkeypatch: pytest.MonkeyPatch) -> None:
    def model(x, w, b):
        return np.nan_to_num(np.where(x < 2, float("nan"), x * w)) + b

    assert steps_of(line(model=model), monkeypatch)[2] == 3


def test_numbers_of_records_are_equal_where_they_are_nan() -> None:
    """Compared by the fields one by one, as Python does since 3.13, NaN is not even equal to itself."""
    nan, other = float("nan"), float("nan")
    assert Literal(nan) == Literal(other) and hash(Literal(nan)) == hash(Literal(other))
    assert Literal(complex(nan, 1)) == Literal(complex(other, 1)) != Literal(complex(nan, 2))
    assert Literal(2) == Literal(2.0) != Literal(3) and hash(Literal(2)) == hash(Literal(2.0))
    assert Literal(nan) != Literal(2.0) and Literal(nan) != nan and Literal(None) == Literal(None) != Literal(0)
    assert Summary(2, nan, 1.0) == Summary(2, other, 1.0) != Summary(3, nan, 1.0) != Summary(3, 0.0, 1.0)


def test_each_size_of_batch_is_replayed(monkeypatch: pytest.MonkeyPatch) -> None:
    fast, slow, repeated = steps_of(line(batch_size=4, steps=None, epochs=3), monkeypatch)
    assert [step.nodes[0].shape for step in fast[:3]] == [(4,), (4,), (2,)]
    assert repeated == 7  # all but the first of each size
    for one, other in zip(fast, slow, strict=True):
        assert_same_steps(one, other)


def test_program_that_takes_another_branch_is_not_replayed(monkeypatch: pytest.MonkeyPatch) -> None:
    def model(x, w, b):
        return np.sin(x * w) + b if w.item() > 0.51 else x * w + b

    fast, slow, _ = steps_of(line(model=model), monkeypatch)
    assert len({len(step.nodes) for step in fast}) == 2
    for one, other in zip(fast, slow, strict=True):
        assert_same_steps(one, other)


@pytest.mark.parametrize(
    ("first", "then"),
    [(2, 2.0), (1, True), (0.0, -0.0), (2, 3), (np.float32(2), np.float64(2)), (np.ones(3), np.ones(1))],
    ids=str,
)
def test_constants_that_compare_equal_are_told_apart(first: Any, then: Any) -> None:
    def recorded(number: Any) -> tuple[Recorder, Tensor]:
        recorder = Recorder()
        x = recorder.leaf("parameter", "x", np.array([1.0, 2.0, 3.0], dtype=np.float32))
        recorder.enter(Phase.FORWARD)
        return recorder, np.sum(x * number)

    recorder, loss = recorded(first)
    start = len(recorder.entries)
    recorder.backward(loss)
    plan = backward_plan(recorder.entries, start, loss.id, recorder.marks)
    assert plan is not None
    for number, accepts_shapes in ((first, True), (then, False)):
        again, other = recorded(number)
        assert (plan.match(again.entries, other.id, again.marks) is not Match.NONE) is accepts_shapes


def test_operation_with_other_parameters_is_not_replayed() -> None:
    def recorded(axis: Any) -> tuple[Recorder, Tensor]:
        recorder = Recorder()
        x = recorder.leaf("parameter", "x", np.ones((2, 2)))
        return recorder, np.sum(np.sum(x, axis=axis))

    recorder, loss = recorded(0)
    start = len(recorder.entries)
    recorder.backward(loss)
    plan = backward_plan(recorder.entries, start, loss.id, recorder.marks)
    assert plan is not None
    for axis in (0, 1):
        again, other = recorded(axis)
        assert (plan.match(again.entries, other.id, again.marks) is not Match.NONE) is (axis == 0)


def assert_replay_matches_recording(function: Callable[..., Any], first: list[np.ndarray], then: list[np.ndarray]) -> bool:
    """Assert that a replay equals a new recording; return whether the replay was possible."""

    def recorded(arrays: list[np.ndarray]) -> tuple[Recorder, Tensor]:
        recorder = Recorder()
        arguments = [recorder.leaf("parameter" if x.dtype.kind == "f" else "data", f"x{n}", x) for n, x in enumerate(arrays)]
        recorder.enter(Phase.FORWARD)
        result = function(*arguments)
        return recorder, result if result.shape == () else np.sum(result)

    with np.errstate(all="ignore"):
        recorder, loss = recorded(first)
        start = len(recorder.entries)
        recorder.backward(loss)
        plan = backward_plan(recorder.entries, start, loss.id, recorder.marks)
        again, other = recorded(then)
        expected, twin = recorded(then)
        expected.backward(twin)
        if plan is None or plan.match(again.entries, other.id, again.marks) is Match.NONE:
            return False
        again.replay(plan)
    one, two = again.finish(0, other), expected.finish(0, twin)
    assert_same_steps(
        replace(one, nodes=tuple(map(without_source, one.nodes))), replace(two, nodes=tuple(map(without_source, two.nodes)))
    )
    return True


def without_source(node: Node) -> Node:
    """The node without its source line, which differs between two calls in a test."""
    return replace(node, source=None, scope="")


@given(programs(), st.integers(0, 2**20))
def test_random_programs_are_replayed(program: Program, seed: int) -> None:
    first = [np.asarray(each) for each in program.arguments]
    rng = np.random.default_rng(seed)
    then = [rng.choice([-1.5, 0.0, 0.5, 2.0, 1e300, np.nan], each.shape).astype(each.dtype) for each in first]
    with np.errstate(all="ignore"):
        try:
            program.function()(*then)
        except (ValueError, IndexError):
            reject()  # a mask selects another number of elements, which fit no longer, or none
    assert_replay_matches_recording(program.function(), first, then)


@pytest.mark.parametrize("name", sorted(CASES))
@given(st.data())
@settings(max_examples=PER_OPERATION // 2)
def test_rules_do_not_depend_on_values(name: str, data: st.DataObject) -> None:
    """Every rule records the same operations for other values, including ties, zeros, infinities and NaN."""
    case = data.draw(calls(name))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**20)))
    other = [_others(each, name, rng) if each.dtype.kind == "f" else each for each in case.arrays]
    replayed = assert_replay_matches_recording(case.function, list(case.arrays), other)
    with np.errstate(all="ignore"):
        shapes = [np.shape(case.function(*(each.copy() for each in arrays))) for arrays in (case.arrays, other)]
        are_real = [np.isrealobj(np.real_if_close(arrays[0] * 1j)) for arrays in (case.arrays, other)]
    # A condition on the values selects another number of elements, or tells real from complex numbers, as the rule of eig does.
    depends = (name == "extract" and shapes[0] != shapes[1]) or (name == "real_if_close" and are_real[0] != are_real[1])
    assert replayed or depends or name == "eig"


def _others(array: np.ndarray, name: str, rng: np.random.Generator) -> np.ndarray:
    """Other numbers; for decompositions, which do not exist for all matrices, nearby ones."""
    if name in linalg_matrices.OWN_NUMBERS | {"norm", "matrix_norm"}:
        return array * 1.01 + 0.001
    return rng.choice([-1.5, 0.0, 0.5, 2.0, 2.0, np.inf, np.nan], array.shape).astype(array.dtype)


def test_operations_without_a_case_have_no_rule() -> None:
    for op in registry:
        assert op.name in CASES or not any(op.rules) or not op.rules_see_only_shapes


def test_user_defined_rule_is_called_in_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    class Steep(Elementwise):
        """An operation whose rule depends on the values."""

        formula = "steep({x})"

        @staticmethod
        def value(x):
            return x * 2

        @staticmethod
        def gradient_x(g, out, x):
            return g * 2 if x.value.max() < 1 else g * 2 + 0 * g

    def model(x, w, b):
        return Steep.apply(x * w) + b

    assert not Steep.rules_see_only_shapes
    assert steps_of(line(model=model), monkeypatch)[2] == 0
    Steep.rules_see_only_shapes = True
    assert steps_of(line(model=model), monkeypatch)[2] == 3


def test_schedule_is_called_in_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    def rate(t):
        return 0.001 / t if t.item() > 2 else 0.001

    fast, slow, repeated = steps_of(line(optimizer=tracer.SGD(learning_rate=rate)), monkeypatch)
    assert repeated == 0
    for one, other in zip(fast, slow, strict=True):
        assert_same_steps(one, other)


def test_tensor_kept_after_its_step_has_its_gradient() -> None:
    kept: list[Tensor] = []

    def model(x, w, b):
        kept.append(w)
        return x * w + b

    steps = list(Training(line(model=model)))
    for tensor, step in zip(kept, steps, strict=True):
        _ = tensor * 2  # recorded after the step was finished, which must not change it
        assert tensor.grad is not None
        np.testing.assert_array_equal(tensor.grad.value, step.gradient("w"))
        assert not tensor.grad.value.flags.writeable


# Nodes are created lazily.


def test_sources_are_from_the_program_that_ran(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("def model(x):\n    doubled = x * 2\n    return doubled.sum()\n")
    names: dict[str, Any] = {}
    exec(compile(path.read_text(), str(path), "exec"), names)
    step = tracer.trace(names["model"], [1.0, 2.0])
    path.write_text("# another program\n\n\ndef other():\n    pass\n")
    import linecache

    linecache.checkcache(str(path))
    assert [(node.name, str(node.source), node.source.text) for node in step.nodes[1:3] if node.source] == [
        ("doubled", "mine.py:2", "x * 2"),
        ("loss", "mine.py:3", "doubled.sum()"),
    ]


def scaled(x, w):
    product = x * w
    return product


def by_name(x, w, b):
    if w.item() > 0.51:
        one = x * w
        return one + b
    other = x * w
    return other + b


def by_calls(x, w, b):
    if w.item() > 0.51:
        return scaled(scaled(x, w), w) + b
    return scaled(x, w) * w + b


def by_call_site(x, w, b):
    if w.item() > 0.51:
        one = scaled(x, w)
        chosen = one
    else:
        other = scaled(x, w)
        chosen = other
    return chosen + b


def times(x, w, count):
    for _ in range(count):
        x = x * w
    return x


def by_rounds(x, w, b):
    for count in (1, 1, 2) if w.item() > 0.51 else (2, 1, 1):
        x = times(x, w, count)
    return x + b


def by_splitting(x, w, b):
    for count in (1, 1) if w.item() > 0.51 else (2,):
        x = times(x, w, count)
    return x + b


def by_joining(x, w, b):
    for count in (2,) if w.item() > 0.51 else (1, 1):
        x = times(x, w, count)
    return x + b


def by_constant(x, w, b):
    return x * w + b * np.array([1.0 if w.item() > 0.51 else 2.0])


def by_large_constant(x, w, b):
    return x * w + np.sum(b * np.full(200, 1.0 if w.item() > 0.51 else 2.0))


@pytest.mark.parametrize("name", ["fruit", "mnist"])
def test_steps_share_their_structure_after_the_interpreter_has_specialized_the_code(name: str) -> None:
    steps = list(Training(tracer.load(name), steps=20))
    structures = [shared_structure(step) for step in steps]
    assert None not in structures
    assert len({id(each) for each in structures[10:]}) <= 2  # one for each size of batch


@pytest.mark.parametrize(
    "model",
    [by_name, by_calls, by_call_site, by_rounds, by_splitting, by_joining, by_constant, by_large_constant],
)
def test_replayed_step_has_its_own_names_and_sources(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operations are equal, but their source lines, scopes and constants in formulas differ between steps."""
    scenario = line(model=model, parameters={"w": 0.5, "b": 0.1}, optimizer=tracer.SGD(learning_rate=1e-5), steps=16)
    fast, slow, _ = steps_of(scenario, monkeypatch)
    assert min(step.nodes[2].value.item() for step in fast) <= 0.51 < max(step.nodes[2].value.item() for step in fast)
    for one, other in zip(fast, slow, strict=True):
        assert_same_steps(one, other)
    for one, other in zip(reversed(fast), reversed(slow), strict=True):
        assert_same_steps(one, other)


def test_step_can_be_pickled() -> None:
    steps = list(Training(tracer.load("fruit"), steps=2))
    for step in steps:
        again = pickle.loads(pickle.dumps(step.nodes))
        assert [node.name for node in again] == [node.name for node in step.nodes]
        assert [node.value.tobytes() for node in again] == [node.value.tobytes() for node in step.nodes]


def test_nodes_behave_as_a_sequence() -> None:
    step = list(Training(tracer.load("fruit"), steps=2))[1]
    count = len(step.nodes)  # before any node is created
    nodes = tuple(step.nodes)
    assert len(nodes) == len(step.nodes) == count
    assert step.nodes[-1] is nodes[-1]
    assert step.nodes[2:5] == nodes[2:5]
    assert list(reversed(step.nodes)) == list(reversed(nodes))
    validate(tracer.Trace("t", "", 0, "float64", {}, {}, (step,)))


def test_values_accessed_before_nodes_are_created_are_read_only() -> None:
    training = Training(line())
    for _ in training:
        assert not any(value.flags.writeable for value in training.parameters.values())


def affine(x: Any, v: float, f: float, ndarray: float) -> Any:
    return (x * v + f) / ndarray


def test_compiled_instructions_give_what_one_by_one_gives() -> None:
    given = Instructions(
        (2, 0.5),
        (
            Instruction(None, (), {}, np.array(3.0)),
            Instruction(affine, (2,), {"v": 3.0, "f": 1.0, "ndarray": 7.0}, None),
            Instruction(np.multiply, (4, 1), {}, None),
            Instruction(np.add, (3, 3), {}, None),
            Instruction(np.multiply, (0, 1), {}, None),
        ),
    )
    x = np.arange(4.0)
    found = [given.results([x]) for _ in range(instructions.COMPILED_AFTER + 2)]
    expected = [np.array(3.0), (x * 3 + 1) / 7, (x * 3 + 1) / 7 * 0.5, np.array(6.0), 1.0]
    assert given._compiled is not None
    for results in found:
        assert [type(each) for each in results] == [np.ndarray] * 4 + [float]
        assert all(np.array_equal(one, other) for one, other in zip(results, expected, strict=True))


def test_many_instructions_are_not_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instructions, "COMPILED_AFTER", 1)
    given = Instructions((), (Instruction(np.negative, (0,), {}, None),) * (instructions.MAX_COMPILED + 1))
    for _ in range(2):
        given.results([np.ones(1)])
    assert given._compiled is None
