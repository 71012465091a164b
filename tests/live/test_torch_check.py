"""`tracer check` of PyTorch programs: planted faults are found and named, and what a program does on purpose is told apart."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

import tracer  # noqa: E402
from support.cli import run  # noqa: E402
from tracer.analysis.step_gradients import StepGradients, Verdict  # noqa: E402
from tracer.cli.closing.verdicts import verdict_on_recorded  # noqa: E402
from tracer.graph.record import Step  # noqa: E402
from tracer.i18n.message import Message  # noqa: E402
from tracer.torch import check_steps, record  # noqa: E402
from tracer.torch.checking.slopes import slope  # noqa: E402

nn = torch.nn
Module: Any = nn.Module
Function: Any = torch.autograd.Function
LINES = Path(__file__).read_text().splitlines()


def here(mark: str) -> str:
    """The line of this file that ends with a comment."""
    (line,) = (number for number, text in enumerate(LINES, 1) if text.endswith(f"# {mark}"))
    return f"{Path(__file__).name}:{line}"


def checked(program: Callable[[], Any], steps: int = 1) -> StepGradients:
    torch.manual_seed(1)
    with warnings.catch_warnings(), record(values="all", steps=range(steps)) as recording:
        warnings.simplefilter("ignore")
        program()
    return check_steps(recording.trace.steps)


class Net(Module):
    """Two layers with a function between them."""

    def __init__(self, between: Callable[[Any], Any] = torch.tanh) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(3, 4), nn.Linear(4, 2)
        self.between = between

    def forward(self, x: Any) -> Any:
        return self.second(self.between(self.first(x)))


def nothing(net: Any) -> None:
    return None


def train(
    net: Any, *, steps: int = 1, forward: Any = None, before: Any = nothing, after: Any = nothing, zero: bool = True
) -> None:
    """Train; `before` and `after` run before and after the backward pass."""
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(steps):
        x, y = torch.randn(6, 3), torch.randint(0, 2, (6,))
        loss = nn.functional.cross_entropy((forward or net)(x), y)
        if zero:
            optimizer.zero_grad()
        before(net)
        loss.backward()
        after(net)
        optimizer.step()


def function(forward: Callable[[Any], Any], backward: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    """A torch.autograd.Function of one value."""

    class Own(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return forward(x)

        @staticmethod  # backward
        def backward(ctx: Any, g: Any) -> Any:
            return backward(g, ctx.saved_tensors[0])

    apply: Callable[[Any], Any] = Own.apply
    return apply


OWN = f"OwnBackward ({here('backward')})"


def cube(x: Any) -> Any:
    return x * x * x


def slope_but_one(g: Any, x: Any) -> Any:
    found = g * 3 * x * x
    found[2, 1] *= 1.5
    return found


def through_numpy(g: Any, x: Any) -> Any:
    return torch.from_numpy(g.numpy() * 2 * x.numpy() ** 2)


WRONG = {
    "factor": function(cube, lambda g, x: g * 2 * x * x),
    "one element": function(cube, slope_but_one),
    "missing term": function(lambda x: x.softmax(1), lambda g, x: g * x.softmax(1)),
    "sign": function(torch.sin, lambda g, x: -g * torch.cos(x)),
    "computed by NumPy": function(cube, through_numpy),
}
"""Functions whose backward pass is not the derivative."""


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_function_is_named(name: str) -> None:
    """With its line, the element that is off most and both numbers; the layers before it are wrong, those after it are right."""
    found = checked(lambda: train(Net(WRONG[name])))
    (finding,) = found.findings
    assert (finding.verdict, finding.rule, finding.value) == (Verdict.WRONG, OWN, "out(first)")
    assert finding.element is not None
    verdicts = {each.name: each.verdict for each in found.parameters}
    assert verdicts.pop("second.weight") is verdicts.pop("second.bias") is Verdict.RIGHT
    assert set(verdicts.values()) == {Verdict.WRONG}
    ratio = {"factor": 2 / 3, "one element": 1.5, "sign": -1, "computed by NumPy": 2 / 3}.get(name)
    if ratio is not None:
        assert finding.element.found / finding.element.expected == pytest.approx(ratio, rel=1e-4)
    if name == "one element":
        assert finding.element.index == (2, 1)


class Product(Function):
    """A product whose backward pass is transposed wrongly."""

    @staticmethod
    def forward(ctx: Any, x: Any, w: Any) -> Any:
        ctx.save_for_backward(x, w)
        return x @ w

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, w = ctx.saved_tensors
        return g @ w, x.T @ g


def test_one_wrong_gradient_of_two_is_named() -> None:
    net = Net()
    net.square = nn.Parameter(torch.randn(4, 4))
    net.between = lambda x: Product.apply(x, net.square)
    found = checked(lambda: train(net))
    assert [(each.rule.partition(" ")[0], each.value) for each in found.findings] == [("ProductBackward", "out(first)")]
    assert {each.name: each.verdict for each in found.parameters}["square"] is Verdict.RIGHT


def test_several_wrong_functions_are_all_named() -> None:
    """Also where the gradient that arrives at one is wrong already."""
    second = function(lambda x: x**2, lambda g, x: g * x)
    found = checked(lambda: train(Net(lambda x: second(WRONG["factor"](x)))))
    assert [each.value for each in found.findings] == ["x * x * x", "out(first)"]
    for finding, factor in zip(found.findings, (2, 3 / 2), strict=True):
        assert finding.element is not None
        assert finding.element.expected / finding.element.found == pytest.approx(factor)


@pytest.mark.parametrize("reentrant", [True, False])
def test_a_wrong_function_in_a_checkpoint_is_named(reentrant: bool) -> None:
    from torch.utils.checkpoint import checkpoint

    net = Net()

    def forward(x: Any) -> Any:
        hidden = checkpoint(lambda x: WRONG["factor"](net.first(x)), x.requires_grad_(), use_reentrant=reentrant)
        return net.second(hidden)

    found = checked(lambda: train(net, forward=forward))
    assert {each.rule for each in found.findings if each.verdict is Verdict.WRONG} == {OWN}


def write_weight(net: Any) -> None:
    net.second.weight.data.mul_(2)  # weight


def test_a_write_before_the_backward_pass_is_named() -> None:
    """The gradient is that of a value that was written over through `.data`."""
    found = checked(lambda: train(Net(), before=write_weight))
    (finding,) = found.findings
    assert (finding.verdict, finding.reason.code) == (Verdict.WRONG, "gradient_changed_memory")
    assert str(finding.reason.fields["place"]).endswith(here("weight"))
    wrong = {each.name for each in found.parameters if each.verdict is Verdict.WRONG}
    right = {each.name for each in found.parameters if each.verdict is Verdict.RIGHT}
    assert (wrong, right) == ({"first.weight", "first.bias"}, {"second.weight", "second.bias"})


def test_a_write_into_a_result_is_named() -> None:
    kept: list[Any] = []
    net = Net()

    def forward(x: Any) -> Any:
        kept.append(torch.tanh(net.first(x)))
        return net.second(kept[0])

    found = checked(lambda: train(net, forward=forward, before=lambda net: kept[0].data.zero_()))
    assert {each.reason.code for each in found.findings} == {"gradient_changed_memory"}
    assert found.verdict is Verdict.WRONG


def test_gradients_of_earlier_steps_are_found() -> None:
    found = checked(lambda: train(Net(), steps=2, zero=False), steps=2)
    assert {each.verdict for each in found.parameters if each.step == 0} == {Verdict.RIGHT}
    assert {each.reason.code for each in found.parameters if each.step == 1 and each.reason} == {"gradient_left_over"}
    assert found.verdict is Verdict.WRONG


# What a program does on purpose.


def with_hook(net: Any) -> None:
    net.first.weight.register_hook(lambda g: g * 2)  # hook


def edit(net: Any) -> None:
    net.first.weight.grad *= 3  # edit


def edit_one(net: Any) -> None:
    net.first.weight.grad[0, 0] = 5.0  # edit one


def clip(net: Any) -> None:
    nn.utils.clip_grad_norm_(net.parameters(), 0.1)  # clip


def notes(found: StepGradients) -> list[tuple[str, str]]:
    return [(each.what.code, each.place.rpartition("/")[2]) for each in found.notes]


@pytest.mark.parametrize(("after", "mark"), [(edit, "edit"), (edit_one, "edit one"), (clip, "clip")])
def test_a_gradient_that_is_edited_is_told(after: Any, mark: str) -> None:
    """With the line; backward gave the right one."""
    found = checked(lambda: train(Net(), after=after))
    assert notes(found) == [("gradient_edited", here(mark))]
    assert {each.verdict for each in found.parameters} == {Verdict.RIGHT}


def test_a_hook_is_told() -> None:
    net = Net()
    with_hook(net)
    found = checked(lambda: train(net))
    assert notes(found) == [("gradient_hook", here("hook"))]
    assert [each.name for each in found.parameters if each.verdict is Verdict.CHANGED] == ["first.weight"]


def test_what_is_before_a_hook_is_held_with_the_changed_gradient() -> None:
    """So that a fault there is found."""

    def between(x: Any) -> Any:
        x.register_hook(lambda g: g.clamp(-0.01, 0.01))
        return torch.tanh(x)

    assert checked(lambda: train(Net(between))).verdict is Verdict.RIGHT

    def wrong(x: Any) -> Any:
        return between(WRONG["factor"](x))

    (finding,) = checked(lambda: train(Net(wrong))).findings
    assert finding.rule == OWN


def detached(x: Any) -> Any:
    return torch.tanh(x).detach()


def without_gradients(x: Any) -> Any:
    with torch.no_grad():
        return torch.tanh(x)


@pytest.mark.parametrize(("between", "code"), [(detached, "gradient_detached"), (without_gradients, "gradient_no_grad")])
def test_where_gradients_are_stopped_is_told(between: Any, code: str) -> None:
    found = checked(lambda: train(Net(between)))
    assert [each.what.code for each in found.notes] == [code]
    stopped = {each.name: each.reason.code for each in found.parameters if each.verdict is Verdict.STOPPED and each.reason}
    assert stopped == dict.fromkeys(("first.weight", "first.bias"), "gradient_stopped_at")
    assert found.verdict is Verdict.RIGHT


def test_a_part_that_is_detached_is_a_constant() -> None:
    found = checked(lambda: train(Net(lambda x: x * torch.tanh(x).detach())))
    assert {each.verdict for each in found.parameters} == {Verdict.RIGHT}
    assert [each.what.code for each in found.notes] == ["gradient_detached"]


def test_a_parameter_that_the_loss_does_not_depend_on() -> None:
    net = Net()
    net.unused = nn.Linear(2, 2)
    found = checked(lambda: train(net))
    reasons = {each.name: each.reason.code for each in found.parameters if each.reason}
    assert reasons == dict.fromkeys(("unused.weight", "unused.bias"), "gradient_no_dependence")


ON_PURPOSE = {
    "gradient_straight_through": function(torch.round, lambda g, x: g * (x.abs() < 1)),
    "gradient_as_it_is": function(torch.clone, lambda g, x: -g),
}


@pytest.mark.parametrize("code", ON_PURPOSE)
def test_functions_that_replace_gradients_on_purpose(code: str) -> None:
    found = checked(lambda: train(Net(ON_PURPOSE[code])))
    assert [each.what.code for each in found.notes] == [code]
    assert found.verdict is Verdict.RIGHT


CANNOT_TELL = {
    "gradient_of_constant": function(lambda x: x.clamp(-0.3, 0.3), lambda g, x: g),
    "gradient_not_computed": function(lambda x: torch.from_numpy(x.numpy() ** 3), lambda g, x: g * 3 * x * x),
}


@pytest.mark.parametrize("code", CANNOT_TELL)
def test_in_doubt_it_cannot_be_told(code: str) -> None:
    """A clipped value with the whole gradient may be meant so; what NumPy computed is not on record."""
    found = checked(lambda: train(Net(CANNOT_TELL[code])))
    assert [(each.verdict, each.reason.code) for each in found.findings] == [(Verdict.UNKNOWN, code)]
    assert found.verdict is Verdict.UNKNOWN


def zeros(net: Any) -> Any:
    for each in net.first.parameters():
        nn.init.zeros_(each)
    return net


def largest(x: Any) -> Any:
    return torch.relu(x).abs().max(dim=1, keepdim=True).values + x


def test_kinks_and_exact_zeros_are_no_faults() -> None:
    """Of relu, abs and ties of a maximum, by PyTorch's operations and by a Function."""
    relu = function(lambda x: x.clamp(min=0), lambda g, x: g * (x > 0))
    assert checked(lambda: train(zeros(Net(largest)))).verdict is Verdict.RIGHT
    assert checked(lambda: train(zeros(Net(relu)))).verdict is Verdict.RIGHT


