"""The steps of programs as they stand: what is found in them, and what is recorded of it."""

from __future__ import annotations

import contextlib
import io
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import tracer
from support.programs import MOMENTUM, REGRESSION, SCALARS, WRONG, trace_of_program, traced
from tracer.analysis.blame import culprit_of_step
from tracer.analysis.diff import first_difference
from tracer.analysis.verify import verify
from tracer.graph.missing import ADDED
from tracer.graph.own_gradients import agreement, agreement_in
from tracer.graph.record import LEAVES, Node, Phase, Trace
from tracer.graph.validation import validate
from tracer.views.text.detail import history
from tracer.views.text.log import log_text

CORPUS = Path(__file__).parent / "programs" / "backprop"
PROGRAMS = sorted(path.name for path in CORPUS.glob("*.py"))
WITHOUT_TRAINING = {
    "ok-kmeans-no-gradients.py",
    "ok-micrograd-scalars.py",
    "ok-perceptron-rule.py",
    "ok-policy-gradient-reinforce.py",
}
"""Programs of which nothing is found: their losses depend on no value that is updated, as far as that is on record."""

LAYOUTS = {"ok-files-and-threads-around-training.py"}
"""Programs that multiply arrays with gaps in memory: the last digits of products depend on them."""


@pytest.fixture(autouse=True)
def _silent(capsys: pytest.CaptureFixture[str]) -> None:
    """What programs print is not shown."""


def named(trace: Trace, name: str, step: int = 0) -> np.ndarray:
    return trace.steps[step].node(name).value


def test_loss_parameters_and_steps_are_found(tmp_path: Path) -> None:
    trace = traced(tmp_path, REGRESSION)
    assert (len(trace.steps), trace.scenario, trace.title) == (4, "train", "A line through points.")
    assert [node.name for node in trace.steps[0].parameters] == ["W"]
    assert trace.hyperparameters == {"steps": 4, "loss": "loss"}
    kinds = {node.name: node.op for node in trace.steps[0].nodes if node.is_leaf and node.phase is Phase.INIT}
    assert kinds == {"W": "parameter", "X": "data", "y": "data", "lr": "hyperparameter"}


def test_nodes_are_in_phases(tmp_path: Path) -> None:
    step = traced(tmp_path, REGRESSION).steps[1]
    phases = {node.name: node.phase for node in step.nodes if node.name}
    assert (phases["pred"], phases["loss"]) == (Phase.FORWARD, Phase.LOSS)
    assert (phases["dW"], phases["dL/dW"], phases["W#2"]) == (Phase.BACKWARD, Phase.BACKWARD, Phase.UPDATE)
    assert step.node("dW").source is not None
    assert step.node("dW").source.line == 11  # type: ignore[union-attr]


def test_own_gradients_are_beside_the_true_ones(tmp_path: Path) -> None:
    step = traced(tmp_path, REGRESSION).steps[0]
    (of,) = step.own_gradients
    assert (step.nodes[of].name, step.nodes[step.own_gradients[of]].name) == ("W", "dW")
    found = agreement_in(step, of)
    assert found is not None
    assert found.is_same
    assert "the program's dW agrees" in log_text(traced(tmp_path, REGRESSION))


def test_wrong_gradient_is_shown_as_such(tmp_path: Path) -> None:
    trace = traced(tmp_path, WRONG)
    step = trace.steps[0]
    found = {step.nodes[of].name: agreement_in(step, of) for of in step.own_gradients}
    assert found["W2"] is not None
    assert found["W2"].is_same
    assert found["W1"] is not None
    assert found["W1"].factor is None
    text = log_text(trace)
    assert "not dL/dW1" in text
    assert "the program's dW1 differs" in text


def test_parameters_may_start_as_whole_numbers(tmp_path: Path) -> None:
    trace = traced(tmp_path, SCALARS)
    assert [(node.name, node.dtype, float(node.value)) for node in trace.steps[0].parameters] == [
        ("w", "float64", 0.0),
        ("b", "float64", 0.0),
    ]
    assert len(trace.steps) == 6
    for before, after in zip(trace.steps, trace.steps[1:]):
        assert before.updated("w") == named(trace, "w", after.index)
    assert trace.steps[2].gradient("w") == pytest.approx(named(trace, "dw", 2))
    verification = verify(trace)
    assert (verification.exact, verification.deviations) == (verification.operations, [])


