"""PyTorch programs of many kinds train to the same bits with and without a recording, and their records are valid."""

from __future__ import annotations

import contextlib
import gc
import io
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from programs_torch import PROGRAMS  # noqa: E402

import tracer  # noqa: E402
from tracer.errors import RecordingError, UsageError  # noqa: E402
from tracer.graph.losses import passes  # noqa: E402
from tracer.graph.record import Step, Trace  # noqa: E402
from tracer.graph.validation import validate  # noqa: E402
from tracer.torch import record  # noqa: E402

STEPS = {
    "accumulation": 2, "several_backwards": 2, "gan": 2, "critic_steps": 2, "lbfgs": 2, "closure_sgd": 3, "no_optimizer": 3,
    "new_tensors_each_step": 3, "data_attribute": 3, "double_backward": 2, "grad_scaler_float16": 3, "skipped_update": 2,
    "update_in_backward": 2, "every_optimizer": 30, "functional": 0, "loader": 4, "scripted": 3, "initializing": 1,
    "functional_training": 3, "gradients_of_arguments": 3,
}  # fmt: skip
"""The number of steps of some programs."""


def run(program: Callable[[], Any], **options: Any) -> tuple[list[Any], str, Any, Trace | None]:
    """The tensors that a program trains, what it prints, the state of the generator after it, and its record."""
    torch.manual_seed(1)
    printed = io.StringIO()
    with warnings.catch_warnings(), contextlib.redirect_stdout(printed):
        warnings.simplefilter("ignore")
        if options:
            with record(**options) as recording:
                found = program()
            trace = recording.trace
        else:
            found, trace = program(), None
    tensors = list(found.parameters()) if isinstance(found, torch.nn.Module) else list(found)
    return [each.detach().clone() for each in tensors], printed.getvalue(), torch.get_rng_state(), trace


def bits(tensors: list[Any]) -> list[bytes]:
    return [each.contiguous().view(torch.uint8).numpy().tobytes() if each.dim() else bits([each[None]])[0] for each in tensors]


@pytest.mark.parametrize("name", PROGRAMS)
def test_same_bits_with_a_record(name: str, tmp_path: Path) -> None:
    """Weights, prints and random numbers are the same; the record is valid, and the same from a file."""
    plain, printed, generator, _ = run(PROGRAMS[name])
    recorded, printed_too, generator_too, trace = run(PROGRAMS[name], values="all")
    assert trace is not None
    assert (printed_too, bits(recorded)) == (printed, bits(plain))
    assert torch.equal(generator, generator_too)
    assert len(trace.steps) == STEPS.get(name, len(trace.steps))
    validate(trace)
    if not trace.steps:
        return
    tracer.save(trace, tmp_path / "run.sqlite")
    opened = tracer.open(tmp_path / "run.sqlite")
    validate(opened)
    for step, stored in zip(trace.steps, opened.steps, strict=True):
        assert (step.gradients, step.updates, step.losses) == (stored.gradients, stored.updates, stored.losses)
        for node, other in zip(step.nodes, stored.nodes, strict=True):
            assert (node.name, node.formula, node.op, node.dtype) == (other.name, other.formula, other.op, other.dtype)
            assert node.value.tobytes() == other.value.tobytes()


@pytest.mark.parametrize("name", sorted(set(PROGRAMS) - {"functional", "wrapper_subclass"}))
def test_each_step_begins_with_the_values_it_trains(name: str) -> None:
    """Every step has parameters that nothing in it computed, also the first one of a program that builds its model."""
    trace = run(PROGRAMS[name], values="all")[3]
    assert trace is not None
    for step in trace.steps:
        assert step.updates or step is trace.steps[-1]
        assert all(step.nodes[of].op == "parameter" for of in step.updates)
        assert step.parameters


def test_values_are_continuous() -> None:
    """A parameter begins a step with the value that the step before gave it."""
    trace = run(PROGRAMS["gpt"], values="all")[3]
    assert trace is not None
    first, second = trace.steps
    for of, updated in first.updates.items():
        name = first.nodes[of].name
        assert second.node(name).value.tobytes() == first.nodes[updated].value.tobytes(), name