def test_a_gradient_that_is_not_finite_is_not_right() -> None:
    """Also where the derivative is infinite too: nothing is said of it."""

    def program() -> None:
        w = nn.Parameter(torch.tensor([0.0, 1.0]))
        optimizer = torch.optim.SGD([w], lr=0.1)
        torch.sqrt(w).sum().backward()
        optimizer.step()

    (row,) = checked(program).parameters
    assert row.reason is not None
    assert (row.verdict, row.reason.code) == (Verdict.UNKNOWN, "gradient_nan")


def test_rules_are_held_against_differences() -> None:
    """Those of PyTorch itself: here each of them, and in the middle of a kink none."""
    found = checked(lambda: train(Net()))
    assert found.by_differences == 7  # of two products, transposes of both weights, tanh, and the loss in two parts
    assert all((each.sums, each.elements) == (2, min(each.size, 4)) for each in found.parameters)
    assert slope(lambda t: (t * t + 3 * t, 1.0), 1e-7).value == pytest.approx(3, abs=1e-9)
    assert slope(lambda t: (abs(t), abs(t)), 1e-7).is_kink


class Conventions(Module):
    """A row for padding, and weights that are rounded: their derivatives are by definition not those of the values."""

    def __init__(self) -> None:
        super().__init__()
        self.rows, self.head = nn.Embedding(5, 4, padding_idx=0), nn.Linear(4, 2)
        with torch.no_grad():
            self.rows.weight[0] = 1.0

    def forward(self, x: Any) -> Any:
        weight = torch.fake_quantize_per_tensor_affine(self.head.weight, 0.1, 0, -8, 7)
        return self.rows(x.abs().long()).sum(1) @ weight.T + self.head.bias


