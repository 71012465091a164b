"""The scenario fruit-sgd and the classification report against scikit-learn, on data drawn by Hypothesis."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tracer
from tracer import EarlyStopping, Report, Scenario
from tracer.nn.summaries import classification_report

pytest.importorskip("sklearn")
pytestmark = pytest.mark.filterwarnings("ignore")

TOLERANCE = {"float64": 1e-12, "float32": 2e-5}
"""Tolerance relative to the largest weight or 1, whichever is larger."""


@st.composite
def problems(draw: st.DrawFn) -> dict[str, Any]:
    """Features, labels of both classes, and initial weights."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    examples, features = draw(st.integers(2, 20)), draw(st.integers(1, 5))
    y = rng.integers(0, 2, examples)
    y[:2] = 0, 1
    return {
        "x": rng.normal(draw(st.floats(-5, 5)), draw(st.floats(0.1, 10)), (examples, features)),
        "y": rng.permutation(y),
        "w": rng.normal(size=features) if draw(st.booleans()) else np.zeros(features),
        "b": float(rng.normal()) if draw(st.booleans()) else 0.0,
    }


def ours(problem: dict[str, Any], **changes: Any) -> Scenario:
    data = {"x": problem["x"], "x_train": problem["x"], "y": problem["y"]}
    return replace(
        tracer.load("fruit-sgd"), data=lambda: data, parameters={"w": problem["w"], "b": problem["b"]}, report=Report(),
        shuffle=False, **changes,
    )  # fmt: skip


def theirs(problem: dict[str, Any], dtype: str, **changes: Any) -> tuple[Any, Any]:
    """A scaler and a classifier, fitted from the same initial weights."""
    from sklearn.linear_model import SGDClassifier
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(problem["x"].astype(dtype))
    classifier = SGDClassifier(shuffle=False, **changes)
    classifier.fit(
        scaler.transform(problem["x"].astype(dtype)), problem["y"],
        coef_init=problem["w"].astype(dtype)[None], intercept_init=np.array([problem["b"]], dtype),
    )  # fmt: skip
    return scaler, classifier


@given(problem=problems(), epochs=st.integers(1, 6), alpha=st.floats(1e-5, 0.1), dtype=st.sampled_from(["float64", "float32"]))
@settings(max_examples=60)
def test_scaler_and_weights(problem: dict[str, Any], epochs: int, alpha: float, dtype: str) -> None:
    scenario = ours(problem, epochs=epochs, stopping=None, settings={"alpha": alpha})
    trace = tracer.run(scenario, dtype=dtype)
    scaler, classifier = theirs(problem, dtype, alpha=alpha, max_iter=epochs, tol=None)
    assert len(trace.steps) == epochs * len(problem["y"])
    step = trace.steps[-1]
    tolerance = TOLERANCE[dtype]
    np.testing.assert_allclose(step.node("mean").value, scaler.mean_, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(step.node("scale").value, scaler.scale_, rtol=tolerance)
    largest = max(1.0, np.abs(classifier.coef_).max(), np.abs(classifier.intercept_).max())
    np.testing.assert_allclose(step.updated("w"), classifier.coef_[0], rtol=0, atol=tolerance * largest)
    np.testing.assert_allclose(step.updated("b"), classifier.intercept_[0], rtol=0, atol=tolerance * largest)


@given(problem=problems(), tolerance=st.sampled_from([1e-4, 1e-3, 1e-2, 0.1]), patience=st.integers(1, 6))
@settings(max_examples=40)
def test_early_stopping_epoch(problem: dict[str, Any], tolerance: float, patience: int) -> None:
    rule = EarlyStopping(monitor="loss", tolerance=tolerance, patience=patience)
    trace = tracer.run(ours(problem, epochs=50, stopping=rule))
    _, classifier = theirs(problem, "float64", max_iter=50, tol=tolerance, n_iter_no_change=patience)
    assert len(trace.steps) // len(problem["y"]) == classifier.n_iter_
    np.testing.assert_allclose(trace.steps[-1].updated("w"), classifier.coef_[0], rtol=0, atol=1e-10)


@given(classes=st.integers(1, 5), examples=st.integers(1, 40), seed=st.integers(0, 2**32), offset=st.sampled_from([0, -2, 98]))
@settings(max_examples=80)
def test_classification_report(classes: int, examples: int, seed: int, offset: int) -> None:
    from sklearn import metrics

    rng = np.random.default_rng(seed)
    labels, predicted = offset + rng.integers(0, classes, (2, examples))
    expected = metrics.classification_report(labels, predicted, zero_division=0).rstrip("\n")
    if not np.any(labels == predicted):
        # If no prediction is correct, scikit-learn 1.9 prints the support as 1.0.
        expected = re.sub(r"(\d+)\.0$", r"  \1", expected, flags=re.MULTILINE)
    assert classification_report(labels, predicted) == expected
