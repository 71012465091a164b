"""Frozen parameters, groups with an optimizer each, gradient clipping, and gradients accumulated over batches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tracer
from support.cli import run
from tracer import SGD, Adam, ClipNorm, ClipValue, Scenario
from tracer.analysis.verify import verify
from tracer.graph.record import Phase
from tracer.training import Training
from tracer.training.checkpoints import checkpoint_arrays
from tracer.training.groups import groups_of
from tracer.training.settings import all_settings, with_settings

pytestmark = pytest.mark.numbers


def net(**changes: Any) -> Scenario:
    """A network of two layers, in batches of 2 of 5 examples."""
    rng = np.random.default_rng(3)
    data = {"x": rng.normal(size=(5, 3)), "y": rng.normal(size=(5, 2))}
    start = {"W1": rng.normal(size=(3, 4)), "b1": np.zeros(4), "W2": rng.normal(size=(4, 2)), "b2": np.zeros(2)}
    scenario = Scenario(
        data=lambda: data,
        parameters=start,
        model=lambda x, W1, b1, W2, b2: np.tanh(x @ W1 + b1) @ W2 + b2,
        loss=lambda prediction, y: np.mean((prediction - y) ** 2),
        optimizer=SGD(0.1),
        epochs=4,
        batch_size=2,
        name="net",
    )
    return replace(scenario, **changes)


GROUPS: dict[str, Any] = {
    "optimizer": {"encoder": SGD(0.1, momentum=0.9), "head": Adam(0.05)},
    "groups": {"encoder": ("W1", "b1"), "head": ("W2", "b2")},
}


def values(step: tracer.Step, phase: Phase | None = None) -> list[tuple[str, bytes]]:
    return [(node.name, node.value.tobytes()) for node in step.nodes if phase is None or node.phase is phase]


def last_parameters(trace: tracer.Trace) -> dict[str, np.ndarray]:
    training = trace.steps[-1]
    return {node.name: training.nodes[training.updates.get(node.id, node.id)].value for node in training.parameters}


# Frozen parameters.


def test_frozen_parameters_are_recorded_without_gradient_and_update() -> None:
    trace = tracer.run(net(frozen=("W1", "b1")))
    tracer.validate(trace)
    step = trace.steps[-1]
    assert [node.name for node in step.parameters] == ["W1", "b1", "W2", "b2"]
    assert {step.nodes[id].name for id in step.updates} == {"W2", "b2"}
    for name in ("W1", "b1"):
        assert step.node(name).value.tobytes() == trace.steps[0].node(name).value.tobytes()
        assert step.node(name).id not in step.gradients
    assert not [node for node in step.nodes if node.op == "matmul" and node.phase is Phase.BACKWARD and "W1" in node.name]
    assert verify(trace).passed
    others = tracer.run(net())
    assert step.node("W2").value.tobytes() != others.steps[-1].node("W2").value.tobytes()


def test_frozen_takes_the_same_gradients_for_the_rest() -> None:
    free, frozen = tracer.run(net(), steps=1).steps[0], tracer.run(net(frozen="W1"), steps=1).steps[0]
    for name in ("b1", "W2", "b2"):
        assert free.gradient(name).tobytes() == frozen.gradient(name).tobytes()
        assert free.updated(name).tobytes() == frozen.updated(name).tobytes()
    with pytest.raises(KeyError, match="no gradient reached 'W1'"):
        frozen.gradient("W1")


# Groups.


def test_each_group_has_its_optimizer() -> None:
    trace = tracer.run(net(**GROUPS))
    tracer.validate(trace)
    encoder, head = tracer.run(net(optimizer=SGD(0.1, momentum=0.9))), tracer.run(net(optimizer=Adam(0.05)))
    for name, alone in (("W1", encoder), ("b1", encoder), ("W2", head), ("b2", head)):
        assert trace.steps[0].updated(name).tobytes() == alone.steps[0].updated(name).tobytes()
    step = trace.steps[1]
    names = {node.name for node in step.nodes if node.op in ("hyperparameter", "state")}
    assert {"encoder.learning_rate", "encoder.momentum", "head.learning_rate", "head.t", "velocity_W1", "m_W2"} <= names
    assert "velocity_W2" not in names
    assert step.node("head.step_size").value == pytest.approx(0.05 / (1 - 0.9**2), rel=1e-12)
    assert {node.scope for node in step.nodes if node.name.endswith("_new")} >= {"encoder.SGD/W1", "head.Adam/W2"}
    assert trace.hyperparameters["encoder.optimizer"] == "SGD"
    assert verify(trace).passed


def test_groups_and_frozen_parameters_go_together() -> None:
    trace = tracer.run(net(**GROUPS, frozen=("W1", "b1")))
    assert {trace.steps[0].nodes[id].name for id in trace.steps[0].updates} == {"W2", "b2"}


NESTED = ("layers[0].W", "layers[0].b", "layers[1].W", "layers[10].W", "embedding")


@pytest.mark.parametrize(
    ("frozen", "trained"),
    [
        (("layers[0]",), ("layers[1].W", "layers[10].W", "embedding")),
        (("layers[1]",), ("layers[0].W", "layers[0].b", "layers[10].W", "embedding")),
        (("layers",), ("embedding",)),
        (("layers[0].W", "embedding"), ("layers[0].b", "layers[1].W", "layers[10].W")),
    ],
)
def test_a_name_stands_for_what_it_holds(frozen: tuple[str, ...], trained: tuple[str, ...]) -> None:
    (group,) = groups_of(net(frozen=frozen), NESTED)
    assert group.parameters == trained


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"frozen": ("W3",)}, "frozen of net names 'W3', which is no parameter; there are: W1, b1"),
        ({"frozen": ("W1", "b1", "W2", "b2")}, "all parameters of net are frozen: leave at least one out of frozen"),
        ({"frozen": 3}, "Scenario: frozen must be names of parameters, in a tuple or list, this is 3"),
        ({"frozen": (1,)}, r"Scenario: frozen must be names of parameters, in a tuple or list, this is \(1,\)"),
        ({"groups": {"all": ("W1",)}}, r"groups need an optimizer each: optimizer=\{'all': SGD\(0.1\)\}"),
        (
            {"optimizer": GROUPS["optimizer"]},
            r"net has optimizers for encoder and head: which parameters belong to each\? Add"
            r" groups=\{'encoder': \(...\), 'head': \(...\)\} to the Scenario",
        ),
        (
            {"optimizer": {"W": SGD(0.1), "b": SGD(0.2)}},
            r"Add groups=\{'W': \('W1', 'W2'\), 'b': \('b1', 'b2'\)\} to the Scenario",
        ),
        (
            {**GROUPS, "groups": {"encoder": ("W1", "b1"), "head": ("W2",)}},
            "the parameter 'b2' of net is in no group: add it to 'encoder' or 'head', or to frozen",
        ),
        (
            {**GROUPS, "groups": {"encoder": ("W1", "b1", "b2"), "head": ("W2", "b2")}},
            "the parameter 'b2' of net is in the groups 'encoder' and 'head': leave it in one place",
        ),
        (
            {**GROUPS, "groups": {"encoder": ("W1", "W1"), "head": ("W2", "b2")}},
            "the parameter 'W1' of net is twice in the group 'encoder'",
        ),
        (
            {**GROUPS, "groups": {"encoder": ("w1", "b1"), "head": ("W2", "b2")}},
            "the group 'encoder' of net names 'w1', which is no parameter; did you mean W1?",
        ),
        (
            {**GROUPS, "groups": {"encodr": ("W1", "b1"), "head": ("W2", "b2")}},
            "the group 'encodr' has no optimizer; did you mean encoder?",
        ),
        ({**GROUPS, "groups": {"head": ("W2", "b2")}}, "the optimizer 'encoder' has no group"),
        ({**GROUPS, "groups": [("W2", "b2")]}, "groups must be names of parameters by the names of their optimizers, in a dict"),
        ({**GROUPS, "groups": {"encoder": 1, "head": ("W2", "b2")}}, "the group 'encoder' must be names of parameters"),
        ({"optimizer": {}}, "an optimizer for every group, this is an empty dict"),
        ({"optimizer": {"a b": SGD(0.1)}}, "optimizer has the name 'a b', which is no name as in Python"),
        ({"optimizer": {"a": SGD}}, r"optimizer must be one such as SGD\(learning_rate=0.1\), this is the class itself"),
        ({"clip": 1.0}, r"clip must be one such as ClipNorm\(1.0\) or ClipValue\(0.5\), this is 1.0"),
        ({**GROUPS, "clip": {"encoder": ClipNorm(1.0)}}, r"clip must be one such as ClipNorm\(1.0\)"),
        ({"clip": ClipNorm}, r"clip must be one such as ClipNorm\(1.0\)"),
        ({"accumulate": 0}, "accumulate takes a whole number from 1 on, this is 0"),
        ({"settings": {"max_norm": 1.0}, "clip": ClipNorm(1.0)}, "max_norm is a setting in any case"),
    ],
)
def test_wrong_groups_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(tracer.UsageError, match=message):
        Training(net(**changes))


def test_settings_of_a_group_have_its_name_before_them() -> None:
    changed = with_settings(net(**GROUPS), {"head.learning_rate": "0.2", "encoder.nesterov": "yes"})
    assert changed.optimizer == {"encoder": SGD(0.1, momentum=0.9, nesterov=True), "head": Adam(0.2)}
    other = with_settings(net(**GROUPS), {"head.optimizer": "sgd", "head.learning_rate": 0.3})
    assert other.optimizer == {"encoder": SGD(0.1, momentum=0.9), "head": SGD(0.3)}
    assert all_settings(other)["head.optimizer"] == "SGD"
    with pytest.raises(tracer.UsageError, match=r"no setting 'learning_rate'; did you mean .*head.learning_rate"):
        with_settings(net(**GROUPS), {"learning_rate": 0.2})
    with pytest.raises(tracer.UsageError, match=r"SGD has no learning_rate of its own: set head\.learning_rate too"):
        with_settings(net(**GROUPS), {"head.optimizer": "SGD"})


def test_schedule_of_a_group_is_recorded_under_its_name() -> None:
    optimizer = {**GROUPS["optimizer"], "head": Adam(lambda t: 0.1 / t)}
    trace = tracer.run(net(**{**GROUPS, "optimizer": optimizer}))
    assert trace.steps[1].node("head.learning_rate").value == 0.05
    assert trace.steps[1].node("encoder.learning_rate").value == 0.1


# Clipping.


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_norm_over_all_gradients_is_limited(dtype: str) -> None:
    trace = tracer.run(net(clip=ClipNorm(0.25)), dtype=dtype)
    tracer.validate(trace)
    tolerance = 1e-12 if dtype == "float64" else 1e-5
    for step in trace.steps:
        names = [node.name for node in step.parameters]
        norm = np.sqrt(sum(np.sum(step.gradient(name).astype(np.float64) ** 2) for name in names))
        scale = min(0.25 / (norm + 1e-6), 1.0)
        np.testing.assert_allclose(step.node("gradient_norm").value, norm, rtol=tolerance)
        for name in names:
            expected = step.node(name).value - 0.1 * scale * step.gradient(name)
            np.testing.assert_allclose(step.updated(name), expected, rtol=tolerance, atol=tolerance)
            assert step.node(f"clipped_{name}").dtype == dtype
    assert trace.steps[0].node("clipped_W1").scope == "ClipNorm/W1"
    assert verify(trace).passed


def test_one_norm_limits_the_gradients_of_all_groups() -> None:
    """Each group's optimizer gets its clipped gradients; frozen parameters do not count."""
    trace = tracer.run(net(**GROUPS, clip=ClipNorm(0.25), frozen=("b1",)))
    tracer.validate(trace)
    velocity, m, v = np.zeros((3, 4)), np.zeros((4, 2)), np.zeros((4, 2))
    for t, step in enumerate(trace.steps, 1):
        gradients = {name: step.gradient(name) for name in ("W1", "W2", "b2")}
        norm = np.sqrt(sum(np.sum(each**2) for each in gradients.values()))
        assert norm > 0.25
        np.testing.assert_allclose(step.node("gradient_norm").value, norm, rtol=1e-12)
        clipped = {name: each * (0.25 / (norm + 1e-6)) for name, each in gradients.items()}
        for name, each in clipped.items():
            np.testing.assert_allclose(step.node(f"clipped_{name}").value, each, rtol=1e-12)
        velocity = 0.9 * velocity + clipped["W1"]
        np.testing.assert_allclose(step.updated("W1"), step.node("W1").value - 0.1 * velocity, rtol=1e-12)
        m, v = 0.9 * m + 0.1 * clipped["W2"], 0.999 * v + 0.001 * clipped["W2"] ** 2
        change = 0.05 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        np.testing.assert_allclose(step.updated("W2"), step.node("W2").value - change, rtol=1e-11)
        assert "b1" not in {step.nodes[id].name for id in step.updates}