def test_derivatives_by_convention_are_no_faults() -> None:
    found = checked(lambda: train(Conventions()))
    assert {each.name: each.verdict for each in found.parameters} == dict.fromkeys(
        ("rows.weight", "head.weight", "head.bias"), Verdict.RIGHT
    )


@pytest.mark.parametrize("function", [nn.functional.dropout, lambda x: nn.functional.rrelu(x, training=True), torch.bernoulli])
def test_random_numbers_are_those_that_were_drawn(function: Any) -> None:
    """The generator of the process has the same state afterwards."""
    found = checked(lambda: train(Net(lambda x: function(torch.sigmoid(x)) + x)))
    assert {each.verdict for each in found.parameters} == {Verdict.RIGHT}
    assert not found.findings
    state = torch.get_rng_state()
    checked(lambda: train(Net(nn.Dropout(0.3))))
    torch.manual_seed(1)
    train(Net(nn.Dropout(0.3)))
    after = torch.get_rng_state()
    torch.set_rng_state(state)
    checked(lambda: train(Net(nn.Dropout(0.3))))
    assert torch.equal(torch.get_rng_state(), after)


def test_gradient_of_a_view_that_is_taken_twice_is_whole() -> None:
    torch.manual_seed(1)
    w = nn.Parameter(torch.randn(3, 3))
    with record(values="all") as recording:
        optimizer = torch.optim.SGD([w], lr=0.1)
        (torch.tanh(torch.ones(2, 3) @ w.t()) @ w.t()).sum().backward()
        optimizer.step()
    (step,) = recording.trace.steps
    (transpose,) = (node for node in step.nodes if node.op == "aten.t" and node.phase in ("forward", "loss"))
    gradient = step.nodes[step.gradients[transpose.id]].value
    assert gradient == pytest.approx(step.nodes[step.gradients[step.parameters[0].id]].value.T)


