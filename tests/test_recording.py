"""Recording: nodes, names, scopes, sources and phases, and what cannot be recorded."""

from __future__ import annotations

import gc
import linecache
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tracer
from tracer.graph.record import Phase
from tracer.nn.layers import dense, relu, softmax
from tracer.nn.losses import cross_entropy
from tracer.recording.autodiff import gradients
from tracer.recording.recorder import Recorder
from tracer.recording.source import PACKAGE
from tracer.recording.tensor import Tensor


def traced(function: Any, *arrays: Any) -> tracer.Step:
    """A step of a function, checked for validity."""
    step = tracer.trace(function, *arrays)
    tracer.validate(tracer.Trace("test", "", 0, "float64", {}, {}, (step,)))
    return step


def names(step: tracer.Step, phase: Phase) -> list[str]:
    return [node.name for node in step.nodes if node.phase is phase]


X, W, B = np.array([[1.0, 2.0], [0.5, -1.0]]), np.array([[0.1, -0.2], [0.3, 0.4]]), np.array([0.5, -0.5])


def test_names_and_expressions_come_from_the_code() -> None:
    def model(x, W1, b1):
        h1 = np.maximum(x @ W1 + b1, 0)
        return np.mean(h1**2)

    step = traced(model, X, W, B)
    forward = [node for node in step.nodes if node.phase is Phase.FORWARD]
    assert [node.source.text for node in forward if node.source] == [
        "x @ W1",
        "x @ W1 + b1",
        "np.maximum(x @ W1 + b1, 0)",
        "h1**2",
        "np.mean(h1**2)",
    ]
    assert [node.name for node in forward] == ["", "", "h1", "", "loss"]
    assert {node.source.file for node in forward if node.source} == {Path(__file__).name}
    lines = [node.source.line for node in forward if node.source]
    assert lines == [lines[0]] * 3 + [lines[0] + 1] * 2
    assert "dL/dh1" in names(step, Phase.BACKWARD)
    np.testing.assert_array_equal(step.node("h1").value, np.maximum(X @ W + B, 0))


def test_every_form_of_assignment() -> None:
    class Cell:
        state: Any = None

    def function(x):
        cell = Cell()
        a = x * 2
        b: Any = a + 1
        a += b  # of a scalar
        c, d = a * 3, b * 4
        cell.state = c + d
        if (e := cell.state - 1).item() > 0:
            e = -e
        return e

    step = traced(function, 1.5)
    assert names(step, Phase.FORWARD) == ["a", "b", "a#2", "c", "d", "state", "e", "", "e#2"]  # without a name: item()


def test_results_are_named_after_variables_in_functions() -> None:
    def inner(x):
        z = x * 2
        other = x * 3  # computed last but not returned
        del other
        return z

    def expression(x):
        return x + 1

    def passing(x):
        return expression(x)

    def function(x):
        first = inner(x)
        second = passing(first)
        third = (lambda y: y * y)(second)
        return np.sum([third][0])

    step = traced(function, 2.0)
    assert [node.name for node in step.nodes if node.phase is Phase.FORWARD] == ["first", "other", "second", "third", "loss"]


