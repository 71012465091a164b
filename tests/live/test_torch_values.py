"""What a recording of a PyTorch program keeps: value modes, chosen steps, a budget, a file that is written as it runs."""

from __future__ import annotations

import gc
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from programs_torch import PROGRAMS  # noqa: E402
from torch.nn.modules.module import _global_forward_hooks  # noqa: E402

import tracer  # noqa: E402
from tracer.errors import TraceFileError, UsageError  # noqa: E402
from tracer.graph.record import Trace  # noqa: E402
from tracer.graph.validation import validate  # noqa: E402
from tracer.store import format as store_format  # noqa: E402
from tracer.torch import record, snapshots  # noqa: E402

MODES = ("all", "sampled", "summary", "structure", "none")


def net(width: int = 16) -> Any:
    return torch.nn.Sequential(torch.nn.Linear(4, width), torch.nn.Tanh(), torch.nn.Linear(width, 1))


def train(model: Any, steps: int) -> list[float]:
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    losses = []
    for _ in range(steps):
        loss = model(torch.randn(8, 4)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def recorded(steps: int = 6, **options: Any) -> tuple[Trace, list[float], list[bytes]]:
    """The record of a training, its losses, and the bits of its weights."""
    torch.manual_seed(3)
    model = net()
    with record(model, **options) as run:
        losses = train(model, steps)
    return run.trace, losses, [each.detach().clone().numpy().tobytes() for each in model.parameters()]


@pytest.mark.parametrize("values", MODES)
@pytest.mark.parametrize(
    "name", ["gpt", "resnet", "gan", "no_optimizer", "lbfgs", "low_precision_weights", "sparse_gradients", "own_mode"]
)
def test_same_bits_in_every_mode(name: str, values: str) -> None:
    def trained(**options: Any) -> list[bytes]:
        torch.manual_seed(1)
        if options:
            with record(**options):
                found = PROGRAMS[name]()
        else:
            found = PROGRAMS[name]()
        tensors = found.parameters() if isinstance(found, torch.nn.Module) else found
        return [each.detach().reshape(-1).view(torch.uint8).numpy().tobytes() for each in tensors]

    assert trained(values=values) == trained()


@pytest.mark.parametrize("values", MODES[:-1])
def test_every_mode_has_structure_and_losses(values: str, tmp_path: Path) -> None:
    """Nodes, names and formulas are the same in all modes, and files of all modes open."""
    full, losses, _ = recorded(values="all")
    trace, _, _ = recorded(values=values, file=tmp_path / "run.sqlite")
    validate(trace)
    assert [np.float32(step.loss) for step in trace.steps] == [np.float32(each) for each in losses]
    for step, other in zip(full.steps, trace.steps, strict=True):
        assert [(n.name, n.formula, n.shape, n.dtype) for n in step.nodes] == [
            (n.name, n.formula, n.shape, n.dtype) for n in other.nodes
        ]
        for node, seen in zip(step.nodes, other.nodes, strict=True):
            if seen.is_kept:
                assert seen.value.tobytes() == node.value.tobytes()
            elif values != "structure":
                assert seen.summary == node.summary
    kept = [all(node.is_kept for node in step.nodes) for step in trace.steps]
    assert kept == {"all": [True] * 6, "sampled": [True, False] * 3}.get(values, [False] * 6)


def test_shapes_only_are_no_statistics(tmp_path: Path) -> None:
    """Nobody looked at the values: no statistic is shown; a tracer of before refuses the file in one line."""
    trace, _, _ = recorded(values="structure", file=tmp_path / "run.sqlite")
    node = next(node for node in trace.steps[0].nodes if not node.is_kept)
    assert np.isnan([node.summary.minimum, node.summary.mean, node.summary.l2]).all()
    with pytest.raises(UsageError, match="only a summary"):
        _ = node.value
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store_format, "MINOR_VERSIONS", {store_format.READER: 1})
        with pytest.raises(TraceFileError, match="newer version of tracer"):
            tracer.open(tmp_path / "run.sqlite")