def test_state_of_an_update_is_told_from_data(tmp_path: Path) -> None:
    trace = traced(tmp_path, MOMENTUM)
    for step in trace.steps:
        kinds = {node.name: node.op for node in step.nodes if node.is_leaf and node.phase is Phase.INIT}
        assert (kinds["v"], kinds["theta"], kinds["X"], kinds["t"]) == ("state", "parameter", "data", "data")
    step = trace.steps[3]
    assert {step.node(name).phase for name in ("v#2", "theta#2")} == {Phase.UPDATE}
    assert step.node("gradient").phase is Phase.BACKWARD


def test_loss_that_is_computed_now_and_then_is_computed_for_every_step(tmp_path: Path) -> None:
    trace = traced(tmp_path, MOMENTUM)
    assert len(trace.steps) == 6
    X, t = named(trace, "X"), named(trace, "t")
    for step in trace.steps:
        theta = named(trace, "theta", step.index)
        assert step.loss == pytest.approx(np.sum((X @ theta - t) ** 2) / 6)
        assert step.gradient("theta") == pytest.approx(2 * X.T @ (X @ theta - t) / 6)
    assert [ADDED in step.marks.values() for step in trace.steps] == [False, True, True, False, True, True]
    assert "not computed by the program in this step" in log_text(trace)


def test_trace_is_stored_with_what_is_new(tmp_path: Path) -> None:
    trace = traced(tmp_path, MOMENTUM)
    tracer.save(trace, tmp_path / "a.sqlite")
    stored = tracer.open(tmp_path / "a.sqlite")
    assert [step.own_gradients for step in stored.steps] == [step.own_gradients for step in trace.steps]
    assert [step.marks for step in stored.steps] == [step.marks for step in trace.steps]
    assert first_difference(trace, stored) is None
    validate(stored)
    assert verify(stored).passed
    with contextlib.closing(sqlite3.connect(tmp_path / "a.sqlite")) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (2002,)


def test_file_of_a_newer_reader_is_refused(tmp_path: Path) -> None:
    tracer.save(traced(tmp_path, REGRESSION), tmp_path / "a.sqlite")
    with contextlib.closing(sqlite3.connect(tmp_path / "a.sqlite")) as connection:
        connection.execute("PRAGMA user_version = 5000")
    with pytest.raises(tracer.TraceFileError, match=r"needs reader 5, this is 4"):
        tracer.open(tmp_path / "a.sqlite")


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.numbers
def test_steps_of_programs_are_valid_and_exact(name: str) -> None:
    with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
        if name in WITHOUT_TRAINING:
            with pytest.raises(AssertionError):
                trace_of_program(CORPUS / name, limit=2000)
            return
        trace = trace_of_program(CORPUS / name, limit=2000)
    validate(trace)
    verification = verify(trace)
    if name in LAYOUTS:
        assert max((each.ulps for each in verification.deviations), default=0.0) < 1
    else:
        assert (verification.deviations, verification.exact) == ([], verification.operations)
    for step in trace.steps:
        assert {node.op for node in step.nodes if node.phase is Phase.INIT} <= set(LEAVES)
        assert step.updates
        for of in step.updates:
            assert step.nodes[of].op == "parameter"


@pytest.mark.parametrize("name", [name for name in PROGRAMS if name.startswith("ok-")][::4])
def test_views_take_steps_of_programs(name: str) -> None:
    if name in WITHOUT_TRAINING:
        pytest.skip("nothing is found in it")
    with contextlib.redirect_stdout(io.StringIO()):
        trace = trace_of_program(CORPUS / name, limit=2000)
    assert log_text(trace).count("\n== step ") == len(trace.steps)
    assert all(culprit_of_step(step) is None for step in trace.steps)


def test_elements_that_are_updated_one_by_one_are_one_update(tmp_path: Path) -> None:
    old, new = "    W -= lr * dW\n", "    for j in range(2):\n        W[j] -= lr * dW[j]\n"
    assert old in REGRESSION
    whole, single = traced(tmp_path, REGRESSION), traced(tmp_path, REGRESSION.replace(old, new))
    assert [step.loss for step in single.steps] == [step.loss for step in whole.steps]
    for step, other in zip(single.steps, whole.steps, strict=True):
        assert np.array_equal(step.updated("W"), other.updated("W"))
        W = step.node("W")
        assert step.nodes[step.own_gradients[W.id]].name == "dW"
        assert agreement_in(step, W.id) == agreement_in(other, other.node("W").id)


