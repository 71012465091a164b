"""Several losses and optimizers in one step, as for a GAN: gradients, names, views, checks, and refusals."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tracer
from support.cli import run
from tracer import SGD, Adam, ClipNorm, Scenario
from tracer.analysis.blame import first_culprit
from tracer.analysis.scalar_graph import scalar_graph
from tracer.analysis.verify import verify
from tracer.checking.gradients import check_step
from tracer.graph.losses import losses_of, pass_of, passes
from tracer.graph.record import Phase
from tracer.ops import registry
from tracer.training import Training
from tracer.training.checkpoints import checkpoint_arrays
from tracer.training.settings import with_settings
from tracer.views.booklet.guide import guide
from tracer.views.diagrams.module_diagram import module_diagram
from tracer.views.diagrams.theme import Flow, Style
from tracer.views.local_rules import local_rules
from tracer.views.notation import Labels
from tracer.views.text.log import log_text

pytestmark = pytest.mark.numbers


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def model(real: Any, z: Any, gw: Any, gb: Any, dw: Any, db: Any) -> Any:
    fake = z * gw + gb
    return {"fake": fake, "d_real": sigmoid(real * dw + db), "d_fake": sigmoid(fake * dw + db)}


def d_loss(d_real: Any, d_fake: Any) -> Any:
    return -np.mean(np.log(d_real) + np.log(1 - d_fake))


def g_loss(d_fake: Any) -> Any:
    return -np.mean(np.log(d_fake))


def gan(**changes: Any) -> Scenario:
    rng = np.random.default_rng(1)
    data = {"real": rng.normal(3, 0.5, size=(6, 1)), "z": rng.normal(size=(6, 1))}
    scenario = Scenario(
        data=lambda: data,
        parameters={"gw": 1.0, "gb": 0.0, "dw": 0.1, "db": 0.0},
        model=model,
        loss={"d": d_loss, "g": g_loss},
        optimizer={"d": SGD(0.1), "g": Adam(0.1)},
        groups={"d": ("dw", "db"), "g": ("gw", "gb")},
        steps=5,
        name="gan",
    )
    return replace(scenario, **changes)


def alone(loss: Any, names: tuple[str, ...], **changes: Any) -> tracer.Step:
    """The first step with one of the losses, where only these parameters are trained."""
    frozen = tuple(name for name in ("gw", "gb", "dw", "db") if name not in names)
    return tracer.run(gan(loss=loss, optimizer=SGD(0.1), groups={}, frozen=frozen, **changes), steps=1).steps[0]


def test_each_parameter_gets_the_gradient_of_its_own_loss() -> None:
    step = tracer.run(gan()).steps[0]
    for loss, names in ((d_loss, ("dw", "db")), (g_loss, ("gw", "gb"))):
        only = alone(loss, names)
        for name in names:
            assert step.gradient(name).tobytes() == only.gradient(name).tobytes()


def test_all_losses_are_computed_before_any_update() -> None:
    trace = tracer.run(gan())
    tracer.validate(trace)
    for step in trace.steps:
        phases = [node.phase for node in step.nodes]
        assert list(dict.fromkeys(phases)) == list(Phase)
        values = {name: step.node(name).value for name in ("real", "z", "gw", "gb", "dw", "db")}
        results = model(**values)
        assert step.node("d_loss").value == pytest.approx(d_loss(results["d_real"], results["d_fake"]), rel=1e-14)
        assert step.node("g_loss").value == pytest.approx(g_loss(results["d_fake"]), rel=1e-14)
    for one, other in zip(trace.steps, trace.steps[1:], strict=False):
        assert {name: one.updated(name).item() for name in ("gw", "dw")} == {
            name: other.node(name).value.item() for name in ("gw", "dw")
        }


def test_gradients_of_all_losses_are_accumulated_and_clipped_together() -> None:
    names = ("gw", "gb", "dw", "db")
    trace = tracer.run(gan(clip=ClipNorm(0.1), accumulate=2, batch_size=3, steps=None, epochs=2))
    tracer.validate(trace)
    assert [bool(step.updates) for step in trace.steps] == [False, True, False, True]
    for one, other in zip(trace.steps[::2], trace.steps[1::2], strict=True):
        total = {name: one.gradient(name) + other.gradient(name) for name in names}
        norm = np.sqrt(sum(np.sum(each**2) for each in total.values()))
        np.testing.assert_allclose(other.node("gradient_norm").value, norm, rtol=1e-12)
        for name in names:
            np.testing.assert_allclose(other.node(f"clipped_{name}").value, total[name] * (0.1 / (norm + 1e-6)), rtol=1e-12)


def test_losses_are_named_nodes_and_metrics() -> None:
    trace = tracer.run(gan())
    step = trace.steps[0]
    assert [step.nodes[id].name for id in losses_of(step)] == ["d_loss", "g_loss"]
    assert step.loss_id == step.node("d_loss").id
    assert trace.metrics[0] == {
        "step": 0,
        "epoch": 0,
        "loss": step.loss,
        "d_loss": step.loss,
        "g_loss": step.node("g_loss").value.item(),
    }


def test_losses_are_means_over_an_epoch_and_measured_on_validation_data() -> None:
    data = {"real": np.arange(1.0, 6.0), "z": np.ones(5), "real_test": np.ones(2), "z_test": np.ones(2)}
    scenario = gan(data=lambda: data, steps=None, epochs=2, batch_size=2, validation={"real": "real_test", "z": "z_test"})
    trace = tracer.run(scenario)
    rows = trace.metrics
    for name in ("d_loss", "g_loss"):
        assert rows[2][name] == trace.steps[2].node(name).value.item()
        mean = np.average([row[name] for row in rows[:3]], weights=[2, 2, 1])
        assert rows[2][f"epoch_{name}"] == pytest.approx(mean, rel=1e-14)
        assert rows[2][f"val_{name}"] > 0
    assert rows[2]["val_loss"] == rows[2]["val_d_loss"]
    stopping = tracer.EarlyStopping(monitor="val_g_loss", patience=1)
    assert Training(replace(scenario, stopping=stopping)).may_stop_early


def test_gradients_are_named_after_their_loss() -> None:
    step = tracer.run(gan()).steps[0]
    assert step.node("dd_loss/dd_fake").value.tobytes() != step.node("dg_loss/dd_fake").value.tobytes()
    for loss, names in (("d_loss", ("dw", "db")), ("g_loss", ("gw", "gb"))):
        for name in names:
            assert step.nodes[step.gradients[step.node(name).id]].name == f"d{loss}/d{name}"
            assert step.node(f"dL/d{name}") is step.node(f"d{loss}/d{name}")  # of a parameter's own loss
    assert not [node.name for node in step.nodes if node.name.startswith("dL/d")]
    given = [node.name for node in step.nodes if node.name]
    assert len(set(given)) == len(given)


def test_every_backward_node_is_of_one_pass() -> None:
    step = tracer.run(gan()).steps[0]
    first, second = passes(step)
    assert first.loss == step.node("d_loss").value
    assert second.loss == step.node("g_loss").value
    for node in step.nodes:
        if node.phase is Phase.BACKWARD and node.name.startswith("d"):
            assert pass_of(step, node).loss_id == step.node(node.name[1 : node.name.index("/")]).id
    assert set(second.gradients) & {step.node(name).id for name in ("dw", "db", "d_real")} == set()
    for one in (first, second):  # what the pass says is what the loss alone says
        names = ("dw", "db") if one is first else ("gw", "gb")
        only = alone(d_loss if one is first else g_loss, names)
        for id, gradient in one.gradients.items():
            node = step.nodes[id]
            if node.name and node.name not in ("d_loss", "g_loss"):
                assert only.gradient(node.name).tobytes() == step.nodes[gradient].value.tobytes()


def test_replayed_steps_have_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    fast = tracer.run(gan())
    monkeypatch.setattr("tracer.training.step_recorder.StepRecorder._replay_plan", lambda *_: None)
    slow = tracer.run(gan())
    for one, other in zip(fast.steps, slow.steps, strict=True):
        assert [(node.name, node.formula, node.value.tobytes()) for node in one.nodes] == [
            (node.name, node.formula, node.value.tobytes()) for node in other.nodes
        ]
        assert (one.gradients, one.losses, one.updates) == (other.gradients, other.losses, other.updates)


def test_a_file_keeps_the_losses(tmp_path: Path) -> None:
    trace = tracer.run(gan())
    tracer.save(trace, tmp_path / "gan.sqlite")
    found = tracer.open(tmp_path / "gan.sqlite")
    for one, other in zip(trace.steps, found.steps, strict=True):
        assert other.losses == one.losses
        assert other.gradients == one.gradients
    assert verify(found).passed
    assert log_text(found) == log_text(trace)


def test_a_run_continues_from_a_checkpoint_bit_for_bit(tmp_path: Path) -> None:
    first = Training(gan(), steps=3)
    for _ in first:
        pass
    np.savez(tmp_path / "best.npz", **checkpoint_arrays(first.parameters, first.progress()))
    whole, rest = tracer.run(gan(), steps=6), tracer.run(gan(), steps=3, parameters=tmp_path / "best.npz")
    for one, other in zip(whole.steps[3:], rest.steps, strict=True):
        assert [node.value.tobytes() for node in one.nodes] == [node.value.tobytes() for node in other.nodes]


def test_a_group_may_be_frozen() -> None:
    trace = tracer.run(gan(frozen=("dw", "db")))
    step = trace.steps[0]
    assert [one.loss_id for one in passes(step)] == [step.node("g_loss").id]
    assert {step.nodes[id].name for id in step.updates} == {"gw", "gb"}
    assert step.loss_id == step.node("d_loss").id
    assert check_step(step).passed


def test_losses_without_an_optimizer_give_gradients() -> None:
    (step,) = tracer.run(gan(optimizer=None, steps=None)).steps
    assert not step.updates
    assert step.gradient("gw").tobytes() == alone(g_loss, ("gw", "gb")).gradient("gw").tobytes()


def test_settings_have_the_name_of_their_loss_before_them() -> None:
    changed = with_settings(gan(), {"d.learning_rate": "0.2", "g.beta1": 0.5})
    assert changed.optimizer == {"d": SGD(0.2), "g": Adam(0.1, beta1=0.5)}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"groups": {}},
            r"gan has losses for d and g: which parameters belong to each\? Add groups=\{'d': \('dw', 'db'\),"
            r" 'g': \('gw', 'gb'\)\} to the Scenario",
        ),
        ({"optimizer": SGD(0.1), "groups": {}}, r"the losses d and g need an optimizer each: optimizer=\{'d': SGD\(0.1\), 'g'"),
        ({"optimizer": {"d": SGD(0.1)}, "groups": {}}, "the losses d and g need an optimizer each"),
        ({"loss": {"d": d_loss, "g": 3}}, "the loss 'g' must be a function, this is 3"),
        ({"loss": {"d": d_loss, "a b": g_loss}}, "loss has the name 'a b', which is no name as in Python"),
        ({"loss": {}}, "loss must be a function, or several by name, this is an empty dict"),
        ({"optimizer": None, "groups": {"d": ("dw", "db", "gw", "gb")}}, "the loss 'g' of gan has no group of parameters"),
        (
            {"optimizer": None, "groups": {"d": ("dw", "db"), "g": ("gw",), "f": ("gb",)}},
            "the group 'f' of gan has no loss; there are: d, g",
        ),
        ({"metrics": {"g_loss": lambda d_fake: 0.0}}, "g_loss is measured in any case"),
        ({"loss": {"d": d_loss, "g": lambda d_fke: d_fke}}, "the g_loss of gan asks for 'd_fke'; did you mean d_fake"),
        ({"loss": {"d": lambda d_fake: np.mean(d_fake), "g": lambda fake: fake}}, "the g_loss of gan returned shape"),
        (
            {"groups": {"d": ("dw", "db", "gb"), "g": ("gw",)}, "loss": {"d": d_loss, "g": lambda d_fake, db: db * 1.0}},
            "the g_loss of gan depends on none of its parameters: gw",
        ),
    ],
)
def test_wrong_losses_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(tracer.UsageError, match=message):
        tracer.run(gan(**changes))


def test_one_value_is_no_two_losses() -> None:
    shared: dict[str, Any] = {}

    def first(d_fake: Any) -> Any:
        shared["loss"] = np.mean(d_fake)
        return shared["loss"]

    with pytest.raises(tracer.UsageError, match="losses of gan are one and the same value"):
        tracer.run(gan(loss={"d": first, "g": lambda d_fake: shared["loss"]}))


# Views and analysis.


def test_log_tells_the_losses_apart() -> None:
    text = log_text(tracer.run(gan(), steps=1))
    assert re.search(r"^\S+ dg_loss/dgb = .* backward of 0:\d+$", text, re.MULTILINE)
    also = re.findall(r"^\S+ (d\w+/d\S*) .*, also (.*)$", text, re.MULTILINE)
    assert all(other.startswith(name.partition("/")[0]) for name, others in also for other in others.split(", ") if name)
    assert "dL/d" not in text


def test_module_picture_counts_the_terms_of_each_loss() -> None:
    step = tracer.run(gan()).steps[0]
    diagram = module_diagram(step, Labels(step.nodes), Style())
    texts = [line for arrow in diagram.arrows if arrow.flow is Flow.GRADIENT for line in arrow.label]
    assert "dd_loss/ddw" in " ".join(texts)
    assert not [text for text in texts if text.startswith("dL/d")]
    assert {text for text in texts if text.startswith("dg_loss/dd_fake")} == {"dg_loss/dd_fake (6,1)"}


def test_booklet_names_the_losses_and_their_optimizers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pypdf import PdfReader

    monkeypatch.chdir(tmp_path)
    Path("gan.py").write_text(PROGRAM)
    assert run("trace", "./gan.py", "-q", "--pages", "overview") == 0
    pages = [page.extract_text() for page in PdfReader("output/gan/steps.pdf").pages]
    text = " ".join(" ".join(pages).split())
    assert "d_loss at step 0: " in text
    assert "g_loss at step 0: " in text
    assert "Loss at step 0: " not in text
    assert "This program has several losses: d_loss, g_loss." in guide(tracer.run(gan(), steps=1), Style())
    assert re.search(r"g\.Adam moves .* d\.SGD moves ", text)


def test_local_rules_are_of_one_loss() -> None:
    step = tracer.run(gan()).steps[0]
    rules = local_rules(step, Labels(step.nodes))
    d_fake = step.node("d_fake").id
    losses = {(step.nodes[rule.user].name or step.nodes[rule.user].op, rule.loss) for rule in rules if rule.value == d_fake}
    assert losses == {("subtract", "d_loss"), ("log", "g_loss")}


def test_scalar_graph_is_that_of_the_first_loss_and_of_each_pass() -> None:
    step = tracer.run(gan()).steps[0]
    for one in (step, *passes(step)):
        graph = scalar_graph(one)
        (at,) = np.flatnonzero(graph.node == (one.loss_id))
        assert graph.gradient[at] == 1
        assert graph.value[at] == one.loss
    reached = {step.nodes[id].name for id in scalar_graph(step).node[scalar_graph(step).is_reached]}
    assert "dw" in reached
    assert "gw" not in reached


def test_blame_finds_what_made_the_second_loss_infinite() -> None:
    trace = tracer.run(gan(loss={"d": d_loss, "g": lambda d_fake: np.log(np.sum(d_fake) * 0)}), steps=1)
    found = first_culprit(trace)
    assert found is not None
    assert found.node.op == "log"


def test_check_finds_a_wrong_gradient_of_the_second_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_step(tracer.run(gan()).steps[0], second_order=True).passed
    monkeypatch.setattr(registry.named("log"), "rules", (lambda g, out, x: g / x * 1.001,))
    checked = check_step(tracer.run(gan()).steps[0])
    assert not checked.passed
    assert [each.name for each in checked.comparisons] == ["dw", "db", "gw", "gb"]
    assert all(each.worst is not None and each.worst.error > 1e-5 for each in checked.comparisons)


PROGRAM = (
    '"""A GAN."""\nimport numpy as np\nfrom tracer import Adam, SGD, Scenario\n\n\n'
    "def sig(z): return 1 / (1 + np.exp(-z))\n"
    'def data(rng): return {"real": rng.normal(3, 0.5, size=(4, 1)), "z": rng.normal(size=(4, 1))}\n'
    "def model(real, z, gw, gb, dw, db):\n    fake = z * gw + gb\n"
    '    return {"fake": fake, "d_real": sig(real * dw + db), "d_fake": sig(fake * dw + db)}\n'
    "def d_loss(d_real, d_fake): return -np.mean(np.log(d_real) + np.log(1 - d_fake))\n"
    "def g_loss(d_fake): return -np.mean(np.log(d_fake))\n"
    'scenario = Scenario(data=data, parameters={"gw": 1.0, "gb": 0.0, "dw": 0.1, "db": 0.0}, model=model,\n'
    '    loss={"d": d_loss, "g": g_loss}, optimizer={"d": SGD(0.1), "g": Adam(0.1)}, steps=3,\n'
    '    groups={"d": ("dw", "db"), "g": ("gw", "gb")})\n'
)


def test_commands_read_such_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    Path("gan.py").write_text(PROGRAM)
    assert run("trace", "./gan.py", "--set", "d.learning_rate=0.2") == 0
    printed = capsys.readouterr().out
    assert "d_loss" in printed
    assert "g_loss" in printed
    assert Path("output/gan/steps.pdf").exists()
    for command in (
        ("log", "gan", "--step", "1"), ("show", "gan", "gw"), ("show", "gan", "d_fake"), ("show", "gan", "d_fake[0,0]"),
        ("show", "gan", "dL/dgw"), ("show", "gan", "dg_loss/dfake"), ("verify", "gan"), ("blame", "gan"), ("check", "./gan.py"),
        ("check", "./gan.py", "--second-order", "--exhaustive"), ("render", "gan", "-o", "a.svg"), ("diff", "gan", "gan"),
        ("render", "gan", "-o", "b.svg", "--zoom", "module"), ("render", "gan", "-o", "c.svg", "--zoom", "scenario"),
        ("render", "gan", "-o", "d.svg", "--zoom", "scalar", "--focus", "gw"), ("export", "gan", "-o", "a.json"),
        ("render", "gan", "-o", "e.svg", "--phase", "backward"), ("render", "gan", "-o", "f.svg", "--focus", "dg_loss/dgw"),
        ("export", "gan", "-o", "a.graphml"), ("render", "gan", "-o", "g.mmd"), ("render", "gan", "-o", "h.pdf", "--lang", "zh"),
    ):  # fmt: skip
        assert run(*command) == 0, (command, capsys.readouterr().err)
    shown = capsys.readouterr().out
    assert "dd_loss/dd_fake" in shown
    assert "dL/d" not in shown
    assert "g_loss" in Path("c.svg").read_text()