def test_loss_of_a_backward_pass_from_many_values_is_known_with_shapes_only() -> None:
    """It is their sum, weighted with the gradients that are given, though the values are not kept."""
    model = torch.nn.Linear(3, 40)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    weights = torch.randn(5, 40)
    with record(model, values="structure") as run:
        for seed in (None, weights):
            out = model(torch.ones(5, 3))
            optimizer.zero_grad()
            (out.backward(weights) if seed is not None else out.sum().backward())
            optimizer.step()
    assert run.trace.steps[1].loss == float((out.detach() * weights).sum())
    assert not run.trace.steps[1].node("out").is_kept


def test_files_with_statistics_have_the_version_of_before(tmp_path: Path) -> None:
    recorded(values="summary", file=tmp_path / "run.sqlite")
    assert int.from_bytes((tmp_path / "run.sqlite").read_bytes()[60:64]) == store_format.user_version()


def test_sample_has_every_step_that_is_not_finite() -> None:
    model = net()
    with record(model, values="sampled") as run:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        for k in range(6):
            x = torch.randn(8, 4) if k != 3 else torch.full((8, 4), float("nan"))
            loss = torch.nan_to_num(model(x)).square().mean()
            optimizer.zero_grad()
            loss.backward()
            for each in model.parameters():
                each.grad.nan_to_num_()
            optimizer.step()
    assert [all(node.is_kept for node in step.nodes) for step in run.trace.steps] == [True, False, True, True, True, False]


def test_budget_bounds_what_is_kept() -> None:
    """Above the budget only a sample is kept; the structure of all steps is there."""
    one = sum(node.value.nbytes for node in recorded(1)[0].steps[0].nodes)
    trace, _, _ = recorded(40, budget=8 * one)
    kept = [step.index for step in trace.steps if all(node.is_kept for node in step.nodes)]
    assert len(trace.steps) == 40
    assert 4 <= len(kept) <= 8
    assert kept[-1] > 8
    assert all(all(node.is_kept for node in step.nodes) for step in recorded(40, budget=8 * one, values="all")[0].steps)


@pytest.mark.parametrize("steps", [[0, 3], [2], [4, 5], []])
def test_chosen_steps_are_those_of_the_whole_run(steps: list[int]) -> None:
    """Numbers, values and names are those of a recording of all steps; in between there are no mode and no hooks on modules."""
    whole, _, weights = recorded()
    torch.manual_seed(3)
    model = net()
    on = []
    model.register_forward_pre_hook(lambda *_: on.append((torch._C._len_torch_dispatch_stack(), len(_global_forward_hooks))))
    with record(model, steps=steps) as run:
        train(model, 6)
    assert [each.detach().numpy().tobytes() for each in model.parameters()] == weights
    assert [step.index for step in run.trace.steps] == steps
    assert on == [(k in steps, k in steps) for k in range(6)]
    for step in run.trace.steps:
        for node, other in zip(step.nodes, whole.step(step.index).nodes, strict=True):
            assert (node.name, node.formula, node.op) == (other.name, other.formula, other.op)
            assert node.value.tobytes() == other.value.tobytes()