def test_change_with_the_learning_rate_in_it_is_not_called_a_gradient(tmp_path: Path) -> None:
    text = REGRESSION.replace(
        "    dW = 2 / 8 * X.T @ (pred - y)\n    W -= lr * dW\n", "    W -= (lr * 2 / 8 * X.T) @ (pred - y)\n"
    )
    assert text != REGRESSION
    lines = log_text(traced(tmp_path, text)).splitlines()
    assert any("subtracted from W, = 0.1 * dL/dW (" in line for line in lines)
    assert any(", subtracted from W, is 0.1 times this" in line for line in lines)
    added = text.replace("W -= (lr", "W += (-lr")
    lines = log_text(traced(tmp_path, added)).splitlines()
    assert any("added to W, = -0.1 * dL/dW (" in line for line in lines)


def test_factor_of_a_gradient_is_told() -> None:
    true = np.array([1.0, -2.0, 4.0])
    assert agreement(3 * true, true).factor == 3.0
    assert agreement(true + 1e-9, true).is_same
    assert agreement(true[::-1].copy(), true).factor is None
    assert agreement(np.array(2.0), np.array(1.0)).factor is None, "one number is a multiple of every other one"


INDEXED = """\
import numpy as np
rng = np.random.RandomState(0)
X, y = rng.randn(6, 4), np.array([0, 1, 2, 0, 1, 2])
W = rng.randn(4, 3)
shown = rng.randn(3)

def loss_of(W, X, y):
    scores = X @ W + np.array([1.0, 2.0, 3.0]) - np.sqrt(2)
    scores[0, :] = shown
    n = len(y)
    correct = scores[np.arange(n), y][:, None]
    total = np.zeros(3)
    np.add.at(total, y, scores[:, 0])
    margins = np.maximum(0, scores - correct + 1)
    margins[np.arange(n), y] = 0
    return np.sum(margins) + np.sum(total) + np.sum(np.eye(3)[y]), margins

for step in range(4):
    loss, margins = loss_of(W, X, y)
    W -= 0.1 * X.T @ margins
"""


def test_arrays_of_an_index_have_the_name_of_their_variable_or_their_expression(tmp_path: Path) -> None:
    step = traced(tmp_path, INDEXED).steps[1]
    leaves = {node.name for node in step.nodes if node.is_leaf and node.phase is Phase.INIT and node.op == "data"}
    made = {"np.arange(n)", "np.array([1.0, 2.0, 3.0])", "np.sqrt(2)", "np.eye(3)"}
    assert leaves == {"X", "y", "shown", "total"} | made
    assert step.node("y").value.tolist() == [0, 1, 2, 0, 1, 2]
    assert step.node("np.arange(n)").value.tolist() == [0, 1, 2, 3, 4, 5]
    assert "margins[np.arange(n), y]" in log_text(traced(tmp_path, INDEXED))


def test_leaves_have_the_same_numbers_in_every_step(tmp_path: Path) -> None:
    """In the first step some of them enter the tape, which are there before all others later."""
    first, *later = traced(tmp_path, INDEXED).steps
    for step in later:
        assert [(node.name, node.op, node.shape) for node in step.nodes] == [
            (node.name, node.op, node.shape) for node in first.nodes
        ]


def test_value_without_a_name_is_followed_over_the_steps_only_where_it_is_the_same_one(tmp_path: Path) -> None:
    step = traced(tmp_path, INDEXED).steps[0]
    unnamed = [replace(node, name="") if node.name in ("y", "np.arange(n)") else node for node in step.nodes]
    one, other = (node for node in unnamed if node.is_leaf and not node.name and node.op == "data")
    swapped = {one.id: other.id, other.id: one.id}

    def exchanged(node: Node) -> Node:
        inputs = tuple(swapped.get(each, each) if isinstance(each, int) else each for each in node.inputs)
        return replace(node, id=swapped.get(node.id, node.id), inputs=inputs)

    second = replace(step, index=1, nodes=tuple(sorted(map(exchanged, unnamed), key=lambda node: node.id)))
    third = replace(step, index=2, nodes=tuple(unnamed))
    trace = replace(traced(tmp_path, INDEXED), steps=(replace(step, nodes=tuple(unnamed)), second, third))
    assert history(trace, trace.steps[0], one, "#2")[0] == [0, 2]