def test_elements_of_each_group_are_limited() -> None:
    step = tracer.run(net(**GROUPS, clip=ClipValue(0.01)), steps=1).steps[0]
    for name in ("W1", "b1", "W2", "b2"):
        np.testing.assert_array_equal(step.node(f"clipped_{name}").value, np.clip(step.gradient(name), -0.01, 0.01))
    np.testing.assert_allclose(step.updated("W1"), step.node("W1").value - 0.1 * step.node("clipped_W1").value, rtol=1e-14)


def test_small_gradients_stay_as_they_are() -> None:
    clipped, free = tracer.run(net(clip=ClipNorm(1e9))), tracer.run(net())
    assert all(np.array_equal(value, last_parameters(free)[name]) for name, value in last_parameters(clipped).items())


def test_elements_are_limited() -> None:
    trace = tracer.run(net(clip=ClipValue(0.05)))
    for step in trace.steps:
        for name in ("W1", "b2"):
            expected = step.node(name).value - 0.1 * np.clip(step.gradient(name), -0.05, 0.05)
            np.testing.assert_allclose(step.updated(name), expected, rtol=1e-14)
    assert with_settings(net(clip=ClipValue(0.05)), {"max_value": "0.5"}).clip == ClipValue(0.5)
    assert trace.hyperparameters["max_value"] == 0.05


