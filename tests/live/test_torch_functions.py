"""A wrong backward pass of a torch.autograd.Function is found, and no other program is accused."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from programs_torch import PROGRAMS  # noqa: E402

import tracer  # noqa: E402
from tracer.analysis.step_gradients import Verdict  # noqa: E402
from tracer.graph.record import Trace  # noqa: E402
from tracer.torch import check_functions, check_steps, record  # noqa: E402


def trace_of(program: Callable[[], Any]) -> Trace:
    torch.manual_seed(1)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), record(values="all", steps=[0]) as run:
        warnings.simplefilter("ignore")
        program()
    return run.trace


Function: Any = torch.autograd.Function


class Cube(Function):
    factor = 3.0

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        return g * Cube.factor * x * x  # the slope


class Pair(Function):
    """Two results of two values."""

    sign = 1.0

    @staticmethod
    def forward(ctx: Any, x: Any, y: Any) -> Any:
        ctx.save_for_backward(x, y)
        return x * y, torch.sin(x)

    @staticmethod
    def backward(ctx: Any, g: Any, h: Any) -> Any:
        x, y = ctx.saved_tensors
        return g * y + Pair.sign * h * torch.cos(x), g * x


def cube() -> None:
    net = torch.nn.Linear(3, 2)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    Cube.apply(net(torch.randn(6, 3))).pow(2).mean().backward()
    optimizer.step()


def pair() -> None:
    net = torch.nn.Linear(3, 2)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    x = net(torch.randn(6, 3))
    product, sine = Pair.apply(x, torch.tanh(net(torch.randn(6, 3))))
    (product.square().mean() + (sine * sine.detach()).sum()).backward()
    optimizer.step()


@pytest.mark.parametrize(("program", "count"), [(cube, 1), (pair, 2)])
def test_right_functions(program: Callable[[], Any], count: int) -> None:
    found = check_functions(trace_of(program).steps[0])
    assert (found.right, found.not_judged, found.wrong) == (count, 0, ())


def test_a_wrong_function_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With the line of its backward pass, also from a file."""
    monkeypatch.setattr(Cube, "factor", 2.0)
    tracer.save(trace_of(cube), tmp_path / "run.sqlite")
    (wrong,) = check_functions(tracer.open(tmp_path / "run.sqlite").steps[0]).wrong
    lines = Path(__file__).read_text().splitlines()
    slope = next(k for k, text in enumerate(lines, 1) if "# the slope" in text)
    first = max(k for k in range(1, slope) if "@staticmethod" in lines[k - 1])
    assert wrong.function == f"CubeBackward ({Path(__file__).name}:{first})"
    assert wrong.found == pytest.approx(wrong.expected * 2 / 3, rel=1e-5)


def test_a_wrong_part_of_a_function_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pair, "sign", -1.0)
    found = check_functions(trace_of(pair).steps[0])
    assert [each.function.partition(" ")[0] for each in found.wrong] == ["PairBackward"]
    assert found.right == 1


BY_TRANSFORM = ("functional_training", "gradients_of_arguments")
"""Programs that are differentiated by torch.func."""

NOT_TOLD = {
    "vector_backward": "gradients of only some of its inputs",
    "numpy_shares_memory": "NumPy writes over what the backward pass reads, which is not recorded",
    "nested": "a class of tensors with gradients of its own",
    **dict.fromkeys(BY_TRANSFORM, "through what torch.func passes a gradient"),
}
"""Programs of which the check says that it cannot tell."""


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_program_is_accused(name: str) -> None:
    """Nor by the check of all gradients, which are right unless they are listed. PyTorch differentiates a scripted function
    itself once it was profiled, in whatever test.
    """
    steps = trace_of(PROGRAMS[name]).steps
    for step in steps:
        assert not check_functions(step).wrong
    found = check_steps(steps)
    allowed = {Verdict.UNKNOWN, Verdict.RIGHT} if name == "scripted" else {Verdict.UNKNOWN if name in NOT_TOLD else Verdict.RIGHT}
    assert found.verdict in allowed, (found.parameters, found.findings)
    assert name not in BY_TRANSFORM or not found.notes
