"""The hint for a prediction and a target of different shapes, and what is no such case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tracer
from support.cli import run
from support.traces import first_step
from tracer.analysis.broadcasting import grown_pair
from tracer.training.bundled import bundled_names
from tracer.views.text.broadcasting import broadcasting_notice
from tracer.views.text.log import log_text

DATA = {"x": np.arange(12.0).reshape(6, 2), "y": np.arange(6.0)}


def step_of(model: Any, loss: Any, **data: Any) -> tracer.Step:
    """The first step of a scenario with a weight (2,1), a weight (2,) and a bias."""
    scenario = tracer.Scenario(
        data=lambda: {**DATA, **data},
        parameters={"W": np.ones((2, 1)), "w": np.ones(2), "b": 0.0, "rows": np.ones(6)},
        model=model,
        loss=loss,
        optimizer=tracer.SGD(learning_rate=0.01),
    )
    return tracer.run(scenario, steps=1).steps[0]


COLUMN = DATA["y"].reshape(6, 1)


@pytest.mark.parametrize(
    ("model", "loss", "data", "shapes"),
    [
        (lambda x, W, b: x @ W + b, lambda p, y: np.mean((p - y) ** 2), {}, ((6, 1), (6,))),
        (lambda x, W: x @ W, lambda p, y: np.mean((y - p) ** 2), {}, ((6, 1), (6,))),
        (lambda x, w, b: x @ w + b, lambda p, y: np.mean((p - y) ** 2), {"y": COLUMN}, ((6,), (6, 1))),
        (lambda x, W: x @ W, lambda p, y: -np.mean(y * np.log(1 + np.exp(p))), {}, ((6, 1), (6,))),
        (lambda x, W: x @ W, lambda p, y: np.mean(np.maximum(1 - p * (2 * y - 1), 0)), {}, ((6, 1), (6,))),
    ],
)
def test_different_shapes_are_reported(model: Any, loss: Any, data: Any, shapes: Any) -> None:
    pair = grown_pair(step_of(model, loss, **data))
    assert pair is not None
    assert (pair.prediction.shape, pair.target.shape) == shapes
    assert pair.node.shape == (6, 6)


def attention(x: Any, w: Any) -> Any:
    queries = x * w
    scores = queries @ x.T + np.where(np.tril(np.ones((6, 6))) > 0, 0.0, -np.inf)
    weights = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
    return np.sum(weights / np.sum(weights, axis=-1, keepdims=True) @ queries, axis=1)


@pytest.mark.parametrize("model", [
    lambda x, w: (x @ w)[:, None],
    lambda x, w: (x @ w).reshape(-1, 1),
    lambda x, w: np.expand_dims(x @ w, 1),
    lambda x, w: np.sum(x * w, axis=1, keepdims=True),
    lambda x, w: (x * w)[:, :1],
])  # fmt: skip
def test_axis_that_the_model_added_is_reported(model: Any) -> None:
    assert grown_pair(step_of(model, lambda p, y: np.mean((p - y) ** 2))) is not None


@pytest.mark.parametrize(
    ("model", "loss"),
    [
        (lambda x, w, b: x @ w + b, lambda p, y: np.mean((p - y) ** 2)),
        (lambda x, W: x @ W, lambda p, y: np.mean((p - y[:, None]) ** 2)),
        (lambda x, W: x @ W, lambda p, y: np.mean((p[:, 0] - y) ** 2)),
        (lambda x, w: x @ w, lambda p, y: np.mean((p[:, None] - y) ** 2)),
        (lambda x, w: x @ w, lambda p: np.mean((p[:, None] - p) ** 2)),
        (lambda x, w: x @ w, lambda p, y: np.mean((np.expand_dims(p, 1) - y) ** 2)),
        (lambda x, W, rows: x @ W + rows, lambda p: np.mean(p**2)),
        (attention, lambda p, y: np.mean((p - y) ** 2)),
        (lambda x, W: x @ W, lambda p, y: np.mean(p**2) + 0 * np.sum(np.greater(p, y))),
    ],
)
def test_ordinary_programs_give_no_hint(model: Any, loss: Any) -> None:
    assert grown_pair(step_of(model, loss)) is None


@pytest.mark.parametrize("name", bundled_names())
def test_bundled_scenarios_give_no_hint(name: str) -> None:
    step = first_step(name)
    assert grown_pair(step) is None
    assert broadcasting_notice(step) == ""


def test_pairs_of_one_element_give_no_hint() -> None:
    step = tracer.trace(lambda x: np.sum(x * 2 - np.ones(1)), np.ones((1, 1)))
    assert grown_pair(step) is None


def test_the_hint_is_in_the_log_and_the_last_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("column.py").write_text("""
import numpy as np
from tracer import SGD, Scenario
def data(): return {"x": np.arange(12.0).reshape(6, 2), "y": np.arange(6.0)}
def model(x, W): return x @ W
def loss(prediction, y): return np.mean((prediction - y) ** 2)
scenario = Scenario(data=data, parameters={"W": np.ones((2, 1))}, model=model, loss=loss,
                    optimizer=SGD(learning_rate=0.001), steps=3)
""")
    assert run("trace", "column.py", "--format", "log") == 0
    grown = "prediction (6,1) and y (6,) give (6,6), every element with every other; if that is not meant, give both one shape"
    out = capsys.readouterr().out
    assert f"different shapes in 0:05 prediction - y (column.py:6): {grown}\n" in out
    log = Path("output/column/steps.log").read_text()
    assert log.count(f"     !! {grown}\n") == 1
    assert log == log_text(tracer.open("output/column/trace.sqlite"))