@pytest.mark.parametrize("number", [-1.0, float("nan")])
def test_limits_are_checked(number: float) -> None:
    for kind in (ClipNorm, ClipValue):
        with pytest.raises(tracer.UsageError, match=f"^{kind.__name__}: max_"):
            kind(number)


# Gradients accumulated over batches.


@pytest.mark.parametrize("optimizer", [SGD(0.1, momentum=0.9), Adam(0.05)])
def test_gradients_are_summed_and_the_last_batch_updates(optimizer: Any) -> None:
    """3 batches an epoch, 4 epochs, an update in every 5th step: leftovers of an epoch are carried on."""
    trace = tracer.run(net(optimizer=optimizer, accumulate=5))
    tracer.validate(trace)
    assert [bool(step.updates) for step in trace.steps] == [index in (4, 9) for index in range(12)]
    total: Any = 0.0
    velocity: Any = 0.0
    m: Any = 0.0
    v: Any = 0.0
    w = trace.steps[0].node("W1").value
    for step in trace.steps:
        np.testing.assert_allclose(step.node("W1").value, w, rtol=1e-13)
        np.testing.assert_allclose(step.node("accumulated_W1").value, total, rtol=1e-13)
        total = total + step.gradient("W1")
        np.testing.assert_allclose(step.node("accumulated_W1_new").value, total, rtol=1e-13)
        if not step.updates:
            assert {node.name for node in step.nodes if node.phase is Phase.UPDATE} == {
                f"accumulated_{name}_new" for name in ("W1", "b1", "W2", "b2")
            }
            continue
        t = step.index // 5 + 1
        velocity = 0.9 * velocity + total
        m, v = 0.9 * m + 0.1 * total, 0.999 * v + 0.001 * total**2
        adam = 0.05 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        w = w - (0.1 * velocity if isinstance(optimizer, SGD) else adam)
        np.testing.assert_allclose(step.updated("W1"), w, rtol=1e-12)
        total = 0.0
    assert verify(trace).passed


