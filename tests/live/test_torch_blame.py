"""What made a number of a PyTorch program NaN or infinite, and where two runs part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from tracer.analysis.blame import first_culprit  # noqa: E402
from tracer.analysis.diff import first_difference  # noqa: E402
from tracer.graph.record import Trace  # noqa: E402
from tracer.torch import record  # noqa: E402
from tracer.views.text.blame import Request, blame_lines  # noqa: E402


def in_forward() -> None:
    x = torch.tensor([1.0], requires_grad=True)
    optimizer = torch.optim.SGD([x], lr=0.1)
    y = torch.sqrt(x - 2)  # the first
    y = torch.sqrt(y)
    y.sum().backward()
    optimizer.step()


def in_backward() -> None:
    w = torch.tensor([0.0, 1.0], requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)
    n = w.pow(2)
    s = torch.sqrt(n)  # the first
    (s * 2).sum().backward()
    optimizer.step()


def in_update() -> None:
    w = torch.ones(2, requires_grad=True)
    (w * 3).sum().backward()
    with torch.no_grad():
        rate = w.grad - w.grad
        w -= w.grad / rate  # the first


def behind_a_mask() -> None:
    """The -inf of a mask reaches no gradient; what is in memory before it is written neither."""
    w = torch.ones(3, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)
    scores = (w * 2).masked_fill(torch.tensor([True, False, False]), float("-inf"))
    memory = torch.full((3,), float("nan"))
    memory.copy_(torch.softmax(scores, 0))
    (w.log() / 0 * memory.detach().double().float()).nansum().backward()  # the first
    optimizer.step()


def trace_of(program: Callable[[], Any]) -> Trace:
    torch.manual_seed(1)
    with record(values="all") as run:
        program()
    return run.trace


def line_of(program: Callable[[], Any]) -> int:
    """The line that says it is the first."""
    import inspect

    lines, start = inspect.getsourcelines(program)
    return start + next(k for k, line in enumerate(lines) if "# the first" in line)


@pytest.mark.parametrize(
    ("program", "op", "phase"),
    [(in_forward, "aten.sqrt", "loss"), (in_backward, "aten.div.Tensor", "backward"), (in_update, "aten.div.Tensor", "update")],
)
def test_the_first_bad_value(program: Callable[[], Any], op: str, phase: str) -> None:
    trace = trace_of(program)
    found = first_culprit(trace)
    assert found is not None
    assert found.node.source is not None
    assert (found.node.op, found.node.phase.value, found.node.source.line) == (op, phase, line_of(program))
    assert found.is_certain
    text = "\n".join(blame_lines(trace, found, Request()))
    assert "not known here" not in text
    if phase == "backward":
        assert "s = sqrt(n)" in text


def test_what_is_discarded_is_passed_over() -> None:
    found = first_culprit(trace_of(behind_a_mask))
    assert found is None or (found.node.source is not None and found.node.source.line == line_of(behind_a_mask))


def trained(activation: Callable[[Any], Any] = torch.relu, rate: float = 0.1, seed: int = 1) -> Trace:
    def program() -> None:
        torch.manual_seed(seed)
        net = torch.nn.Linear(3, 2)
        optimizer = torch.optim.SGD(net.parameters(), lr=rate, momentum=0.9)
        for _ in range(2):
            x = torch.ones(4, 3)
            optimizer.zero_grad()
            activation(net(x)).pow(2).mean().backward()
            optimizer.step()

    return trace_of(program)


def test_two_runs_agree() -> None:
    assert first_difference(trained(), trained()) is None


@pytest.mark.parametrize(
    ("other", "step", "op", "what"),
    [
        ({"activation": torch.tanh}, 0, "aten.relu", "op"),
        ({"rate": 0.2}, 0, "aten.add_.Tensor", "inputs"),
        ({"seed": 2}, 0, "parameter", "value"),
    ],
)
def test_where_two_runs_part(other: dict[str, Any], step: int, op: str, what: str) -> None:
    trace = trained()
    found = first_difference(trace, trained(**other))
    assert found is not None
    assert found.node is not None
    assert (found.step, trace.step(found.step).nodes[found.node].op, found.what) == (step, op, what)