def test_memory_that_the_program_has_is_copied_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written between recorded steps changes no record; results that nobody has any more are not copied."""
    copied: list[Any] = []
    copy_together = snapshots.copy_together
    monkeypatch.setattr(
        snapshots, "copy_together", lambda aliases: copied.append(aliases[0].type.shape) or copy_together(aliases)
    )
    model = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.Tanh(), torch.nn.Linear(5, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    x = torch.randn(7, 4)
    with record(model, steps=[0]) as run:
        hidden = model[0](x)
        loss = model[2](model[1](hidden)).square().mean()
        loss.backward()
        optimizer.step()
        assert (7, 5) in copied
        assert (7, 1) not in copied
        for each in (x, hidden.detach(), loss.detach(), *(p.grad for p in model.parameters()), *model.parameters()):
            with torch.no_grad():
                each.fill_(9.0)
    step = run.trace.steps[0]
    assert all((node.value != 9.0).all() for node in step.nodes)
    bias, at, weight = (step.nodes[of].value for of in step.node("hidden").operands)
    assert np.allclose(step.node("hidden").value, at @ weight + bias)


def test_each_step_has_its_own_numbers() -> None:
    """Calls are taken from the step before only if their numbers have the same types and bits, also in lists."""
    numbers = [2, 2.0, 1, True, 1.0, 0.0, -0.0, 0, 3, 3]
    w = torch.ones(3, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)
    with record(values="structure") as run:
        for number in numbers:
            loss = ((w + 5.0) ** number).sum() + torch._foreach_mul([w], [number])[0].sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    powers = [next(node for node in step.nodes if node.op == "aten.pow.Tensor_Scalar") for step in run.trace.steps]
    lists = [next(node for node in step.nodes if node.op == "aten._foreach_mul.ScalarList") for step in run.trace.steps]
    assert [repr(node.inputs[1].value) for node in powers] == list(map(repr, numbers))
    assert [repr(node.parameters["arguments"][1]) for node in lists] == [repr([number]) for number in numbers]


@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3), (3, 1, 2), (1, 4)])
def test_strides_are_on_record_where_there_are_gaps(shape: tuple[int, ...]) -> None:
    """As PyTorch tells it: of tensors as they are made, turned, cut and expanded."""
    whole = torch.zeros(shape)
    seen = [whole, whole.mT if whole.dim() > 1 else whole, whole[..., ::2] if shape else whole, whole.expand(2, *shape)]
    for each in seen:
        assert (snapshots.snapshot_of(each).type.strides is None) == each.is_contiguous()


@pytest.mark.parametrize("name", ["no_optimizer", "data_attribute", "scripted"])
def test_chosen_step_without_an_optimizer(name: str) -> None:
    with record() as whole:
        torch.manual_seed(1)
        PROGRAMS[name]()
    with record(steps=[1]) as run:
        torch.manual_seed(1)
        PROGRAMS[name]()
    (step,) = run.trace.steps
    assert step.index == 1
    assert step.loss == whole.trace.step(1).loss
    assert step.updates


def test_modes_of_the_program_stay_in_order_when_recording_is_switched() -> None:
    from programs_torch.tensors import Counting

    model = net()
    with record(model, steps=[1, 3]) as run:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(5):
            with Counting() as mode:
                model(torch.ones(2, 4)).sum().backward()
                optimizer.step()
                assert torch._C._get_dispatch_stack_at(torch._C._len_torch_dispatch_stack() - 1) is mode
    assert [step.index for step in run.trace.steps] == [1, 3]
    assert torch._C._len_torch_dispatch_stack() == 0


def test_file_has_the_finished_steps_of_a_program_that_fails(tmp_path: Path) -> None:
    model = net()
    with pytest.raises(ZeroDivisionError), record(model, file=tmp_path / "run.sqlite"):
        train(model, 3)
        1 / 0  # noqa: B018
    trace = tracer.open(tmp_path / "run.sqlite")
    assert len(trace.steps) == 3
    assert "ZeroDivisionError" in str(trace.unfinished)


def test_unknown_mode_is_refused() -> None:
    with pytest.raises(UsageError, match="values is one of all, sampled, summary, structure, none, not 'some'"):
        record(values="some")


@pytest.mark.slow
def test_memory_is_flat_over_a_thousand_steps(tmp_path: Path) -> None:
    """A run that is written to a file takes no more memory after a thousand steps than after a hundred."""
    torch.manual_seed(3)
    model = net(4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    sizes = []
    tracemalloc.start()
    try:
        with record(model, file=tmp_path / "run.sqlite", values="summary") as run:
            for k in range(1000):
                loss = model(torch.randn(2, 4)).square().mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                if k in (199, 999):
                    gc.collect()
                    sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert len(run.trace.steps) == 1000
    assert sizes[1] - sizes[0] < 300_000, sizes


def test_an_object_without_a_text_of_its_own_is_no_address_in_the_record() -> None:
    """The same program has the same record, wherever in memory its generator is."""
    w, generator = torch.zeros(3, requires_grad=True), torch.Generator().manual_seed(0)
    optimizer = torch.optim.SGD([w], lr=0.1)
    with record() as run:
        loss = (w - torch.randn(3, generator=generator)).square().sum()
        loss.backward()
        optimizer.step()
    parameters = [str(dict(node.parameters)) for node in run.trace.steps[0].nodes]
    assert any("generator" in each for each in parameters)
    assert not any(" at 0x" in each for each in parameters)
