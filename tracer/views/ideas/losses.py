"""Losses: functions of a prediction and a target with a rule of their own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from tracer.views.ideas.activations import EXPONENTIALS
from tracer.views.ideas.ideas import Case, Idea, sigmoid, softmax

SQUARES = frozenset({"square", "power", "pow", "multiply", "mul", "mse_loss", "dot", "matmul", "inner", "vdot", "norm", "einsum"})
LOGARITHMS = frozenset({"log", "log2", "log1p", "binary_cross_entropy", "nll_loss_forward", "logaddexp", *EXPONENTIALS})
WITH_LOGITS = LOGARITHMS | {"binary_cross_entropy_with_logits", "softplus"}


def losses(case: Case) -> Iterator[Idea]:
    """The losses that a value of x and y may be of."""
    x, y = case.x, case.y
    if case.out.size != 1:
        return
    if x.shape == y.shape:
        yield from _squared(x)
        yield _absolute(x.size)
        yield from _binary(x.size)
        if x.ndim == 2:
            yield _of_rows(len(x))
    if x.ndim == 2 and y.dtype.kind in "iu" and y.shape == x.shape[:1] and y.min() >= 0 and y.max() < x.shape[1]:
        yield from _of_labels(len(x))


def _over(count: int) -> str:
    return f" / {count}" if count > 1 else ""


def _squared(x: np.ndarray) -> Iterator[Idea]:
    """Multiples of the sum of squared differences."""
    size, rows = x.size, len(x) if x.ndim else 1
    square = "({x} - {y}) ** 2"
    forms: list[tuple[float, str, str, int]] = [(1.0, square, "2 * ", 1), (0.5, f"{square} / 2", "", 1)]
    if size > 1:
        forms = [
            (1 / size, f"mean({square})", "2 * ", size), (0.5 / size, f"mean({square}) / 2", "", size),
            (1 / rows, f"sum({square}) / {rows}", "2 * ", rows), (0.5 / rows, f"sum({square}) / {2 * rows}", "", rows),
            (1.0, f"sum({square})", "2 * ", 1), (0.5, f"sum({square}) / 2", "", 1),
        ]  # fmt: skip
    for factor, formula, twice, divisor in forms:
        yield Idea(
            "mean squared error" if formula.startswith("mean") else "squared error", formula,
            f"g * {twice}({{x}} - {{y}}){_over(divisor)}",
            partial(_sum_of_squares, factor), partial(_difference, factor), SQUARES,
        )  # fmt: skip


def _sum_of_squares(factor: float, x: np.ndarray, y: np.ndarray) -> Any:
    return factor * ((x - y) ** 2).sum()


def _difference(factor: float, x: np.ndarray, y: np.ndarray, out: np.ndarray, g: np.ndarray) -> Any:
    return g * 2 * factor * (x - y)


def _absolute(size: int) -> Idea:
    return Idea(
        "mean absolute error", "mean(abs({x} - {y}))", f"g * sign({{x}} - {{y}}){_over(size)}",
        lambda x, y: np.abs(x - y).mean(), lambda x, y, out, g: g * np.sign(x - y) / size,
        frozenset({"absolute", "abs", "fabs", "l1_loss"}),
    )  # fmt: skip


def _binary(size: int) -> Iterator[Idea]:
    """Losses of probabilities of one class, and of their logits."""
    yield Idea(
        "binary cross entropy", "mean(-log(p))\np = {x} if {y} else 1 - {x}",
        f"g * ({{x}} - {{y}}) / ({{x}} * (1 - {{x}})){_over(size)}",
        lambda x, y: np.mean(-(y * np.log(x) + (1 - y) * np.log(1 - x))),
        lambda x, y, out, g: g * (x - y) / (x * (1 - x)) / size, LOGARITHMS,
    )  # fmt: skip
    yield Idea(
        "sigmoid, binary cross entropy", "s = sigmoid({x})\nmean(-log(p))\np = s if {y} else 1 - s",
        f"g * (s - {{y}}){_over(size)}",
        lambda x, y: np.mean(np.logaddexp(0, x) - x * y), lambda x, y, out, g: g * (sigmoid(x) - y) / size, WITH_LOGITS,
    )  # fmt: skip


def _of_rows(count: int) -> Idea:
    return Idea(
        "softmax, cross entropy", "p = softmax({x})\nmean(-sum({y} * log(p)))", f"g * (p - {{y}}){_over(count)}",
        lambda x, y: np.mean(-(y * np.log(softmax(x))).sum(axis=-1)),
        lambda x, y, out, g: g * (softmax(x) - y) / count, LOGARITHMS,
    )  # fmt: skip


def _hot(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.asarray((y[:, None] == np.arange(x.shape[1])).astype(x.dtype))


def _of_labels(count: int) -> Iterator[Idea]:
    """Losses of integer labels."""
    yield Idea(
        "softmax, cross entropy", "p = softmax({x})\nmean(-log(p[{y}]))", f"g * (p - onehot({{y}})){_over(count)}",
        lambda x, y: np.mean(-np.log(softmax(x))[np.arange(count), y]),
        lambda x, y, out, g: g * (softmax(x) - _hot(x, y)) / count, LOGARITHMS,
    )  # fmt: skip
    yield Idea(
        "negative log-likelihood", "mean(-{x}[{y}])", f"-g * onehot({{y}}){_over(count)}",
        lambda x, y: np.mean(-x[np.arange(count), y]), lambda x, y, out, g: -g * _hot(x, y) / count,
        frozenset({"getitem", "nll_loss_forward", "take_along_axis", "take", "index"}),
    )  # fmt: skip
    yield Idea(
        "negative log-likelihood", "mean(-log({x}[{y}]))", f"-g * onehot({{y}}) / {{x}}{_over(count)}",
        lambda x, y: np.mean(-np.log(x[np.arange(count), y])), lambda x, y, out, g: -g * _hot(x, y) / x / count, LOGARITHMS,
    )  # fmt: skip
