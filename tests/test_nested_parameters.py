"""Parameters in dicts, lists, tuples and objects: their names, and what the functions of a scenario get."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tracer
from support.cli import run
from tracer import SGD, Adam, Scenario
from tracer.checking.scenario import CheckSubject, check_scenario
from tracer.data.archives import array_bytes
from tracer.graph.formula import parse
from tracer.graph.paths import new_name
from tracer.training import Training
from tracer.training.checkpoints import checkpoint_arrays
from tracer.training.parameters.nested import structure_of
from tracer.views.booklet.typst_math import to_typst

Pair = namedtuple("Pair", "W b")


class Dense:
    def __init__(self, inputs: int, outputs: int, seed: int) -> None:
        self.W = np.random.default_rng(seed).normal(size=(inputs, outputs))
        self.b = np.zeros(outputs)
        self.outputs = outputs
        self.rate = 0.5
        self.labels = np.arange(outputs)

    def __call__(self, x: Any) -> Any:
        return np.tanh(x @ self.W + self.b)


class Net:
    def __init__(self) -> None:
        self.layers = [Dense(2, 4, 1), Dense(4, 1, 2)]
        self.sizes = [2, 4, 1]
        self.forward = self.run
        self.owner = self

    def run(self, x: Any) -> Any:
        for layer in self.owner.layers:
            x = layer(x)
        return x


@dataclass(frozen=True, slots=True)
class Frozen:
    scale: np.ndarray
    name: str = "scale"


def nested() -> dict[str, Any]:
    generator = np.random.default_rng(3)
    return {
        "layers": [{"W": generator.normal(size=(2, 4)), "b": np.zeros(4)}, {"W": generator.normal(size=(4, 1)), "b": np.zeros(1)}]
    }


def of_layers(x: Any, layers: Any) -> Any:
    for layer in layers:
        x = np.tanh(x @ layer["W"] + layer["b"])
    return x


def scenario(parameters: Any, model: Any, **changes: Any) -> Scenario:
    x = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    fields: dict[str, Any] = {"optimizer": SGD(learning_rate=0.5), "steps": 3} | changes
    return Scenario(
        data={"x": x, "y": np.array([[0.0], [1], [1], [0]])},
        parameters=parameters,
        model=model,
        loss=lambda out, y: np.mean((out - y) ** 2),
        **fields,
    )


def names_of(values: dict[str, Any]) -> list[str]:
    return list(structure_of(values, "the parameter").values)


def test_names_are_paths() -> None:
    assert names_of(nested()) == ["layers[0].W", "layers[0].b", "layers[1].W", "layers[1].b"]
    assert names_of({"params": nested()})[0] == "params.layers[0].W"
    assert names_of({"p": {"W-1": np.ones(1), "T": np.ones(1), 3: np.ones(1)}}) == ["p['W-1']", "p['T']", "p[3]"]
    assert names_of({"p": Pair(np.ones(1), 0.0), "q": (np.ones(1), [np.ones(2)])}) == ["p.W", "p.b", "q[0]", "q[1][0]"]
    assert names_of({"net": Net()}) == ["net.layers[0].W", "net.layers[0].b", "net.layers[1].W", "net.layers[1].b"]


def test_what_is_a_parameter() -> None:
    in_dict = {
        "W": np.ones(2, int),
        "b": 0.5,
        "row": [0.1, 0.2],
        "n": 2,
        "on": True,
        "name": "a",
        "act": np.tanh,
        "mask": np.ones(2, bool),
    }
    assert names_of({"p": in_dict}) == ["p.W", "p.b", "p.row"]
    held = {"W": np.ones(2), "lr": 0.1, "rates": [0.1, 0.2]}
    assert names_of({"net": SimpleNamespace(b=0.5, n=np.ones(2, int), held=held, rng=np.random.default_rng(0))}) == ["net.held.W"]
    assert names_of({"w": [1, 2], "v": [[1.0, 2], [3, 4]], "s": 1}) == ["w", "v", "s"]


def test_an_array_that_occurs_twice_is_one_parameter() -> None:
    shared = np.ones(2)
    structure = structure_of({"a": {"W": shared}, "b": [shared, 1.0, 1.0]}, "the parameter")
    assert list(structure.values) == ["a.W", "b[1]", "b[2]"]
    filled = structure.filled({"a.W": "W", "b[1]": 1, "b[2]": 2})
    assert filled == {"a": {"W": "W"}, "b": ["W", 1, 2]}
    assert names_of({"a": shared, "b": shared}) == ["a", "b"]  # named one by one

    def tied(x: Any, p: Any) -> Any:
        return x @ p["in"]["W"] @ p["out"]["W"].T @ np.ones((2, 1))

    matrix = np.array([[0.3, 0.1], [-0.2, 0.5]])
    step = tracer.run(scenario({"p": {"in": {"W": matrix}, "out": {"W": matrix}}}, tied)).steps[0]
    assert [node.name for node in step.parameters] == ["p.in.W"]
    once = tracer.run(scenario({"W": matrix}, lambda x, W: x @ W @ W.T @ np.ones((2, 1)))).steps[0]
    assert np.array_equal(step.gradient("p.in.W"), once.gradient("W"))


def test_nested_parameters_train_as_flat_ones() -> None:
    values = nested()["layers"]
    flat = {"W0": values[0]["W"], "b0": values[0]["b"], "W1": values[1]["W"], "b1": values[1]["b"]}

    def of_flat(x: Any, W0: Any, b0: Any, W1: Any, b1: Any) -> Any:
        return np.tanh(np.tanh(x @ W0 + b0) @ W1 + b1)

    one = tracer.run(scenario(flat, of_flat, optimizer=Adam(learning_rate=0.1)))
    other = tracer.run(scenario(nested, of_layers, optimizer=Adam(learning_rate=0.1)))
    tracer.validate(other)
    for mine, its in zip(one.steps, other.steps, strict=True):
        assert mine.loss == its.loss
        assert mine.gradient("W0").tobytes() == its.gradient("layers[0].W").tobytes()
        assert mine.updated("b1").tobytes() == its.updated("layers[1].b").tobytes()
    names = {node.name for node in other.steps[0].nodes}
    assert {"layers[0].W", "dL/dlayers[0].W", "layers[0].W_new", "m_layers[0].W", "m_layers[0].W_new"} <= names


def test_objects_are_copied_and_keep_their_arrays() -> None:
    net = Net()
    before = [layer.W.copy() for layer in net.layers]
    made: list[Net] = []

    def model(x: Any, net: Net) -> Any:
        made.append(net)
        net.cache = x  # type: ignore[attr-defined]
        return net.forward(x)

    trace = tracer.run(scenario({"net": net}, model))
    assert trace.steps[2].loss < trace.steps[0].loss
    assert made[0] is not net
    assert made[0].owner is made[0]
    assert made[0].forward.__self__ is made[0]  # type: ignore[attr-defined]
    assert made[0].sizes is net.sizes
    assert not hasattr(net, "cache")
    assert all(np.array_equal(layer.W, old) for layer, old in zip(net.layers, before, strict=True))

    def failing(x: Any, net: Net) -> Any:
        net.layers[0].W = net.layers[0].W * 2
        raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        tracer.run(scenario({"net": net}, failing))
    assert all(np.array_equal(layer.W, old) for layer, old in zip(net.layers, before, strict=True))


def test_objects_with_arguments_of_new_are_copied() -> None:
    class Needy:
        def __new__(cls, size: int) -> Needy:
            return object.__new__(cls)

        def __init__(self, size: int) -> None:
            self.w = np.ones(size)

    filled = structure_of({"p": Needy(2), "q": SimpleNamespace(w=np.ones(1))}, "the parameter").filled({"p.w": 1, "q.w": 2})
    assert (type(filled["p"]), filled["p"].w, filled["q"].w) == (Needy, 1, 2)


def test_containers_keep_their_types() -> None:
    given = {"a": OrderedDict(W=np.ones(2)), "b": Pair(np.ones(1), 0.0), "c": (np.ones(1),), "d": Frozen(np.ones(2))}
    filled = structure_of(given, "the parameter").filled({"a.W": 1, "b.W": 2, "b.b": 3, "c[0]": 4, "d.scale": 5})
    assert filled == {"a": OrderedDict(W=1), "b": Pair(2, 3), "c": (4,), "d": filled["d"]}
    assert isinstance(filled["a"], OrderedDict)
    assert isinstance(filled["b"], Pair)
    assert (filled["d"].scale, filled["d"].name, type(filled["d"])) == (5, "scale", Frozen)


def test_model_takes_all_parameters_as_keywords() -> None:
    values = {"W": np.full((2, 1), 0.5), "b": 0.1, "c": 0.2}
    trace = tracer.run(scenario(values, lambda x, b, **params: x @ params["W"] + b * params["c"]))
    assert trace.steps[0].gradient("c").shape == ()
    seen = []

    def model(x: Any, **params: Any) -> Any:
        seen.append(set(params))
        return x @ params["W"] + params["b"] * params["c"]

    tracer.run(scenario(values, model, settings={"depth": 2}, steps=1))
    assert seen == [{"W", "b", "c"}]


def test_values_of_nested_parameters_are_given_by_path_or_structure(tmp_path: Path) -> None:
    given = scenario(nested, of_layers)
    by_path = tracer.run(given, parameters={"layers[0].b": np.full(4, 0.25)}, steps=1).steps[0]
    by_structure = tracer.run(given, parameters={"layers": [{"b": np.full(4, 0.25)}]}, steps=1).steps[0]
    for step in (by_path, by_structure):
        assert step.node("layers[0].b").value.tolist() == [0.25] * 4
    with pytest.raises(tracer.UsageError, match=r"no parameter 'layers\[2\].b'; did you mean"):
        tracer.run(given, parameters={"layers[2].b": np.zeros(1)})
    training = Training(scenario(nested, of_layers, optimizer=Adam(learning_rate=0.1)), steps=2)
    list(training)
    path = tmp_path / "half.npz"
    path.write_bytes(array_bytes(checkpoint_arrays(training.parameters, training.progress())))
    rest = tracer.run(scenario(nested, of_layers, optimizer=Adam(learning_rate=0.1)), steps=2, parameters=path)
    whole = tracer.run(scenario(nested, of_layers, optimizer=Adam(learning_rate=0.1)), steps=4)
    assert rest.steps[1].updated("layers[1].W").tobytes() == whole.steps[3].updated("layers[1].W").tobytes()


def test_structures_without_parameters_are_refused() -> None:
    for value in ({}, {"n": 3}, [], SimpleNamespace(w=0.5)):
        with pytest.raises(tracer.UsageError, match=r"the parameter of scenario 'p' is .* holds no array of floats"):
            tracer.run(scenario({"p": value}, lambda x, p: x))
    with pytest.raises(tracer.UsageError, match=r"np\.array\(number\) is"):
        tracer.run(scenario({"p": SimpleNamespace(w=0.5)}, lambda x, p: x))
    with pytest.raises(tracer.UsageError, match=r"'p.W' of scenario is not real"):
        tracer.run(scenario({"p": {"W": np.ones(2, complex)}}, lambda x, p: x))
    with pytest.raises(tracer.UsageError, match="is there twice"):
        names_of({"p": {"1": np.ones(1), "a b": np.ones(1), "a_b": np.ones(1), "a\tb": np.ones(1)}})


def test_tensors_of_an_earlier_run_are_refused() -> None:
    net = SimpleNamespace(W=np.ones((2, 1)))

    def model(x: Any, W: Any) -> Any:
        net.W = W
        return x @ net.W

    given = scenario(lambda: {"W": net.W}, model)
    tracer.run(given)
    with pytest.raises(tracer.UsageError, match="'W' is a Tensor of an earlier run"):
        tracer.run(given)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("layers[0].W", "Attribute"),
        ("dL/dlayers[0].W", "Derivative"),
        ("dL/dlayers[0].W.T", "Transpose"),
        ("dL/dparams.layers[0].W#2", "Derivative"),
        ("dL/d(weights[0])", "Derivative"),
        ("dL/dx[0]", "Subscript"),
        ("dL/dx[0].T", "Transpose"),
        ("dL/dp['W-1'].b via z", "Infix"),
        ("layers[0].W_new = layers[0].W - learning_rate * dL/dlayers[0].W", "Infix"),
    ],
)
def test_formulas_have_paths(text: str, kind: str) -> None:
    tree = parse(text)
    assert type(tree).__name__ == kind
    assert tree.text == text
    assert to_typst(tree) is not None


def test_names_of_new_values() -> None:
    assert [new_name(name) for name in ("W", "a[0][1]", "a[0].W", "a['x']")] == [
        "W_new",
        "a_new[0][1]",
        "a[0].W_new",
        "a_new['x']",
    ]


FILE = '''"""Two layers."""
import numpy as np
from tracer import Adam, Scenario

def model(x, params):
    for layer in params["layers"]:
        x = np.tanh(x @ layer["W"] * layer["scales"][0] + layer["b"])
    return x

def layer(n, m):
    return {"W": np.full((n, m), 0.3), "b": np.zeros(m), "scales": [np.array(0.5)]}

scenario = Scenario(
    data={"x": np.arange(6.0).reshape(3, 2), "y": np.ones((3, 1))}, parameters={"params": {"layers": [layer(2, 4), layer(4, 1)]}},
    model=model, loss=lambda out, y: np.mean((out - y) ** 2), optimizer=Adam(learning_rate=0.1), steps=3)
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "two.py").write_text(FILE)
    return tmp_path


def test_commands_take_paths(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("trace", "./two.py", "--format", "log") == 0
    said = capsys.readouterr().out
    assert "params.layers[0].W (2,4)" in said
    for text, expected in (
        ("params.layers[0].W", "parameter, float64"),
        ("params.layers[0].W[1,2]", "gradient   dL/dparams.layers[0].W[1,2] = "),
        ("dL/dparams.layers[0].W", "derives    0:002 params.layers[0].W"),
        ("dL/dparams.layers[0].W[1,2]", "value      dL/dparams.layers[0].W[1,2] = "),
        ("params.layers[1].scales[0]", "updated    0:1"),
        ("dL/dparams.layers[1].scales[0]", "params.layers[1].scales[0]"),
    ):
        assert run("show", "two", text) == 0, text
        assert expected in capsys.readouterr().out
    assert run("log", "two", "--step", "0", "--node", "params.layers[1].*", "--watch", "params.layers[1].W[2,0]") == 0
    logged = capsys.readouterr().out
    assert "params.layers[1].W_new[2,0] = " in logged
    assert "params.layers[0].W_new" not in logged
    for target in ("one.svg", "one.dot", "all.npz", "all.json", "all.graphml"):
        command = "render" if target.endswith(".svg") else "export"
        assert run(command, "two", "-o", target) == 0
    assert "step0/params.layers[0].W" in np.load("all.npz").files
    assert run("render", "two", "-o", "focus.svg", "--zoom", "scalar", "--focus", "dL/dparams.layers[0].W[0,1]") == 0


@pytest.mark.slow
def test_booklet_and_check_of_nested_parameters(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("trace", "./two.py", "--steps", "1", "--lang", "zh") == 0
    capsys.readouterr()
    check, _ = check_scenario(CheckSubject(str(folder / "two.py")), second_order=True)
    assert check.passed
    assert "params.layers[0].scales[0]" in {comparison.name for comparison in check.comparisons}
