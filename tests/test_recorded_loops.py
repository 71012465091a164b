"""`tracer.record`: loops of one's own, with `backward()` and with gradients by hand."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tracer
from tracer.analysis.verify import verify
from tracer.programs.gradients.report import Verdict

pytestmark = pytest.mark.numbers

rng = np.random.default_rng(0)
X = rng.normal(size=(6, 3))
Y = X @ np.array([[1.0], [2.0], [3.0]]) + 0.5


def weights() -> dict[str, Any]:
    draw = np.random.default_rng(1)
    return {"W1": draw.normal(size=(3, 4)), "b1": np.zeros(4), "W2": draw.normal(size=(4, 1)), "b2": np.zeros(1)}


def fit(run: tracer.Run, steps: int = 3) -> tuple[Any, Any]:
    W, b = run.parameters(W=np.zeros((3, 1)), b=np.zeros(1))
    for _ in range(steps):
        with run.step():
            loss = np.mean((X @ W + b - Y) ** 2)
            loss.backward()
            W -= 0.1 * W.grad
            b -= 0.1 * b.grad
    return W, b


def plain_fit(steps: int = 3) -> tuple[Any, Any]:
    W, b = np.zeros((3, 1)), np.zeros(1)
    for _ in range(steps):
        residual = X @ W + b - Y
        W, b = W - 0.1 * (X.T @ (2 * residual / 6)), b - 0.1 * (2 * residual / 6).sum(axis=0)
    return W, b


def check_record(trace: tracer.Trace) -> None:
    tracer.validate(trace)
    assert not verify(trace).deviations


def test_steps_have_gradients_updates_and_phases() -> None:
    run = tracer.record()
    W, _ = fit(run, steps=11)
    check_record(run.trace)
    np.testing.assert_allclose(W, plain_fit(11)[0], rtol=1e-12)
    assert [step.index for step in run.trace.steps] == list(range(11))
    for before, after in zip(run.trace.steps, run.trace.steps[1:]):
        assert before.updated("W").tobytes() == after.node("W").value.tobytes()
        np.testing.assert_allclose(before.gradient("b"), (before.node("b").value - before.updated("b")) / 0.1, rtol=1e-9)
    step = run.trace.steps[3]
    assert {node.name: node.op for node in step.nodes if node.is_leaf and node.name[:2] != "dL"} == {
        "W": "parameter", "b": "parameter", "X": "data", "Y": "data",
    }  # fmt: skip
    assert step.node("dL/dW").phase is tracer.Phase.BACKWARD
    assert all(step.nodes[id].phase is tracer.Phase.UPDATE for id in step.updates.values())
    assert {node.source.file for node in step.nodes if node.source} == {Path(__file__).name}
    assert run.trace.scenario == "test_recorded_loops"


def rebind_variables(run: tracer.Run) -> Any:
    w, b = run.parameters(w=np.zeros((3, 1)), b=np.zeros(1))
    for _ in range(3):
        with run.step():
            loss = np.mean((X @ w + b - Y) ** 2)
            loss.backward()
            w = w - 0.1 * w.grad
            b = b - 0.1 * b.grad
    return w


def rebind_entries(run: tracer.Run) -> Any:
    p = run.parameters(p={"w": np.zeros((3, 1)), "b": np.zeros(1)})
    for _ in range(3):
        with run.step():
            loss = np.mean((X @ p["w"] + p["b"] - Y) ** 2)
            loss.backward()
            for name in p:
                p[name] = p[name] - 0.1 * p[name].grad
    return p["w"]


def rebind_attributes(run: tracer.Run) -> Any:
    net = SimpleNamespace(layers=[SimpleNamespace(w=np.zeros((3, 1)), b=np.zeros(1))])
    layer = net.layers[0]
    layer.w, layer.b = run.parameters(w=layer.w, b=layer.b)

    def update(layer: Any) -> None:
        layer.w = layer.w - 0.1 * layer.w.grad
        layer.b = layer.b - 0.1 * layer.b.grad

    def one_step(net: Any) -> None:
        with run.step():
            loss = np.mean((X @ net.layers[0].w + net.layers[0].b - Y) ** 2)
            loss.backward()
            update(net.layers[0])

    for _ in range(3):
        one_step(net)
    return layer.w


def write_through_a_list(run: tracer.Run) -> Any:
    parameters = run.parameters(p=[np.zeros((3, 1)), np.zeros(1)])
    for _ in range(3):
        with run.step():
            loss = np.mean((X @ parameters[0] + parameters[1] - Y) ** 2)
            loss.backward()
            for parameter in parameters:
                parameter[...] = parameter - 0.1 * parameter.grad
    return parameters[0]


def give_again(run: tracer.Run) -> Any:
    def compute(w: Any, b: Any) -> tuple[Any, Any]:
        with run.step():
            loss = np.mean((X @ w + b - Y) ** 2)
            loss.backward()
            new = w - 0.1 * w.grad, b - 0.1 * b.grad
        return new

    w, b = np.zeros((3, 1)), np.zeros(1)
    for _ in range(3):
        w, b = compute(*run.parameters(w=w, b=b))
    return w


@pytest.mark.parametrize("loop", [rebind_variables, rebind_entries, rebind_attributes, write_through_a_list])
def test_updates_are_found_where_the_code_keeps_its_parameters(loop: Callable[[tracer.Run], Any]) -> None:
    run = tracer.record()
    w = loop(run)
    check_record(run.trace)
    np.testing.assert_allclose(w, plain_fit()[0], rtol=1e-12)
    assert all(len(step.updates) == len(step.parameters) == 2 for step in run.trace.steps)
    assert type(w).__name__ == "numpy.ndarray" and isinstance(w, np.ndarray)


def test_a_parameter_may_be_given_again() -> None:
    run = tracer.record()
    np.testing.assert_allclose(give_again(run), plain_fit()[0], rtol=1e-12)
    assert len(run.trace.steps) == 3 and all(len(step.gradients) > 2 for step in run.trace.steps)


def hand_written(derivative: Callable[[Any], Any], run: tracer.Run) -> Any:
    p = run.parameters(p=weights())
    for _ in range(10):
        with run.step():
            h = np.tanh(X @ p["W1"] + p["b1"])
            out = h @ p["W2"] + p["b2"]
            loss = np.mean((out - Y) ** 2)
            d_out = 2 * (out - Y) / len(Y)
            d_h = d_out @ p["W2"].T * derivative(h)
            grads = {"W2": h.T @ d_out, "b2": d_out.sum(axis=0), "W1": X.T @ d_h, "b1": d_h.sum(axis=0)}
            for name in p:
                p[name] = p[name] - 0.05 * grads[name]
    return loss


def test_gradients_by_hand_are_checked_and_shown_beside_the_true_ones() -> None:
    run = tracer.record()
    loss = hand_written(lambda h: 1 - h**2, run)
    check_record(run.trace)
    assert run.trace.steps[-1].loss == loss
    assert run.check().verdict is Verdict.RIGHT
    for step in (run.trace.steps[3], run.trace.steps[9]):  # the first ones share a tape
        assert set(step.updates) <= set(step.own_gradients)
        for value, own in step.own_gradients.items():
            np.testing.assert_allclose(step.nodes[own].value, step.nodes[step.gradients[value]].value, rtol=1e-9)


def test_wrong_gradients_by_hand_are_told_with_their_line() -> None:
    run = tracer.record()
    hand_written(lambda h: 1 - h, run)
    report = run.check()
    assert report.verdict is Verdict.WRONG and report.line is not None
    line = Path(__file__).read_text().splitlines()[report.line - 1]
    assert "derivative(h)" in line or "1 - h" in line


def test_loss_without_backward_is_found_by_its_name_or_named() -> None:
    W = np.ones(2)
    for name, value in (("cost", None), ("total", "total")):
        run = tracer.record(loss=value)
        V = run.parameters(V=W.copy())
        with run.step():
            if name == "cost":
                cost = (V**2).sum()
                assert cost == 2
            else:
                total = (V**2).sum()
                assert total == 2
            V -= 0.1 * 2 * V
            error_after = (V**2).sum()
            assert error_after < 2
        assert run.trace.steps[0].loss == 2 and run.trace.steps[0].gradient("V").tolist() == [2, 2]


def test_two_backward_in_one_step_add_up_and_grad_is_of_its_step() -> None:
    run = tracer.record()
    W = run.parameters(W=np.array([1.0, 2.0]))
    for _ in range(2):
        with run.step():
            first = (W**2).sum()
            first.backward()
            assert W.grad.tolist() == (2 * W).tolist()
            second = (3 * W).sum()
            second.backward()
            assert W.grad.tolist() == (2 * W + 3).tolist()
            W -= 0.5 * W.grad
    check_record(run.trace)
    assert run.trace.steps[0].loss == 14 and run.trace.steps[0].gradient("W").tolist() == [5, 7]
    assert W.grad.tolist() == run.trace.steps[1].gradient("W").tolist()  # after the loop too


def test_gradient_may_be_changed_before_the_update_and_that_is_recorded() -> None:
    run = tracer.record()
    W = run.parameters(W=np.array([3.0, 4.0]))
    with run.step():
        loss = (W**2).sum()
        loss.backward()
        W.grad *= 5 / np.linalg.norm(W.grad)
        W.grad = np.clip(W.grad, -3.5, 3.5)
        W -= W.grad
    check_record(run.trace)
    assert W.tolist() == [0, 0.5] and run.trace.steps[0].gradient("W").tolist() == [6, 8]
    assert any(node.op == "clip" for node in run.trace.steps[0].nodes)


def test_gradients_of_intermediate_values_and_of_values_without_one() -> None:
    run = tracer.record()
    W, unused = run.parameters(W=np.ones(2), unused=np.ones(3))
    with run.step():
        h = W * 2
        loss = (h**2).sum()
        loss.backward()
        assert h.grad.tolist() == [4, 4] and unused.grad.tolist() == [0, 0, 0]
        other = W * 3
        with pytest.raises(tracer.RecordingError, match="no gradient reached"):
            _ = other.grad


def test_parameters_are_the_arrays_that_were_given_in_their_types() -> None:
    run = tracer.record()
    given = np.ones(2, np.float32)
    w, n, z = run.parameters(w=given, n=0, z=2.0)
    with run.step():
        loss = n * 2 + z * 2 - n * z + (w**2).sum().astype(np.float64)
        loss.backward()
        assert w.grad.dtype == np.float32 and isinstance(n.grad, float) and isinstance(z.grad, float)
        w -= np.float32(0.5) * w.grad
        n -= 0.5 * n.grad
        z -= 0.5 * z.grad
    check_record(run.trace)
    assert given.tolist() == [0, 0] and (n, z) == (0.0, 1.0)
    assert copy.deepcopy(w).tolist() == [0, 0] and pickle.loads(pickle.dumps(w)).tolist() == [0, 0]
    assert f"{w} {z:.2f}" == "[0. 0.] 1.00" and float(w[0]) == 0


def test_values_of_earlier_steps_are_state() -> None:
    run = tracer.record()
    w, v, losses = run.parameters(w=np.ones(2)), np.zeros(2), []
    for _ in range(12):
        with run.step():
            loss = (w**2).sum()
            loss.backward()
            v = 0.9 * v + w.grad
            w -= 0.1 * v
            losses.append(loss)
    assert {step.node("v").op for step in run.trace.steps[1:]} == {"state"}
    assert losses == [step.loss for step in run.trace.steps]
    check_record(run.trace)


def test_computations_outside_of_steps_are_not_recorded() -> None:
    run = tracer.record()
    W, _ = fit(run, steps=1)
    assert type(W * 2) is np.ndarray
    W *= 2  # between two steps: the next one starts from there
    with run.step():
        loss = (W**2).sum()
        loss.backward()
    assert run.trace.steps[1].node("W").value.tolist() == W.tolist()


def test_values_are_the_same_bits_as_without_a_record() -> None:
    def loop(p: dict[str, Any], step: Callable[[], Any]) -> None:
        for _ in range(10):
            with step():
                h = np.maximum(X @ p["W1"] + p["b1"], 0)
                out = h @ p["W2"] + p["b2"]
                loss = np.mean((out - Y) ** 2)
                assert loss > 0
                d = 2 * (out - Y) / len(Y)
                d_h = d @ p["W2"].T * (h > 0)
                p["W2"] -= 0.1 * h.T @ d
                p["b2"] -= 0.1 * d.sum(axis=0)
                p["W1"] -= 0.1 * X.T @ d_h
                p["b1"] -= 0.1 * d_h.sum(axis=0)

    from contextlib import nullcontext

    plain, run = weights(), tracer.record()
    recorded = run.parameters(p=weights())
    loop(plain, nullcontext)
    loop(recorded, run.step)
    assert all(plain[name].tobytes() == recorded[name].tobytes() for name in plain)


def test_a_step_that_raises_is_dropped_and_said_so() -> None:
    run = tracer.record()
    W, _ = fit(run, steps=2)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError) as raised, run.step():
            loss = (W**2).sum()
            loss.backward()
            _ = 1 / 0
        assert raised.value.__notes__ == ["step 2 of the run was dropped from the record"]
    assert type(W * 1) is np.ndarray
    fit(run, steps=1)
    assert [step.index for step in run.trace.steps] == [0, 1, 2]
    tracer.validate(run.trace)


def test_a_step_that_is_left_before_anything_is_computed_does_not_count() -> None:
    run = tracer.record()
    W = run.parameters(W=np.ones(2))
    for _ in range(3):
        with run.step():
            break
    assert run.trace.steps == ()
    assert W.tolist() == [1, 1]


def test_functions_of_other_modules_of_the_user_are_followed(tmp_path: Path) -> None:
    (tmp_path / "layers.py").write_text("def dense(x, w):\n    h = x @ w\n    return h\n")
    (tmp_path / "train.py").write_text(
        "import numpy as np, tracer\nfrom layers import dense\nrun = tracer.record('run.sqlite')\n"
        "w = run.parameters(w=np.ones(2))\nfor _ in range(2):\n    with run.step():\n"
        "        loss = dense(np.eye(2), w).sum()\n        loss.backward()\n        w -= 0.1 * w.grad\nraise SystemExit(4)\n"
    )
    done = subprocess.run([sys.executable, "train.py"], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (4, "")
    trace = tracer.open(tmp_path / "run.sqlite")
    assert trace.unfinished is None and len(trace.steps) == 2 and trace.scenario == "train"
    assert str(trace.steps[0].node("h").source) == "layers.py:2"


def test_file_has_every_step_as_it_comes_and_is_ended(tmp_path: Path) -> None:
    with tracer.record(tmp_path / "run.sqlite") as run:
        fit(run)
        assert len(tracer.open(tmp_path / "run.sqlite").steps) == len(run.trace.steps) == 3
    assert run.trace.unfinished is None and run.trace.finite_steps == 3
    in_memory = tracer.record()
    fit(in_memory)
    assert run.log() == in_memory.log() and run.show("W[0,0]") == in_memory.show("W[0,0]")
    with pytest.raises(ZeroDivisionError), tracer.record(tmp_path / "other.sqlite") as run:
        W, _ = fit(run)
        with run.step():
            _ = W / 0, 1 / 0
    assert str(run.trace.unfinished) == "stopped by ZeroDivisionError"


def test_views_are_those_of_the_commands(tmp_path: Path) -> None:
    run = tracer.record()
    fit(run)
    run.save(tmp_path / "run.sqlite")

    def command(*arguments: str) -> str:
        words = [sys.executable, "-m", "tracer", *arguments]
        return subprocess.run(words, capture_output=True, text=True, cwd=tmp_path).stdout.removesuffix("\n")

    for record in (run, run.trace, tracer.open(tmp_path / "run.sqlite")):
        assert record.log() == repr(record.log()) == command("log", "run.sqlite")
        assert record.show("dL/dW", step=1) == command("show", "run.sqlite", "dL/dW", "--step", "1")
        assert record.show("dL/dW[0,0]") == command("show", "run.sqlite", "dL/dW[0,0]")
        assert record.blame() == command("blame", "run.sqlite")
    step = run.trace.steps[2]
    assert "== step 2 ==" in step.log() and "dL/dW" in step.show("W") and "finite" in step.blame()
    step.save(tmp_path / "step.sqlite")
    assert len(tracer.open(tmp_path / "step.sqlite").steps) == 1
    for written in (run.render(tmp_path / "x.dot"), step.render(tmp_path / "y.mmd", zoom="scenario")):
        assert [path.exists() for path in written] == [True]
    assert command("render", "run.sqlite", "-o", "again.dot").endswith("again.dot")
    assert (tmp_path / "again.dot").read_bytes() == (tmp_path / "x.dot").read_bytes()
    for wrong in ({"zoom": "nothing"}, {"colour": "red"}):
        with pytest.raises(tracer.UsageError):
            run.render(tmp_path / "x.dot", **wrong)
    with pytest.raises(tracer.UsageError, match="ends in one of"):
        run.render(tmp_path / "x.gif")


def test_blame_finds_a_nan_in_a_loop() -> None:
    run = tracer.record()
    W = run.parameters(W=np.array([0.0, 1.0]))
    with run.step(), np.errstate(all="ignore"):
        loss = (W * np.log(W)).sum()
        loss.backward()
        W -= 0.1 * W.grad
    assert "log(W)" in run.blame() and "log(W)" in run.trace.steps[0].blame()


def test_wrong_use_is_one_line_that_says_what_to_do() -> None:
    def raises(kind: type[Exception], text: str) -> Any:
        return pytest.raises(kind, match=text)

    run = tracer.record()
    with raises(tracer.UsageError, r"call W, b = run.parameters\(W=W, b=b\)"), run.step():
        pass
    with raises(tracer.UsageError, "by their names"):
        run.parameters()
    with raises(tracer.UsageError, "the parameter W is of the type str"):
        run.parameters(W="text")
    with raises(tracer.UsageError, "an array of dtype object"):
        run.parameters(W=np.array([None]))
    with raises(tracer.UsageError, "two parameters are called w"):
        run.parameters(a={"w": 1.0}, w=2.0)
    with raises(tracer.UsageError, "no step on record"):
        run.check()
    W = run.parameters(W=np.ones(2))
    with raises(tracer.RecordingError, "no gradient yet"):
        _ = W.grad
    with raises(tracer.RecordingError, "outside of a step"):
        W.backward()
    with raises(tracer.RecordingError, "call loss.backward"), run.step():
        _ = W.grad
    with raises(tracer.UsageError, "a step inside of step 0"), run.step(), run.step():
        pass
    with raises(tracer.UsageError, "inside of a step"), run.step():
        run.parameters(W=W)
    with raises(tracer.UsageError, "inside of a step"), run.step():
        run.close()
    with raises(tracer.RecordingError, r"has the shape \(2,\)"), run.step():
        (W * 2).backward()
    with raises(tracer.UsageError, "step 0 has no loss"), run.step():
        z = (W * 2).sum()
    assert z == 4
    with raises(tracer.UsageError, "needs no zeroing"), run.step():
        (W**2).sum().backward()
        W.grad = None
        W.sum().backward()
    with run.step():
        earlier = (W**2).sum()
        earlier.backward()
    with raises(tracer.RecordingError, "not computed in this step"), run.step():
        earlier.backward()
    with pytest.raises(AttributeError) as raised, run.step():
        np.float64(1).backward()  # type: ignore[attr-defined]
    assert "a value records if" in raised.value.__notes__[1]
    with raises(tracer.UsageError, "V holds a new value"):
        V = run.parameters(V=2.0)
        with run.step():
            loss = V * V
            loss.backward()
            V = float(V - 0.1 * V.grad) + 0.0
    run.close()
    for call in (run.step, lambda: run.parameters(W=W)):
        with raises(tracer.UsageError, "this run is closed"):
            call()
    with raises(tracer.UsageError, "there is no folder"):
        tracer.record("no/such/run.sqlite")
    with raises(tracer.UsageError, "values takes one of"):
        tracer.record(values="some")
    with raises(tracer.UsageError, "has no argument 'file'"):
        tracer.record(file="x")  # type: ignore[call-arg]


def test_programs_see_no_gradients_on_their_arrays() -> None:
    from tracer.programs.recording_array import recording_array

    array: Any = recording_array(np.ones(2))
    assert not hasattr(array, "grad") and not hasattr(array, "backward")
    with pytest.raises(AttributeError, match=r"'numpy.ndarray' object has no attribute 'grad'"):
        _ = array.grad
