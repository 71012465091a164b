"""Writing in place: what is recorded, what aliases and views see, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tracer
from tracer.errors import RecordingError
from tracer.graph.record import Phase
from tracer.recording.recorder import Recorder
from tracer.testing import assert_gradients


def relu_by_mask(x: Any) -> Any:
    y = x.copy()
    y[y < 0] = 0
    return np.sum(y * y)


def hinge(scores: Any) -> Any:
    margins = scores - scores[range(2), [0, 1]][:, None] + 1
    margins[range(2), [0, 1]] = 0
    return np.sum(np.maximum(margins, 0))


def sum_of_rows(x: Any) -> Any:
    total = np.zeros(2)
    for row in x:
        total += row
    return np.sum(total**2)


def buffer(x: Any) -> Any:
    states = np.zeros_like(x)
    for t in range(1, len(x)):
        states[t] = np.tanh(x[t] + states[t - 1])
    return np.sum(states * states)


def accumulated_matrix(x: Any) -> Any:
    products = np.zeros((2, 2, 2), like=x) if not isinstance(x, np.ndarray) else np.zeros((2, 2, 2))
    for i in range(2):
        products[i] += np.outer(x[i], x[1 - i])
    return np.sum(products**3)


@pytest.mark.parametrize("function", [relu_by_mask, hinge, sum_of_rows, buffer, accumulated_matrix])
def test_programs_that_write_in_place(function: Callable[..., Any]) -> None:
    assert_gradients(function, np.array([[0.3, -1.2], [0.8, 2.1]]), second_order=True)


def test_source_of_a_write_is_the_whole_assignment() -> None:
    def program(x: Any) -> Any:
        y = x * 2
        y[0] = x[1]
        y[1:] += x[0]
        y[[0, 1]] *= 3
        y[0], y[1] = x[1], x[0]
        y[0] = y[1] = np.sum(x)
        np.copyto(y, x)
        return np.sum(y * x)

    nodes = tracer.trace(program, np.array([1.0, 2.0])).nodes
    written = [node.source.text for node in nodes if node.op.startswith("write") and node.source and node.phase is Phase.FORWARD]
    assert written == [
        "y[0] = x[1]",
        "y[1:] += x[0]",
        "y[[0, 1]] *= 3",
        *["y[0], y[1] = x[1], x[0]"] * 2,
        *["y[0] = y[1] = np.sum(x)"] * 2,
        "np.copyto(y, x)",
    ]
    lines = [node.source.line for node in nodes if node.op == "sum" and node.source and node.phase is Phase.FORWARD]
    assert lines[0] == program.__code__.co_firstlineno + 6  # the operand keeps the place of its own expression


def test_versions_have_the_name_of_the_array() -> None:
    def program(x: Any) -> Any:
        y = x * 2
        y[0] = 7
        y += x
        y.T[1] *= 3
        return np.sum(y)

    step = tracer.trace(program, np.ones((2, 2)))
    assert [node.name for node in step.nodes if node.name.startswith("y")] == ["y", "y#2", "y#3", "y#4"]
    assert step.node("y#2").formula == "write({0}[0], {1})"
    assert step.node("y#2").inputs[0] == step.node("y").id
    assert step.node("y#4").value.tolist() == [[8, 24], [3, 9]]


def test_places_are_those_of_the_statements() -> None:
    def program(x: Any) -> Any:
        y = x * 2
        y[0] = 7
        return np.sum(y)

    source = tracer.trace(program, np.ones((2, 2))).node("y#2").source
    assert source is not None
    assert source.line == program.__code__.co_firstlineno + 2


def test_an_alias_sees_what_is_written() -> None:
    def program(x: Any) -> Any:
        y = x * 1.0
        alias, view, copy = y, y[1:], y.copy()
        y[1] = 5.0
        assert alias[1].item() == view[0].item() == 5.0
        assert copy[1].item() == 2.0
        view[0] = 6.0
        assert y[1].item() == alias.value[1] == 6.0
        return np.sum(y)

    assert tracer.trace(program, [1.0, 2.0, 3.0]).loss == 10.0


def test_reading_a_value_records_nothing() -> None:
    recorder = Recorder()
    x = recorder.leaf("parameter", "x", np.ones((2, 2)))
    recorder.enter(Phase.FORWARD)
    y = x * 1.0
    row = y[0]
    y += 1
    count = len(recorder.entries)
    assert row.value.tolist() == [2.0, 2.0]
    assert len(recorder.entries) == count
    assert y.tolist() == [[2.0, 2.0], [2.0, 2.0]]


def test_rules_see_the_values_of_their_operation() -> None:
    def program(x: Any) -> Any:
        y = x * 1.0
        z = y * y
        y[...] = 100.0  # after its value was used
        return np.sum(z) + np.sum(y)

    np.testing.assert_array_equal(tracer.trace(program, [1.0, 2.0]).gradient("x"), [2.0, 4.0])


def test_methods_that_change_an_array() -> None:
    def program(x: Any) -> Any:
        y = x * 1.0
        y[1:].fill(0.5)
        y.put([0], [x[0] * 4])
        return np.sum(y)

    step = tracer.trace(program, [3.0, 1.0, 2.0])
    assert step.loss == 13.0
    np.testing.assert_array_equal(step.gradient("x"), [4.0, 0.0, 0.0])


def test_a_parameter_written_after_backward_is_updated() -> None:
    recorder = Recorder()
    w = recorder.leaf("parameter", "w", np.array([1.0, 2.0]))
    recorder.enter(Phase.FORWARD)
    loss = np.sum(w * w)
    loss.backward()
    w -= 0.1 * w.grad
    assert w.tolist() == [0.8, 1.6]
    np.testing.assert_array_equal(w.grad.value, [2.0, 4.0])
    step = recorder.finish(0, loss)
    np.testing.assert_array_equal(step.updated("w"), [0.8, 1.6])
    assert step.nodes[step.updates[0]].phase is Phase.UPDATE


def leaf(kind: str) -> Any:
    recorder = Recorder()
    tensor = recorder.leaf(kind, "x", np.ones((2, 3)))
    recorder.enter(Phase.FORWARD)
    return tensor


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: leaf("data").__setitem__(0, 1), r"x is data, .*x = x\.copy\(\)"),
        (lambda: leaf("data").T.__setitem__(0, 1), r"x is data, .*x = x\.copy\(\)"),
        (lambda: leaf("parameter").__iadd__(1), r"x is a parameter, .*x = x\.copy\(\)"),
        (lambda: np.broadcast_to(leaf("data"), (2, 2, 3)).__iadd__(1), r"the result of broadcast_to is read-only"),
        (lambda: np.add(leaf("data"), 1, out=np.zeros((2, 3))), r"out= is a plain array.*np\.empty\(shape, like=x\)"),
        (lambda: np.copyto(np.zeros((2, 3)), leaf("data")), r"np\.copyto writes into a plain array"),
    ],
)
def test_what_cannot_be_written_into_is_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(RecordingError, match=message):
        call()


def test_a_plain_array_with_another_name_is_refused() -> None:
    def program(x: Any) -> Any:
        total = np.zeros(2)
        alias = total
        total += x
        return np.sum(alias)

    with pytest.raises(RecordingError, match=r"has another name .*np\.zeros\(shape, like=x\)"):
        tracer.trace(program, np.ones(2))


PLAIN_ARRAYS = {
    "a local variable": "def run(x):\n    a = np.zeros(2); {alias}a += x\n    return a\n",
    "one on a line of its own": "def run(x):\n    a = np.zeros(2)\n    {alias}\n    a += (x\n        * 2)\n    return a\n",
    "a global variable": "def run(x):\n    global a\n    a = np.zeros(2)\n    {alias}\n    a += x\n    return a\n",
    "one of an outer function": (
        "def run(x):\n    a = np.zeros(2)\n    {alias}\n"
        "    def add():\n        nonlocal a\n        a += x\n    add()\n    return a\n"
    ),
    "an attribute": (
        "def run(x):\n    o = Held()\n    o.a = a = np.zeros(2)\n    {alias}\n    del a\n    o.a += x\n    return o.a\n"
    ),
    "an entry": "def run(x):\n    o = [np.zeros(2)]\n    a = o[0]\n    {alias}\n    del a\n    o[0] += x\n    return o[0]\n",
    "one of a loop": "def run(x):\n    for a in map(np.zeros, [2]):\n        {alias}\n        a += x\n    return a\n",
}
"""Functions that add to a plain array in place, by where it is kept; `alias` may give it a second name."""


@pytest.mark.parametrize("where", PLAIN_ARRAYS)
def test_a_plain_array_becomes_a_tensor_if_nothing_else_refers_to_it(where: str) -> None:
    """Counted from references, of which each version of Python has others."""
    for alias, refused in (("", False), ("other = a;", True)):
        space: dict[str, Any] = {"np": np, "Held": type("Held", (), {})}
        exec(PLAIN_ARRAYS[where].format(alias=alias or "pass;"), space)
        if refused:
            with pytest.raises(RecordingError, match="another name"):
                tracer.trace(lambda x, run=space["run"]: np.sum(run(x)), np.ones(2))
        else:
            assert tracer.trace(lambda x, run=space["run"]: np.sum(run(x)), np.ones(2)).gradient("x") is not None


def test_without_positions_a_second_name_is_refused_too() -> None:
    """`python -X no_debug_ranges`: the instructions tell nothing."""
    code = (
        "import numpy as np, tracer\n"
        "def run(x):\n    a = np.zeros(2)\n    {alias}\n    a += x\n    return np.sum(a)\n"
        "print(tracer.trace(run, np.ones(2)).gradient('x'))\n"
    )
    for alias, expected in (("pass", "[1. 1.]"), ("other = a", "another name")):
        command = [sys.executable, "-X", "no_debug_ranges", "-c", code.format(alias=alias)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert expected in done.stdout + done.stderr


def test_results_that_do_not_fit_are_refused_as_in_numpy() -> None:
    y = leaf("data") * 1.0
    with pytest.raises(ValueError, match=r"non-broadcastable output operand with shape \(2, 3\)"):
        y += np.ones((4, 2, 3))
    count = np.zeros((2, 3), dtype=int, like=y)
    with pytest.raises(TypeError, match="cannot write float64 into an array of int64"):
        count += y
    with pytest.raises(ValueError, match="could not broadcast"):
        y[0] = [1.0, 2.0]


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda y: y.fill([1.0, 2.0]), "setting an array element with a sequence"),
        (lambda y: y.sort(3), "axis 3 is out of bounds"),
        (lambda y: np.put(y, [7], 1.0), "index 7 is out of bounds"),
        (lambda y: np.place(y, np.ones((2, 4), bool), [1.0]), "mask and data must be the same size"),
        (lambda y: np.place(y, np.ones((2, 3), bool), []), "Cannot insert from an empty array"),
        (lambda y: np.fill_diagonal(y[0], 1.0), "array must be at least 2-d"),
        (lambda y: np.fill_diagonal(np.stack([y, y]), 1.0), "All dimensions of input must be of equal length"),
        (lambda y: np.copyto(y[0], np.ones((2, 3))), "could not broadcast"),
        (lambda y: np.copyto(y, 1j * np.ones((2, 3))), "Cannot cast"),
        (lambda y: np.copyto(y, np.ones(3, np.float32), casting="no"), "Cannot cast"),
        (lambda y: np.copyto(y[0], np.ones(3) * 1j, where=[True, False, True]), "Cannot cast"),
        (lambda y: np.put(y, [0], [1j]), "not 'complex'|complex numbers"),
        (lambda y: np.putmask(y, y > 0, 1j * np.ones((2, 3))), "Cannot cast|complex numbers"),
        (lambda y: np.place(y, y > 0, [1j]), "not 'complex'|complex numbers"),
        (lambda y: np.put_along_axis(y, np.array([[0]]), 1.0, None), "must have a single dimension"),
    ],
)
def test_wrong_calls_raise_numpys_errors(write: Callable[[Any], None], message: str) -> None:
    for array in (np.ones((2, 3)), leaf("data") * 1.0):
        with pytest.raises((IndexError, TypeError, ValueError), match=message):
            write(array)


@pytest.mark.parametrize(
    "write",
    [
        lambda y: np.place(y, y > 9, [1.0]),
        lambda y: np.place(y, y > 9, []),
        lambda y: np.put(y, [], 1.0),
        lambda y: np.put(y, [0], []),
        lambda y: np.fill_diagonal(y[:0], 1.0),
    ],
)
def test_writing_nothing_changes_nothing(write: Callable[[Any], None]) -> None:
    y = leaf("data") * 2.0
    write(y)
    assert y.tolist() == [[2.0] * 3] * 2


def test_an_array_is_not_resized_in_place() -> None:
    with pytest.raises(AttributeError, match=r"x\.resize\(\) is not recorded: write x = x\.reshape\(shape\)"):
        leaf("data").copy().resize((3, 2))


def test_arrays_created_like_a_tensor_are_recorded() -> None:
    def program(x: Any) -> Any:
        rotation = np.array([[np.cos(x[0]), -np.sin(x[0])], [np.sin(x[0]), np.cos(x[0])]], like=x)
        steps = np.arange(2.0, like=x)
        return np.sum(rotation @ x[1:3]) + np.sum(np.full((2,), x[0], like=x) * steps)

    x = np.array([0.3, 1.0, 2.0])
    step = tracer.trace(program, x)
    sine, cosine = np.sin(0.3), np.cos(0.3)
    np.testing.assert_allclose(step.loss, cosine - 2 * sine + sine + 2 * cosine + 0.3)
    np.testing.assert_allclose(step.gradient("x")[1:], [cosine + sine, cosine - sine])


def test_a_rule_cannot_write_in_place() -> None:
    class Careless(tracer.Op):
        """An operation whose rule writes into the cotangent."""

        formula = "careless({x})"

        @staticmethod
        def value(x):
            return x * 1.0

        @staticmethod
        def gradient_x(g, out, x):
            g[0] = 0
            return g

    with pytest.raises(RecordingError, match="a derivative rule cannot write into an array"):
        tracer.trace(lambda x: np.sum(Careless.apply(x)), [1.0, 2.0])