# The command.

PROGRAM = """
import torch

class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x ** 3

    @staticmethod
    def backward(ctx, g):
        return g * 2 * ctx.saved_tensors[0] ** 2

torch.manual_seed(0)
w = torch.nn.Parameter(torch.tensor([1.0, 2.0]))
optimizer = torch.optim.SGD([w], lr=0.01)
for step in range(1000):
    optimizer.zero_grad()
    h = w * 2
    loss = Cube.apply(h).sum()
    loss.backward()
    optimizer.step()
    print(step)
    assert step < 900
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("train.py").write_text(PROGRAM)
    return Path("train.py")


def test_command(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It runs the first steps only, prints nothing of the program, and exits with 1."""
    assert run("check", "train.py") == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["parameter", "shape", "method", "numbers", "error", "verdict"]
    assert lines[1].split() == ["w", "(2,)", "differences", "2", "+", "1", "sum", "3.3e-01", "WRONG"]
    assert lines[2] == "wrong: 1 of 1 gradient, 1 of 6 rules"
    assert lines[3] == "the gradient with respect to w is 64 at [1], expected 96 by differences"
    assert lines[4].startswith("CubeBackward (train.py:10), train.py:8: the gradient of h that it gives back is wrong: it is 32 ")
    program.write_text(PROGRAM.replace("g * 2", "g * 3"))
    assert run("check", "train.py", "--steps", "3") == 0
    assert "right: all agree to 1e-05 in 3 steps, and so does each of 9 rules by itself" in capsys.readouterr().out


