"""Steps that do the same as one before are made from its form: they are the same as steps that are made afresh."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from programs_torch import PROGRAMS  # noqa: E402

from tracer.graph.record import Node, Step  # noqa: E402
from tracer.torch import record  # noqa: E402
from tracer.torch.steps import repeating  # noqa: E402


def sliced_batches() -> Any:
    """Numbers of its own in every step: slices, a schedule, a penalty that grows, a learning rate that falls."""
    x, y = torch.randn(24, 3), torch.randn(24, 1)
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Dropout(0.5), torch.nn.Linear(4, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    for k in range(5):
        batch = slice(4 * k, 4 * k + 4)
        xb, yb = x[batch], y[batch]
        penalty = model[0].weight.square().sum() * (k * 0.5)
        loss = (model(xb) - yb).square().mean() + penalty * 1e-3 + x[k].sum() * 0
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return model


def numbers_in_names() -> Any:
    """A number that is a part of the name of a gradient, of another type or sign in some steps."""
    w = torch.nn.Parameter(torch.ones(3))
    optimizer = torch.optim.SGD([w], lr=0.1)
    for factor in (2, 2, 2.0, 3.0, 3.0, 0.0, -0.0, float("nan")):
        loss = torch.sin(w * factor).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return [w]


def branches() -> Any:
    """Steps that differ in the function that computes the loss, in their shapes, and in what is trained."""

    def one_way(model: Any, x: Any) -> Any:
        error = model(x).square()
        return error.sum()

    def another_way(model: Any, x: Any) -> Any:
        squares = model(x).square()
        return squares.sum()

    model, other = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
    optimizer = torch.optim.SGD([*model.parameters(), *other.parameters()], lr=0.1)
    for k in range(12):
        trained, way = (model, other)[k % 4 > 1], (one_way, another_way)[k % 2]
        loss = way(trained, torch.ones(2 + k // 6, 3))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


OWN = {each.__name__: each for each in (sliced_batches, numbers_in_names, branches)}
CHOSEN = ("gpt", "gan", "no_optimizer", "accumulation", "grad_scaler_float16", "in_place", "loader", "closure_sgd")


def trained_twice(program: Callable[[], Any]) -> list[Step]:
    torch.manual_seed(1)
    with record(values="all") as run:
        for _ in range(2):
            program()
    return list(run.trace.steps)


def all_of(node: Node) -> tuple[Any, ...]:
    value = node.value.tobytes() if "empty" not in node.op else b""
    return (
        node.id, node.op, repr(node.inputs), repr(node.parameters), value, node.shape, node.dtype, node.phase, node.name,
        node.formula, node.scope, node.source, node.gradient_of, node.rule_of,
    )  # fmt: skip


@pytest.mark.parametrize("name", [*OWN, *CHOSEN])
def test_a_step_of_a_known_form_is_the_step_made_afresh(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = {**PROGRAMS, **OWN}[name]
    made: list[int] = []
    form_of = repeating.form_of
    monkeypatch.setattr(repeating, "form_of", lambda *given: made.append(1) or form_of(*given))
    quick = trained_twice(program)
    count = len(made)
    monkeypatch.setattr(repeating._Known, "own_of", lambda *_: None)
    afresh = trained_twice(program)
    assert len(quick) == len(afresh) == len(made) - count > count
    for step, other in zip(quick, afresh, strict=True):
        assert (step.loss_id, list(step.gradients.items()), list(step.updates.items()), repr(step.metrics)) == (
            other.loss_id, list(other.gradients.items()), list(other.updates.items()), repr(other.metrics)
        )  # fmt: skip
        for node, same in zip(step.nodes, other.nodes, strict=True):
            assert all_of(node) == all_of(same)