def test_gradients_of_functions_are_those_of_steps() -> None:
    """Parameters have the names of the arguments or of their keys, and the gradients that torch.func.grad returns."""
    trace = run(PROGRAMS["functional_training"], values="all")[3]
    assert trace is not None
    step = trace.steps[1]
    assert {node.name for node in step.parameters} == {"0.weight", "0.bias", "3.weight", "3.bias"}
    assert {node.scope for node in step.nodes if node.phase == "forward" and node.scope} >= {"0", "1", "2", "3"}
    for node in step.parameters:
        assert np.array_equal(step.updated(node.name), node.value - np.float32(0.1) * step.gradient(node.name))
        assert trace.steps[2].node(node.name).value.tobytes() == step.updated(node.name).tobytes()
    trace = run(PROGRAMS["gradients_of_arguments"], values="all")[3]
    assert trace is not None
    step = trace.steps[0]
    residual = np.array([1.0 * 1 - 2 * 2 + 0.5 - 1, 3 - 2 + 0.5], np.float32)
    assert step.gradient("b") == residual.sum()
    assert step.gradient("w").tolist() == [residual[0] + 3 * residual[1], 2 * residual[0] + residual[1]]


def losses(trace: Trace | None) -> list[float]:
    assert trace is not None
    return [step.loss for step in trace.steps]


def test_loss_of_accumulated_batches_is_their_sum() -> None:
    seen = []

    def program() -> Any:
        weight = torch.nn.Linear(3, 1)
        optimizer = torch.optim.SGD(weight.parameters(), lr=0.1)
        for k in range(4):
            loss = weight(torch.randn(5, 3)).square().mean() / 2
            loss.backward()
            seen.append(loss.detach())
            if k % 2:
                optimizer.step()
                optimizer.zero_grad()
        return weight

    assert losses(run(program, values="all")[3]) == [float(seen[0] + seen[1]), float(seen[2] + seen[3])]


def test_gradients_of_several_passes_are_added() -> None:
    """The gradient of what two losses share is the sum of both parts."""

    def program() -> Any:
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        optimizer = torch.optim.SGD([x], lr=0.1)
        shared = x * 3
        shared.sum().backward(retain_graph=True)
        shared.square().sum().backward()
        optimizer.step()
        return [x]

    trace = run(program, values="all")[3]
    assert trace is not None
    step = trace.steps[0]
    assert step.loss == 9 + 45
    assert step.gradient("shared").tolist() == [1 + 2 * 3, 1 + 2 * 6]
    assert step.gradient("x").tolist() == [3 * 7, 3 * 13]


def test_cleared_gradients_do_not_count() -> None:
    trace = run(PROGRAMS["skipped_update"], values="all")[3]
    assert trace is not None
    assert all(not step.losses and sum(node.phase == "loss" for node in step.nodes) <= 2 for step in trace.steps)


def test_both_losses_of_a_gan_have_their_gradients() -> None:
    """A gradient that was not cleared since the other loss is not one of the second loss alone."""

    def program() -> Any:
        a, b = torch.tensor(2.0, requires_grad=True), torch.tensor(3.0, requires_grad=True)
        first, second = torch.optim.SGD([b], lr=0.5), torch.optim.SGD([a], lr=0.5)
        for _ in range(2):
            fake = a * 2
            judge_loss = (fake.detach() - b) ** 2
            first.zero_grad()
            judge_loss.backward()
            first.step()
            own_loss = b * fake
            second.zero_grad()
            own_loss.backward()
            second.step()
        return [a, b]

    trace = run(program, values="all")[3]
    assert trace is not None
    validate(trace)
    step = trace.steps[0]
    assert [step.nodes[loss].name for loss in step.losses] == ["judge_loss", "own_loss"]
    assert step.metrics["judge_loss"] == step.loss == (4 - 3) ** 2
    assert step.metrics["own_loss"] == 4 * 4
    assert step.gradient("b") == -2 * (4 - 3)
    assert step.gradient("a") == 2 * 4
    assert step.node("djudge_loss/db").value == -2
    assert step.node("down_loss/da").value == 8
    of_judge, of_own = (each.gradients for each in passes(step))
    assert step.node("b").id in of_judge
    assert step.node("b").id not in of_own
    assert step.updates[step.node("b").id] not in of_own


def weights_and_inputs(step: Step) -> dict[str, np.ndarray]:
    return {node.name: node.value for node in step.nodes if node.is_leaf}


def test_writes_of_numpy_are_seen() -> None:
    """Data, parameters and other tensors that NumPy wrote into have the values that the operations read."""
    trace = run(PROGRAMS["numpy_shares_memory"], values="all")[3]
    assert trace is not None
    for k, step in enumerate(trace.steps):
        found = weights_and_inputs(step)
        assert (found["x"] == k + 1).all()
        assert (found["x#2"] == 2 * (k + 1)).all()
        assert step.node("scale").value.tolist() == [0.5 if k else 1, 1]
        if k:
            before = trace.steps[k - 1].updated("weight") * np.float32(0.9)
            assert np.array_equal(found["weight"], np.clip(before, -0.3, 0.3))


