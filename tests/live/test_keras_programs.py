"""Programs of Keras on the torch backend: the same bits with a record; names of layers, variables and state; steps; metrics."""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
with pytest.MonkeyPatch.context() as patch:
    patch.setenv("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras", reason="needs Keras 3: pip install keras")

from programs_keras import PROGRAMS

from tracer.analysis.verify import verify
from tracer.graph.record import Trace
from tracer.graph.validation import validate
from tracer.torch import record
from tracer.views.text.log import log_text

STEPS = {"lesson": 3, "layers": 4, "own_step": 3, "own_loop": 3, "mixed_precision": 2}


def run(program: Callable[[], Any], **options: Any) -> tuple[list[bytes], str, Trace | None]:
    """The weights after a program, what it prints, and its record."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(3)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.ExitStack() as stack:
        recording = stack.enter_context(record(**options)) if options else None
        model = program()
    return [each.numpy().tobytes() for each in model.weights], printed.getvalue(), recording.trace if recording else None


@cache
def trace_of(name: str) -> tuple[list[bytes], str, Trace]:
    """The same, recorded once for all tests."""
    weights, printed, trace = run(PROGRAMS[name], values="all")
    assert trace is not None
    return weights, printed, trace


@pytest.mark.parametrize("name", PROGRAMS)
def test_same_bits_with_a_record(name: str) -> None:
    """The record is valid, and every operation is computed again."""
    weights, printed, trace = trace_of(name)
    assert run(PROGRAMS[name])[:2] == (weights, printed)
    validate(trace)
    assert [step.index for step in trace.steps] == list(range(STEPS[name]))
    verdict = verify(trace)
    assert verdict.passed, verdict.deviations
    assert not verdict.unknown


def test_keras_is_as_before() -> None:
    def state() -> list[Any]:
        of_models, of_optimizers = keras.Model.__mro__, keras.optimizers.Optimizer.__mro__
        found = [vars(each).get(name) for each in of_models for name in ("train_step", "fit", "train_on_batch")]
        return [*found, *(vars(each).get(name) for each in of_optimizers for name in ("apply", "__init__")), len(sys.meta_path)]

    before = state()
    with record():
        assert state() != before
    assert state() == before


def names(trace: Trace, step: int, op: str) -> set[str]:
    return {node.name for node in trace.steps[step].nodes if node.op == op}


def test_variables_and_layers_have_their_names() -> None:
    trace = trace_of("lesson")[2]
    variables = {f"{layer}/{kind}" for layer in ("dense", "dense_1") for kind in ("kernel", "bias")}
    state = {"learning_rate", "iteration"} | {f"{kind}({each})" for kind in ("momentum", "velocity") for each in variables}
    for index in range(3):
        assert names(trace, index, "parameter") == variables
        assert names(trace, index, "state") == state
        assert {"x", "y"} <= names(trace, index, "data")
    step = trace.steps[-1]
    assert [node.scope for node in step.nodes if node.phase == "forward"] == ["dense"] * 3 + ["dense_1"] * 3
    assert {node.scope for node in step.nodes if node.phase == "update"} == {"Adam"} | {f"Adam/{each}" for each in variables}
    assert step.nodes[step.loss_id].name == "loss"
    assert "history" not in {node.name for node in step.nodes}
    first = next(node for node in step.nodes if node.phase == "forward")
    assert first.source is not None
    assert (Path(first.source.file).name, "model.fit(" in first.source.text) == ("__init__.py", True)
    assert trace.hyperparameters["optimizer"] == "Adam"
    assert trace.hyperparameters["learning_rate"] == pytest.approx(0.01)


def test_state_after_the_update_is_that_of_the_optimizer() -> None:
    """Momentum, velocity and weights of a step are what the next one begins with, and what Keras has at the end."""
    weights, _, trace = trace_of("lesson")
    for step, following in zip(trace.steps, trace.steps[1:]):
        for node in following.nodes:
            if node.op == "parameter":
                assert node.value.tobytes() == step.updated(node.name).tobytes()
            elif node.op == "state" and "(" in node.name:
                assert node.value.tobytes() == step.node(f"{node.name}#2").value.tobytes()
    last = trace.steps[-1]
    assert [last.updated(node.name).tobytes() for node in last.parameters] == weights
    momentum, gradient = last.node("momentum(dense/kernel)").value, last.gradient("dense/kernel")
    assert np.allclose(last.node("momentum(dense/kernel)#2").value, 0.9 * momentum + 0.1 * gradient, rtol=1e-6)


def test_metrics_are_those_of_keras() -> None:
    _, printed, trace = trace_of("lesson")
    assert all(set(step.metrics) == {"step", "loss", "accuracy"} for step in trace.steps)
    step = trace.steps[0]
    predicted = step.node("out(dense_1)").value.argmax(axis=1)
    assert step.metrics["accuracy"] == pytest.approx(np.mean(predicted == step.node("y").value.argmax(axis=1)))
    assert "-- metrics\n     accuracy = " in log_text(trace)
    assert len(printed.split()) == 3


def test_models_in_models_and_what_is_not_trained() -> None:
    trace = trace_of("layers")[2]
    step = trace.steps[1]
    assert {node.name for node in step.parameters} == {
        "encoder/dense/kernel", "encoder/dense/bias", "encoder/batch_normalization/gamma", "encoder/batch_normalization/beta",
        "head/kernel", "head/bias",
    }  # fmt: skip
    assert {"frozen/kernel", "frozen/bias"} <= {node.name for node in step.nodes if node.op == "state"}
    assert {"encoder/dense", "encoder/batch_normalization", "dropout", "frozen", "head"} <= {node.scope for node in step.nodes}
    assert "momentum(head/kernel)" in {node.name for node in step.nodes}
    assert trace.hyperparameters["momentum"] == 0.9


def test_step_of_its_own_has_the_names_of_its_variables() -> None:
    trace = trace_of("own_step")[2]
    step = trace.steps[0]
    assert step.nodes[step.loss_id].name == "cross_entropy"
    assert step.node("logits").shape == (12, 2)
    assert {name: trace.hyperparameters[name] for name in ("optimizer", "beta_1", "clipnorm")} == {
        "optimizer": "AdamW", "beta_1": 0.8, "clipnorm": 1.0,
    }  # fmt: skip


def test_step_ends_with_the_optimizers_of_keras_and_of_pytorch() -> None:
    trace = trace_of("own_loop")[2]
    assert all(len(step.updates) == 4 for step in trace.steps)


def test_bfloat16_of_a_layer() -> None:
    step = trace_of("mixed_precision")[2].steps[-1]
    assert {node.dtype for node in step.nodes if node.scope == "dense" and node.phase == "forward"} == {"bfloat16"}
    assert {node.dtype for node in step.parameters} == {"float32"}


PAGE = Path(__file__).parent.parent.parent / "docs/how-to/pytorch.md"


def test_the_command(tmp_path: Path) -> None:
    """The program of the page imports Keras when the recording has begun already."""
    (text,) = re.findall(r"^```python\n(# fruit\.py\n(?s:.*?))^```$", PAGE.read_text(), re.MULTILINE)
    (tmp_path / "train.py").write_text(f"{text}print(model.get_weights())\n")
    environment = {**os.environ, "KERAS_HOME": str(tmp_path), "OMP_NUM_THREADS": "1"}
    environment.pop("KERAS_BACKEND", None)
    runs = [
        subprocess.run([sys.executable, *words], capture_output=True, text=True, cwd=tmp_path, env=environment)
        for words in (["train.py"], ["-m", "tracer", "trace", "train.py", "--format", "log"])
    ]
    plain, recorded = runs
    assert (plain.returncode, recorded.returncode) == (0, 0), recorded.stderr
    assert recorded.stdout.startswith(plain.stdout)
    assert "parameters  dense/kernel (2,4), dense/bias (4,), dense_1/kernel (4,2), dense_1/bias (2,)\n" in recorded.stdout
    assert "steps       3 steps\noptimizer   Adam, learning_rate=0.01" in recorded.stdout