def test_command_on_a_record(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By its name, with the same findings, in Chinese and as JSON."""
    assert run("trace", "train.py", "--record", "0,1", "-q", "--format", "log") == 3
    assert str(tracer.open("output/train/trace.sqlite").verdict).startswith("the gradients of step 0 are wrong")
    capsys.readouterr()
    assert run("check", "train.py") == 1
    text = capsys.readouterr().out
    for name in ("train", "output/train", "output/train/trace.sqlite"):
        assert run("check", name) == 1
        assert capsys.readouterr().out == text
    assert run("check", "train", "--json") == 1
    data = json.loads(capsys.readouterr().out)
    assert (data["verdict"], data["findings"][0]["found"]) == ("wrong", 32.0)
    assert data["findings"][0]["expected"] == pytest.approx(48)
    assert run("check", "train", "--lang", "zh") == 1
    assert "错误" in capsys.readouterr().out


def one_step(net: Any, values: str = "all") -> Step:
    torch.manual_seed(1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    with record(values=values, steps=range(1)) as recording:
        net(torch.randn(5, 3)).square().mean().backward()
        optimizer.step()
    step: Step = recording.trace.steps[0]
    return step


def test_what_the_end_of_a_run_says_of_the_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    """Right, or why not all of it; and why there was no check."""

    def verdict_on(net: Any, values: str = "all") -> Message:
        found = verdict_on_recorded(one_step(net, values), check_steps)()
        assert found is not None
        return found

    right, found = verdict_on(Net()), check_steps([one_step(Net())])
    assert right.code == "recorded_check_right"
    assert (right.fields["parameters"], right.fields["rules"]) == (len(found.parameters), found.rules) and found.rules
    stopped = verdict_on(Net(detached))
    assert (stopped.code, stopped.fields["others"]) == ("recorded_check_others", 2)
    assert "stops or changes the gradients of 2 others" in str(stopped)
    assert verdict_on(Net(function(lambda x: x**3, slope_but_one))).code == "check_wrong"
    assert verdict_on(Net(CANNOT_TELL["gradient_not_computed"])).code == "check_not_judged"
    assert verdict_on(Net(), values="structure").code == "check_without_values"
    monkeypatch.setattr("tracer.cli.closing.verdicts.MAX_NUMBERS", 100)
    assert verdict_on(Net()).code == "check_too_large"


def test_errors(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line each: a record without values, a program that fails or does not train, options of others."""
    program.write_text(PROGRAM.replace("torch.tensor([1.0, 2.0])", "torch.ones(200)"))
    run("trace", "train.py", "--record", "0", "-q", "--format", "log", "--values", "structure")
    capsys.readouterr()
    assert run("check", "train") == 2
    assert "step 0 is not on record with all its values: record it with --values all" in capsys.readouterr().err
    assert run("check", "train", "--seed", "3") == 2
    assert run("check", "train.py", "--loss", "loss") == 2
    capsys.readouterr()
    for text, why in (
        ("raise KeyError('lost')", "train.py:2: raise KeyError('lost'): KeyError: 'lost'"),
        ("y = torch.nn.Linear(2, 3)(torch.ones(4, 5))", "torch.nn.Linear(2, 3)(torch.ones(4, 5)): RuntimeError: "
         "mat1 and mat2 shapes cannot be multiplied (4x5 and 2x3)"),
        ("torch.ones(2)", "no backward() ran"),
    ):  # fmt: skip
        program.write_text(f"import torch\n{text}\n")
        assert run("check", "train.py") == (2 if "backward" in why else 3)
        said = capsys.readouterr().err.strip()
        assert said.startswith("tracer: train.py ended before its first update: ")
        assert said.endswith(why)
    assert run("trace", "linear-regression", "-q", "--format", "log", "--steps", "1") == 0
    Path("linear-regression").mkdir()
    assert run("check", "linear-regression") == 0  # the scenario
    assert run("check", "output/linear-regression") == 2
    assert "is the record of a program or scenario of NumPy" in capsys.readouterr().err


def test_file_and_memory_give_the_same(tmp_path: Path) -> None:
    torch.manual_seed(1)
    with record(values="all", steps=[0]) as recording:
        train(Net(WRONG["factor"]))
    tracer.save(recording.trace, tmp_path / "run.sqlite")
    assert check_steps(tracer.open(tmp_path / "run.sqlite").steps) == check_steps(recording.trace.steps)