def test_numpy_array_of_a_result_does_not_change_its_record() -> None:
    def program() -> Any:
        weight = torch.nn.Linear(2, 2)
        optimizer = torch.optim.SGD(weight.parameters(), lr=0.1)
        hidden = weight(torch.ones(1, 2)).detach()
        hidden.numpy()[:] = 7
        loss = (weight(torch.ones(1, 2)) * hidden).sum()
        loss.backward()
        optimizer.step()
        return weight

    trace = run(program, values="all")[3]
    assert trace is not None
    (product,) = (node for node in trace.steps[0].nodes if node.op == "aten.mul.Tensor" and node.phase != "backward")
    assert (trace.steps[0].nodes[product.operands[1]].value == 7).all()


def test_memory_of_the_program_stays_its_own() -> None:
    """The record does not give the program's memory to NumPy: PyTorch could not resize it then."""

    def program() -> Any:
        weight = torch.nn.Linear(2, 2)
        loss = weight(torch.ones(1, 2)).sum()
        loss.backward()
        torch.optim.SGD(weight.parameters(), lr=0.1).step()
        assert weight.weight.untyped_storage().resizable()
        return weight

    run(program, values="all")


def state_of_pytorch() -> list[Any]:
    from torch.nn.modules import module
    from torch.optim import optimizer

    return [
        torch.autograd.backward, torch.autograd.grad, torch.optim.Optimizer.__init__, torch.Tensor.numpy, torch.Tensor.__dlpack__,
        len(module._global_forward_hooks), len(module._global_forward_pre_hooks), len(optimizer._global_optimizer_pre_hooks),
        len(optimizer._global_optimizer_post_hooks), gc.get_threshold(), torch._C._len_torch_dispatch_stack(),
        "numpy" in vars(torch.Tensor),
    ]  # fmt: skip


def test_exception_ends_the_recording() -> None:
    """Finished steps are kept, and PyTorch is as it was, after an error in the forward pass, in backward or in the update."""
    before = state_of_pytorch()
    for bad in ("forward", "backward", "update"):
        weight = torch.nn.Linear(2, 2)
        optimizer = torch.optim.SGD(weight.parameters(), lr=0.1)

        def fail(*_: Any) -> Any:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError), record() as recording:
            for step in range(3):
                if step == 2 and bad == "forward":
                    weight.register_forward_hook(fail)
                loss = weight(torch.ones(1, 2)).sum()
                if step == 2 and bad == "backward":
                    loss.grad_fn.register_hook(fail)
                optimizer.zero_grad()
                loss.backward()
                if step == 2 and bad == "update":
                    optimizer.register_step_pre_hook(fail)
                optimizer.step()
        assert len(recording.trace.steps) == 2
        assert state_of_pytorch() == before
    assert len(run(PROGRAMS["closure_sgd"], values="all")[3].steps) == 3


def test_recording_inside_of_another_is_refused() -> None:
    with record() as outer:
        with pytest.raises(UsageError, match="running already"), record():
            pass
        PROGRAMS["closure_sgd"]()
    assert len(outer.trace.steps) == 3


def test_other_threads_are_not_recorded() -> None:
    """A model that another thread trains at the same time leaves no trace."""
    errors = []

    def beside() -> None:
        try:
            PROGRAMS["closure_sgd"]()
        except Exception as error:
            errors.append(error)

    def program() -> Any:
        thread = threading.Thread(target=beside)
        thread.start()
        found = PROGRAMS["no_optimizer"]()
        thread.join()
        return found

    trace = run(program, values="all")[3]
    assert trace is not None
    assert (len(trace.steps), errors) == (3, [])


def test_what_is_not_recorded_is_refused_in_one_line() -> None:
    with record(), pytest.raises(RecordingError, match=r"layout torch._mkldnn are not recorded: use dense"):
        torch.ones(2, 2).to_mkldnn().to_dense()
    with pytest.raises(UsageError, match=r"models and optimizers, not int"):
        record(3)


def test_mode_of_the_program_sees_only_its_own_operations() -> None:
    """A mode around the recording sees what it sees without one."""
    from torch.utils._python_dispatch import TorchDispatchMode

    class Log(TorchDispatchMode):
        def __init__(self) -> None:
            super().__init__()
            self.seen: list[str] = []

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            self.seen.append(str(func))
            return func(*args, **(kwargs or {}))

    with Log() as plain:
        run(PROGRAMS["in_place"])
    with Log() as recorded:
        run(PROGRAMS["in_place"], values="all")
    assert recorded.seen == plain.seen, [pair for pair in zip(recorded.seen, plain.seen) if pair[0] != pair[1]][:3]