def test_accumulating_one_batch_is_training_as_usual() -> None:
    once, usual = tracer.run(net(accumulate=1)), tracer.run(net())
    for one, other in zip(once.steps, usual.steps, strict=True):
        assert values(one) == values(other)


def test_whole_gradients_are_clipped() -> None:
    step = tracer.run(net(accumulate=2, clip=ClipNorm(0.25)), steps=2).steps[1]
    norm = np.sqrt(sum(np.sum(step.node(f"accumulated_{node.name}_new").value ** 2) for node in step.parameters))
    np.testing.assert_allclose(step.node("gradient_norm").value, norm, rtol=1e-13)


VARIANTS: dict[str, dict[str, Any]] = {
    "groups": GROUPS,
    "accumulated": {"accumulate": 4, "optimizer": Adam(0.05)},
    "all": {**GROUPS, "accumulate": 2, "clip": ClipNorm(0.5), "frozen": ("b1",)},
    "by value": {"clip": ClipValue(0.05)},
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_replayed_steps_have_the_same_bits(variant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = tracer.run(net(**VARIANTS[variant]))
    calls = []
    monkeypatch.setattr("tracer.training.step_recorder.StepRecorder._replay_plan", lambda *_: calls.append(1))
    slow = tracer.run(net(**VARIANTS[variant]))
    assert len(calls) == len(slow.steps)
    for one, other in zip(fast.steps, slow.steps, strict=True):
        assert values(one) == values(other)
        assert [node.formula for node in one.nodes] == [node.formula for node in other.nodes]


@dataclass(frozen=True)
class Halved:
    """Clipping of one's own."""

    def hyperparameters(self) -> dict[str, float]:
        return {}

    def prepare(self, gradients: Any, numbers: Any) -> dict[str, Any]:
        return {}

    def clip(self, gradient: Any, numbers: Any) -> Any:
        return gradient / 2


def test_clipping_may_be_ones_own() -> None:
    halved, slower = tracer.run(net(clip=Halved())), tracer.run(net(optimizer=SGD(0.05)))
    for name, value in last_parameters(halved).items():
        np.testing.assert_allclose(value, last_parameters(slower)[name], rtol=1e-12)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("done", [1, 3, 5, 6])
def test_runs_continue_from_a_checkpoint_bit_for_bit(variant: str, done: int, tmp_path: Path) -> None:
    scenario = net(**VARIANTS[variant], batch_size=None)
    first = Training(scenario, steps=done)
    for _ in first:
        pass
    path = tmp_path / "best.npz"
    np.savez(path, **checkpoint_arrays(first.parameters, first.progress()))
    whole = tracer.run(scenario, steps=done + 5)
    rest = tracer.run(scenario, steps=5, parameters=path)
    for one, other in zip(whole.steps[done:], rest.steps, strict=True):
        assert values(one) == values(other)


def test_a_checkpoint_may_be_continued_with_another_accumulation(tmp_path: Path) -> None:
    first = Training(net(accumulate=2, optimizer=Adam(0.05), batch_size=None), steps=4)
    for _ in first:
        pass
    path = tmp_path / "best.npz"
    np.savez(path, **checkpoint_arrays(first.parameters, first.progress()))
    for accumulate, updating in ((None, [0, 1, 2, 3, 4, 5]), (3, [2, 5])):
        rest = tracer.run(net(accumulate=accumulate, optimizer=Adam(0.05), batch_size=None), steps=6, parameters=path)
        assert [step.index for step in rest.steps if step.updates] == updating
        assert rest.steps[updating[0]].node("t").value == 3


# Commands.

PROGRAM = '''
"""A network in groups."""

import numpy as np
from tracer import Adam, ClipNorm, Scenario, SGD

rng = np.random.default_rng(3)
data = {"x": rng.normal(size=(6, 3)), "y": rng.normal(size=(6, 2))}
scenario = Scenario(
    data=lambda: data,
    parameters={"W1": rng.normal(size=(3, 4)), "b1": np.zeros(4), "W2": rng.normal(size=(4, 2)), "b2": np.zeros(2)},
    model=lambda x, W1, b1, W2, b2: np.tanh(x @ W1 + b1) @ W2 + b2,
    loss=lambda prediction, y: np.mean((prediction - y) ** 2),
    optimizer={"encoder": SGD(0.1), "head": Adam()}, groups={"encoder": ("W1", "b1"), "head": ("W2", "b2")},
    frozen=("b1",), clip=ClipNorm(0.5), accumulate=2, epochs=2, batch_size=2,
)
'''


def test_commands_read_such_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(PROGRAM)
    assert run("trace", "./mine.py", "--set", "head.learning_rate=0.5", "--set", "max_norm=0.25") == 0
    assert "6 steps, 4 parameters" not in capsys.readouterr().err
    for command in (
        ("log", "mine"), ("log", "mine", "--step", "1"), ("show", "mine", "W1"), ("show", "mine", "b1"),
        ("show", "mine", "W2[0,0]"),
        ("verify", "mine"), ("blame", "mine"), ("check", "./mine.py"), ("check", "./mine.py", "--second-order"),
        ("render", "mine", "-o", "a.svg", "--step", "0"), ("render", "mine", "-o", "b.svg", "--step", "1", "--zoom", "module"),
        ("render", "mine", "-o", "c.svg", "--zoom", "scenario"),
        ("render", "mine", "-o", "d.mmd", "--zoom", "scalar", "--focus", "dL/dW2[0,0]"),
        ("export", "mine", "-o", "a.json"),
    ):  # fmt: skip
        assert run(*command) == 0, command
    printed = capsys.readouterr().out
    assert "head.learning_rate=0.5" in printed
    assert "max_norm=0.25" in printed
    assert "right: all agree" in printed