def test_result_of_a_layer_takes_the_users_name(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "def layer(x):\n    z = x * 2\n    return z\n"
    filename = str(PACKAGE / "made_up_layer.py")
    monkeypatch.setitem(linecache.cache, filename, (len(text), None, text.splitlines(keepends=True), filename))
    made: dict[str, Any] = {}
    exec(compile(text, filename, "exec"), made)

    def function(x, b):
        h = made["layer"](x)
        return np.sum(h + b)

    step = traced(function, [1.0, 2.0], [3.0, 4.0])
    assert [node.name for node in step.nodes if node.phase is Phase.FORWARD] == ["h", "", "loss"]
    # h and b share one gradient, which is named after the user's variable.
    assert "dL/dh" in names(step, Phase.BACKWARD)


def test_function_with_two_returns_gives_no_wrong_name() -> None:
    def either(x):
        a = x * 2
        b = x * 3
        if a.item() > 100:
            return b
        return a

    def function(x):
        picked = either(x)
        return picked + 1

    step = traced(function, 1.0)
    assert [node.name for node in step.nodes if node.phase is Phase.FORWARD] == ["a", "b", "", "loss"]


def test_scopes_are_the_enclosing_functions() -> None:
    def hidden_layer(x, weights, bias):
        return relu(dense(x, weights, bias))

    def model(x, W1, b1):
        h1 = hidden_layer(x, W1, b1)
        h2 = hidden_layer(h1, W1, b1)
        return np.sum(softmax(h2) * h2)

    step = traced(model, X, W, B)
    assert step.node("h1").scope == "hidden layer/relu"
    assert step.node("h2").scope == "hidden layer#2/relu"
    assert [node.scope for node in step.nodes if node.op == "matmul" and node.phase is Phase.FORWARD] == [
        "hidden layer/dense",
        "hidden layer#2/dense",
    ]
    assert step.nodes[step.loss_id].scope == ""
    backward = [node for node in step.nodes if node.phase is Phase.BACKWARD and node.rule_of is not None]
    assert all(node.scope == step.nodes[node.rule_of].scope for node in backward if node.rule_of is not None)


def test_calls_of_one_line_in_a_loop_have_different_scopes() -> None:
    def model(x, W1):
        h = x
        for _ in range(3):
            h = dense(h, W1, 0.0)
        return np.sum(h)

    step = traced(model, X, W)
    assert [node.name for node in step.nodes if node.phase is Phase.FORWARD and node.op == "add"] == ["h", "h#2", "h#3"]
    assert [node.scope for node in step.nodes if node.phase is Phase.FORWARD and node.op == "add"] == [
        "dense",
        "dense#2",
        "dense#3",
    ]


def test_source_of_a_layer_is_the_users_line() -> None:
    def model(x, W1, b1):
        return np.sum(dense(x, W1, b1))

    step = traced(model, X, W, B)
    texts = {node.source.text for node in step.nodes if node.phase is Phase.FORWARD and node.source}
    assert texts == {"dense(x, W1, b1)", "np.sum(dense(x, W1, b1))"}


def test_every_backward_node_refers_to_its_forward_twin() -> None:
    step = traced(lambda x, w, b: np.mean(np.tanh(x @ w + b) ** 2), X, W, B)
    for node in step.nodes:
        if node.phase is Phase.BACKWARD:
            assert node.gradient_of is not None
            assert step.nodes[node.gradient_of].phase is not Phase.BACKWARD
    rule = step.nodes[step.gradients[step.node("w").id]]
    assert rule.name == "dL/dw"
    assert rule.rule_of is not None
    assert step.nodes[rule.rule_of].op == "matmul"
    assert rule.formula == "{0} @ {1}"


def test_gradients_of_a_value_used_twice_are_added_in_a_node() -> None:
    def function(x):
        h = x * 2
        return np.sum(np.exp(h) + np.sin(h))

    step = traced(function, [0.5, 1.0])
    gradient = step.node("dL/dh")
    assert gradient.op == "add"
    assert [step.nodes[operand].name for operand in gradient.operands] == ["dL/dh via sin(h)", "dL/dh via exp(h)"]


def test_repeated_names_and_their_gradients_have_the_same_numbers() -> None:
    def function(x, w):
        h = x
        for _ in range(3):
            z = h @ w
            h = np.tanh(z) + z
        return np.sum(h)

    step = traced(function, X, W)
    for name in ("z", "z#2", "z#3", "h", "h#2"):
        np.testing.assert_array_equal(step.node(f"dL/d{name}").value, step.gradient(name))
        gradient = step.nodes[step.gradients[step.node(name).id]]
        assert gradient.name in (f"dL/d{name}", f"dL/d{name.replace('h', 'z')}")
    assert step.node("dL/dw via z#3").rule_of == step.node("z#3").id


def test_scalars_accumulate_and_arrays_refuse_in_place_changes() -> None:
    def total(x):
        loss = 0.0
        for row in x:
            loss += np.sum(row * row)
        return loss

    np.testing.assert_array_equal(traced(total, X).gradient("x"), 2 * X)


def test_first_of_two_names_is_kept() -> None:
    def function(x):
        u = v = x * 2
        return np.sum(u + v)

    assert names(traced(function, [1.0]), Phase.FORWARD)[0] == "u"


def test_gradient_of_an_element_is_not_an_element_of_a_gradient() -> None:
    step = traced(lambda x: np.tanh(x[0]), [1.0, 2.0])
    assert step.nodes[step.gradients[1]].name == "dL/d(x[0])"


def test_methods_and_callable_objects_name_their_scopes() -> None:
    class Block:
        def __call__(self, x):
            return self.inner(x) * 2

        def inner(self, x):
            return x + 1

    step = traced(lambda x: np.sum(Block()(x)), [1.0])
    assert [node.scope for node in step.nodes if node.phase is Phase.FORWARD] == ["Block/Block.inner", "Block", ""]


def test_long_sum_without_names() -> None:
    from tracer.views.text.log import log_text

    step = traced(lambda x: sum((x[i % 3] * 2.0 for i in range(400)), start=0.0), [1.0, 2.0, 3.0])
    assert log_text(tracer.Trace("t", "", 0, "float64", {}, {}, (step,))).count("\n") > 1000


def test_boolean_operators() -> None:
    x = np.array([-1.0, 0.5, 2.0])
    t = parameter(*x)
    np.testing.assert_array_equal(((t > 0) & (t < 1)).value, (x > 0) & (x < 1))
    np.testing.assert_array_equal(((t < 0) | (x > 1)).value, (x < 0) | (x > 1))
    np.testing.assert_array_equal(((x > 0) ^ (t < 1)).value, (x > 0) ^ (x < 1))  # type: ignore[attr-defined]
    np.testing.assert_array_equal((~(t > 0)).value, ~(x > 0))


def test_explicit_detaching() -> None:
    t = parameter(1.0, 2.0)
    assert t.tolist() == [1.0, 2.0]
    assert f"{t[0]:.2f}" == "1.00"
    assert t.copy() is not t
    assert t.copy().tolist() == [1.0, 2.0]


def test_shared_gradient_is_found_under_every_name() -> None:
    def function(x, b):
        z = x + b
        return np.sum(z)

    step = traced(function, [1.0, 2.0], [3.0, 4.0])
    assert step.node("dL/dx") is step.node("dL/db") is step.node("dL/dz")


def test_no_dead_gradients_are_recorded() -> None:
    step = traced(lambda x, rows: np.sum((x * rows)[rows] * 2.0), np.ones(3), np.array([0, 1]).repeat(2)[:3])
    used = {operand for node in step.nodes for operand in node.operands} | set(step.gradients.values())
    assert all(node.id in used for node in step.nodes if node.phase is Phase.BACKWARD)


def test_unused_parameter_has_a_zero_gradient() -> None:
    step = traced(lambda x, unused: np.sum(x), [1.0], [[1.0, 2.0]])
    np.testing.assert_array_equal(step.gradient("unused"), [[0.0, 0.0]])


def test_close_names_are_suggested() -> None:
    step = traced(lambda x: np.sum(x), [1.0])
    with pytest.raises(KeyError, match="did you mean loss"):
        step.node("losss")
    with pytest.raises(KeyError, match="was not updated"):
        step.updated("x")


def test_leaves_are_copied_and_read_only() -> None:
    x = np.array([1.0, 2.0])
    recorder = Recorder()
    tensor = recorder.leaf("parameter", "x", x)
    x[0] = 99
    np.testing.assert_array_equal(tensor.value, [1.0, 2.0])
    view = tensor.reshape(2, 1)
    assert np.shares_memory(view.value, tensor.value)
    with pytest.raises(ValueError, match="read-only"):
        tensor.value[0] = 3


def test_same_code_runs_on_plain_arrays() -> None:
    assert isinstance(cross_entropy(X, np.array([0, 1])), float)
    assert isinstance(relu(X), np.ndarray)


@pytest.mark.slow
def test_chain_of_40_000_operations() -> None:
    def chain(x):
        for _ in range(40_000):
            x = x * 1.00001
        return x

    step = tracer.trace(chain, 1.0)
    np.testing.assert_allclose(step.gradient("x"), 1.00001**40_000, rtol=1e-9)
    assert len(step.nodes) == 80_002


def test_time_is_linear_in_the_number_of_operations() -> None:
    def chain(length: int) -> float:
        def function(x):
            for _ in range(length):
                x = x * 1.00001
            return x

        started = time.process_time()
        tracer.trace(function, 1.0)
        return time.process_time() - started

    chain(100)
    few, many = (min(chain(length) for _ in range(3)) for length in (2_000, 20_000))
    assert many < 40 * few  # ten times the work; quadratic time would be a hundred times


def test_finished_step_leaves_no_reference_cycle() -> None:
    def function(x):
        h = np.tanh(x @ x)
        return np.sum(h)

    tracer.trace(function, X)
    gc.collect()
    gc.disable()
    try:
        before = len([each for each in gc.get_objects() if isinstance(each, Recorder)])
        step = tracer.trace(function, X)
        after = len([each for each in gc.get_objects() if isinstance(each, Recorder)])
    finally:
        gc.enable()
    assert step.loss
    assert after == before


def test_second_order_gradients() -> None:
    recorder = Recorder()
    x = recorder.leaf("parameter", "x", np.array(3.0))
    recorder.enter(Phase.FORWARD)
    y = x**3
    first = gradients(y, [x])[x.id]
    second = gradients(first, [x])[x.id]
    third = gradients(second, [x])[x.id]
    assert (first.item(), second.item(), third.item()) == (27.0, 18.0, 6.0)


def test_pytorch_method_names() -> None:
    recorder = Recorder()
    w = recorder.leaf("parameter", "w", np.array([1.0, 2.0]))
    loss = (w * w).sum()
    assert w.grad is None
    loss.backward()
    assert w.grad is not None
    np.testing.assert_array_equal(w.grad.value, [2.0, 4.0])
    assert loss.item() == 5.0
    assert repr(w) == "Tensor([1., 2.], dtype=float64)"


# What cannot be recorded.


def parameter(*values: float) -> Tensor:
    return Recorder().leaf("parameter", "x", np.array(values))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: np.asarray(x), r"leave np\.asarray out"),
        (lambda x: np.array([x, x]), r"write np\.stack"),
        (lambda x: np.eye(3)[x], r"write \.value, an index has no gradient"),
        (lambda x: [*map(float, x)], r"\.item\(\)"),
        (lambda x: round(x), r"write np\.round\(x, digits\)"),
        (lambda x: __import__("statistics").fmean([x[0], x[1]]), r"cannot become a float"),
        (lambda x: range(x[0]), r"\.item\(\)"),
        (lambda x: __import__("math").exp(x[0]), r"cannot become a float: use np\. functions"),
        (lambda x: x.__setitem__(0, 1.0), r"x is a parameter"),
        (lambda x: np.add(x, 1, out=np.zeros(2)), r"out="),
        (lambda x: np.exp(x, where=np.array([True, False])), r"without out= leaves elements undefined"),
        (lambda x: x + parameter(1.0, 2.0), r"two recordings"),
        (lambda x: x.__iadd__(1), r"after backward\(\) it may be written into"),
        (lambda x: x & (x > 0), r"truth values only"),
        (lambda x: np.where(x > 0, x), r"missing 1 required positional argument"),
        (lambda x: __import__("copy").deepcopy(x), r"use \.value"),
        (lambda x: __import__("pickle").dumps(x), r"use \.value"),
        (lambda x: x + np.ma.masked_array([1.0, 2.0], [0, 1]), r"MaskedArray would lose its own rules"),
        (lambda x: x + "text", r"numbers are needed here, this is str"),
        (lambda x: x + np.array(["a", "b"]), r"numbers are needed here"),
    ],
)
def test_conversions_that_leave_the_graph_are_refused(call: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        call(parameter(1.0, 2.0))


def test_error_for_a_wrong_shape_names_the_operation() -> None:
    with pytest.raises(ValueError, match="mismatch") as caught:
        tracer.trace(lambda x, w: np.sum(x @ w), np.ones((2, 3)), np.ones((2, 3)))
    assert caught.value.__notes__[0] == "in the operation matmul on shapes (2, 3), (2, 3)"


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: x * 2, r"returned shape \(2,\), one number is needed"),
        (lambda x: 3.0, "returned float and no Tensor"),
        (lambda x: None, "returned nothing"),
        (lambda x: np.argmax(x), "returned int64, which has no derivative"),
    ],
)
def test_function_must_return_one_number(function: Any, message: str) -> None:
    with pytest.raises(tracer.UsageError, match=message):
        tracer.trace(function, [1.0, 2.0])


def test_arguments_must_be_numbers() -> None:
    with pytest.raises(tracer.UsageError, match="'x' is not numeric"):
        tracer.trace(lambda x: x, ["a"])
