"""Messages fit what was done: each names the mistake, its line, and what to write instead."""

from __future__ import annotations

import math
import re
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tracer
from support.cli import SCENARIO_TEXT, run
from tracer.errors import RecordingError
from tracer.ops import registry
from tracer.recording.protocols.advice import no_rule
from tracer.recording.protocols.calls import function_name

X = np.ones((3, 2))
VECTOR = np.array([0.5, 2.0])
RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def message_of(function: Callable[..., Any], *arrays: Any) -> str:
    """The message of the error that tracing a function raises; it is one line."""
    with pytest.raises(tracer.TracerError) as caught:
        tracer.trace(function, *(arrays or (VECTOR,)))
    text = str(caught.value)
    assert "\n" not in text
    assert text == text.strip()
    return text


# Tensors in plain arrays.


def collected(x: Any) -> Any:
    out = np.zeros(2)
    out[0] = x[0]
    return np.sum(out)


def collected_by_slice(x: Any) -> Any:
    out = np.zeros((2, 2))
    out[0, :] = x
    return np.sum(out)


def collected_by_mask(x: Any) -> Any:
    out = np.zeros(2)
    out[np.array([True, True])] = x
    return np.sum(out)


def from_a_list(x: Any) -> Any:
    results = [x[0], x[1] * 2]
    return np.sum(np.array(results))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (collected, "join a list of the results with np.stack"),
        (collected_by_slice, "join a list of the results with np.stack"),
        (collected_by_mask, "join a list of the results with np.stack"),
        (from_a_list, r"write np\.stack\(results\)"),
        (lambda x: np.sum(np.array([x[0], x[1]])), r"write np\.stack\(\[x\[0\], x\[1\]\]\)"),
        (lambda x: np.sum(np.asarray([x[0], x[1]])), r"np\.asarray makes a plain array, .*: write np\.stack"),
        (lambda x: np.sum(np.array([each * 2 for each in x])), r"write np\.stack"),
        (lambda x: np.sum(np.array([[x[0], x[1]], [x[1], x[0]]])), r"write np\.stack of rows"),
        (lambda x: np.sum(np.full(3, x[0])), r"write np\.broadcast_to, or np\.stack"),
        (lambda x: np.sum([x[0], x[1]]), r"write np\.sum\(np\.stack\(\[x\[0\], x\[1\]\]\)\)"),
        (lambda x: np.max([x[0], x[1]], 0), r"write np\.max\(np\.stack\(\[x\[0\], x\[1\]\]\), 0\)"),
        (lambda x: np.sum(np.exp([x[0], x[1]])), r"write np\.exp\(np\.stack"),
        (lambda x: np.sum(np.array(x)), r"it is an array already, leave np\.array out"),
        (lambda x: np.sum(np.fromiter((each for each in x), float)), r"np\.stack"),
        (lambda x: np.sum(X.dot(x)), r"X\.dot is a method of a plain array, .*: write X @ x"),
        (lambda x: np.sum(VECTOR.clip(0, x)), r"write np\.clip"),
        (lambda x: VECTOR.fill(x[0]), r"VECTOR\.fill stores a Tensor in a plain array.*np\.zeros\(shape, like=x\)"),
        (lambda x: VECTOR[x], r"write \.value, an index has no gradient"),
        (lambda x: math.exp(x[0]), r"use np\.exp and not math\.exp"),
        (lambda x: math.erf(x[0]), r"use np\. functions"),
        (lambda x: complex(x[0]), r"leave complex\(\) out"),
        (lambda x: np.random.normal(x), r"np\.random\.normal draws outside the graph.*spread \* rng\.normal"),
        (lambda x: RNG.normal(x), r"RNG\.normal draws outside the graph"),
    ],
)
def test_a_tensor_in_a_plain_array_is_told_what_to_write(function: Any, message: str) -> None:
    assert re.search(message, message_of(function)), message_of(function)


def test_advice_does_not_need_the_source_file() -> None:
    space: dict[str, Any] = {"np": np}
    exec("def collected(x):\n    out = np.zeros(2)\n    out[0] = x[0]\n    return np.sum(out)\n", space)
    assert "np.stack" in message_of(space["collected"])
    exec("def joined(x):\n    return np.sum(np.array([x[0], x[1]]))\n", space)
    assert "np.stack" in message_of(space["joined"])


def test_the_line_of_the_assignment_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    model = "out = np.zeros(3); out[0] = h[0]; h = out"
    Path("mine.py").write_text(SCENARIO_TEXT.format(model=model))
    assert run("trace", "mine.py", "-q", "--format", "log") == 3
    err = capsys.readouterr().err
    assert err.startswith("tracer: mine.py:9: ")
    assert "np.stack" in err
    assert err.count("\n") == 1


# Functions without a derivative rule.


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: x.exp(), r"write np\.exp\(x\)"),
        (lambda x: x.numpy(), r"\.value is the plain array"),
        (lambda x: x.meen(), r"did you mean mean"),
        (lambda x: x.view("int64"), r"x\.view\(dtype\) reads the bytes .*write x\.astype"),
        (lambda x: x.norm(), r"write np\.linalg\.norm\(x\)"),
        (lambda x: round(x), r"write np\.round\(x, digits\)"),
        (lambda x: np.save("x.npy", x), r"np\.save takes plain arrays: write x\.value"),
        (lambda x: np.float32(x[0]), r"write x\[0\]\.astype\(np\.float32\)"),
        (lambda x: np.sum(np.array(object=[x[0], x[1]])), r"write np\.stack\(\[\.\.\.\]\)"),
        (lambda x: np.zeros(2).__setitem__(0, x[0]), r"\.item\(\)"),
        (lambda x: range(x[0]), r"write \.item\(\)"),
        (lambda x: np.add.at(np.zeros(2), [0], x[:1]), r"np\.add\.at writes into a plain array.*np\.zeros\(shape, like=x\)"),
        (lambda x: np.maximum.accumulate(x), r"np\.maximum\.accumulate is not recorded"),
        (lambda x: np.put(x, [0], 1), r"x is a parameter, .*write into a copy, x = x\.copy\(\)"),
        (lambda x: np.sum(np.spacing(x)), r"np\.spacing has no derivative rule: compose.*its call at .*test_messages\.py"),
        (lambda x: np.r_[x, 1.0], r"np\.r_ makes a plain array, .*: write np\.concatenate\(\[\.\.\.\]\)"),
        (lambda x: np.c_[x, x], r"np\.c_ makes a plain array, .*: write np\.column_stack\(\[\.\.\.\]\)"),
        (lambda x: np.lib.stride_tricks.as_strided(x, (2,), (8,)), r"as_strided reads memory .*sliding_window_view"),
        (lambda x: np.pad(x, 1, mode="mean"), r"np\.pad with mode='mean' computes the new elements"),
        (lambda x: np.pad(x, 1, "maximum", stat_length=1), r"np\.pad with mode='maximum' computes"),
        (lambda x: np.pad(x, 1, "reflect", reflect_type="odd"), r"reflect_type='odd' computes the new elements"),
        (lambda x: np.linspace(0, x, 3, retstep=True), r"retstep=True is not recorded"),
    ],
)
def test_what_has_no_rule_names_the_way_round(function: Any, message: str) -> None:
    assert re.search(message, message_of(function)), message_of(function)


def test_attributes_are_probed_as_usual() -> None:
    def program(x: Any) -> Any:
        assert not hasattr(x, "resize")
        assert getattr(x, "numpy", None) is None
        return np.sum(x)

    assert tracer.trace(program, VECTOR).loss == 2.5


@pytest.mark.parametrize("name", ["histogram", "histogram2d", "spacing", "isneginf"])
def test_functions_that_are_recorded_as_values_are_said_to_have_no_rule(name: str) -> None:
    assert registry.implementing(getattr(np, name)) is None
    assert no_rule(getattr(np, name)).startswith(f"np.{name} has no derivative rule: compose it of recorded functions")


# Functions of other libraries.


def test_functions_of_scipy_are_called_scipys(monkeypatch: pytest.MonkeyPatch) -> None:
    special = types.ModuleType("scipy.special")
    ufunc = np.frompyfunc(lambda value: value, 1, 1)

    def logsumexp(values: Any) -> Any:
        return np.asarray(values)

    logsumexp.__module__ = "scipy.special._logsumexp"
    special.__dict__.update({ufunc.__name__: ufunc, "logsumexp": logsumexp})
    monkeypatch.setitem(sys.modules, "scipy.special", special)
    importing = types.ModuleType("mine")
    importing.__dict__[ufunc.__name__] = ufunc  # from scipy.special import ...
    monkeypatch.setitem(sys.modules, "mine", importing)
    assert function_name(ufunc) == f"scipy.special.{ufunc.__name__}"
    assert "scipy.special." in message_of(lambda x: ufunc(x))
    assert "np." not in message_of(lambda x: ufunc(x)).split(" ")[0]
    assert function_name(logsumexp) == "scipy.special.logsumexp"


# What a function returns.


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: (np.sum(x), np.sum(x * x)), "one number is needed, this is a tuple of 2"),
        (lambda x: [np.sum(x)], "one number is needed, this is a list of 1"),
        (lambda x: {"loss": np.sum(x)}, "one number is needed, this is a dict of 1"),
        (lambda x: None, "returned nothing: does it end without a return?"),
        (
            lambda x: np.sum(x).item(),
            "returned float and no Tensor: it does not depend on the recorded arrays, or left the graph",
        ),
        (lambda x: "text", "returned str and no Tensor, one number is needed"),
        (lambda x: x * 2, r"returned shape (2,), one number is needed"),
    ],
)
def test_what_is_returned_is_named(function: Any, message: str) -> None:
    assert message in message_of(function)


def test_errors_of_the_program_itself_stay_what_they_are() -> None:
    def wrong(x: Any) -> Any:
        out = np.zeros(2)
        out[0] = np.ones(3)
        return np.sum(x)

    with pytest.raises(ValueError, match="sequence") as caught:
        tracer.trace(wrong, VECTOR)
    assert not isinstance(caught.value, RecordingError)


# Names as Python reads them, and wrong arguments.

MICRO, MU = "\u00b5", "\u03bc"
"""Two characters that Python reads as one identifier."""


@pytest.mark.parametrize("typed", [MICRO, MU])
@pytest.mark.parametrize("asked", [MICRO, MU])
def test_names_are_those_that_python_reads(typed: str, asked: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A name is found in either spelling, as data, parameter, setting, result and metric, and in every command."""
    text = f'''
import numpy as np
from tracer import SGD, Scenario, EarlyStopping
def model(x_{MICRO}, {MICRO}, alpha_{MU}):
    {MU}_squared = {MICRO} * {MU}
    return {{"out_{typed}": x_{MICRO} * {MU}_squared * alpha_{MICRO}}}
def loss(out_{MU}): return np.sum(out_{MICRO})
scenario = Scenario(data=lambda: {{"x_{typed}": np.ones(4)}}, parameters={{"{typed}": 0.5}}, model=model, loss=loss,
    settings={{"alpha_{typed}": 2.0}}, optimizer=SGD(learning_rate=0.1), epochs=2, batch_size=2, batched=["x_{typed}"],
    metrics={{"size_{typed}": lambda out_{MICRO}: np.max(out_{MU})}}, validation={{"x_{typed}": "x_{asked}"}},
    stopping=EarlyStopping(monitor="val_size_{asked}"))
'''
    Path("greek.py").write_text(text, encoding="utf-8")
    scenario = tracer.load("./greek.py")
    trace = tracer.run(scenario, parameters={asked: 0.25}, settings={f"alpha_{asked}": 3.0})
    step = trace.steps[0]
    assert step.gradient(asked) == pytest.approx(2 * 2 * 0.25 * 3)
    assert step.node(f"dL/d{asked}").name == f"dL/d{MU}"
    assert step.updated(asked) == step.node(f"{asked}_new").value
    assert step.node(f"{asked}_squared").name == f"{MU}_squared"
    assert run("trace", "./greek.py", "-q", "--format", "log", "--set", f"alpha_{asked}=1") == 0
    for arguments in (
        ["show", "greek", asked], ["show", "greek", f"dL/d{asked}"], ["log", "greek", "--node", f"{asked}*"],
        ["blame", "greek", "--of", asked],
    ):  # fmt: skip
        assert run(*arguments) == 0, capsys.readouterr().err
    assert run("export", "greek", "-o", "greek.npz") == 0


def test_two_spellings_of_one_name_are_refused() -> None:
    with pytest.raises(tracer.UsageError, match="twice, in characters that Python reads as one"):
        tracer.Scenario(parameters={MICRO: 0.0, MU: 1.0}, model=lambda x: x, loss=lambda p: p)


def scenario_with(**options: Any) -> tracer.Scenario:
    given = {"parameters": {"w": 0.0}, "model": lambda w: w * 2.0, "loss": lambda p: p * p, **options}
    return tracer.Scenario(**given)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: scenario_with(params={"w": 0.0}), "Scenario has no argument 'params'; did you mean parameters?"),
        (lambda: scenario_with(epoch=3), "did you mean epochs?"),
        (lambda: scenario_with(loss_fn=3), "did you mean loss?"),
        (lambda: tracer.Scenario(parameters={"w": 0.0}), "Scenario needs model and loss"),
        (lambda: tracer.Scenario({"w": 0.0}), r"Scenario takes arguments by name only: name them, as in Scenario\(data=...\)"),
        (lambda: tracer.SGD(lr=0.1), "SGD has no argument 'lr'; did you mean learning_rate?"),
        (lambda: tracer.SGD(0.1, 0.9), r"SGD takes up to 1 argument by position, not 2: name them, as in SGD\(momentum=...\)"),
        (lambda: tracer.SGD(), "SGD needs learning_rate"),
        (lambda: tracer.Adam(eps=0.1), "did you mean epsilon?"),
        (lambda: tracer.KerasAdam(bta1=0.1), "did you mean beta1"),
        (lambda: tracer.EarlyStopping(mintor="loss"), "did you mean monitor?"),
        (lambda: tracer.Checkpoint(monitor="loss"), "Checkpoint needs mode"),
        (lambda: tracer.Report(epochs=print), "did you mean epoch?"),
        (lambda: tracer.run(scenario_with(), step=2), "run has no argument 'step'; did you mean steps?"),
        (lambda: tracer.load("fruit", 3), "load takes up to 1 argument by position, not 2"),
        (lambda: tracer.save(None, "x", value="all"), "did you mean values?"),
        (lambda: tracer.trace(np.sum, x=[1.0]), "trace has no argument 'x': arrays are given by position"),
        (lambda: tracer.trace(3, [1.0]), "takes a function first, this is int"),
        (lambda: tracer.trace(lambda x, y: x, [1.0]), r"<lambda>\(x, y\) was given 1 array: missing a required argument: 'y'"),
        (lambda: tracer.testing.check_gradients(np.sum, [1.0], tol=1), "did you mean tolerance?"),
        (lambda: tracer.testing.assert_gradients(np.sum, [1.0], example=1), "did you mean examples?"),
        (
            lambda: tracer.run(scenario_with(optimizer=tracer.SGD(learning_rate=1)), settings={"lr": 1}),
            "did you mean learning_rate?",
        ),
    ],
)
def test_wrong_arguments_name_similar_ones(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(tracer.UsageError, match=message.replace("?", r"\?")) as caught:
        call()
    assert "\n" not in str(caught.value)
    if "argument" in message:
        assert isinstance(caught.value, TypeError)


def test_checked_calls_keep_their_signature_and_copies() -> None:
    import dataclasses
    import inspect
    import pickle

    optimizer = tracer.SGD(learning_rate=0.5)
    assert list(inspect.signature(tracer.SGD).parameters) == ["learning_rate", "momentum", "weight_decay", "nesterov"]
    assert dataclasses.replace(optimizer, momentum=0.9).momentum == 0.9
    assert pickle.loads(pickle.dumps(optimizer)) == optimizer


@pytest.mark.parametrize(
    ("name", "suggestion"), [("trase", "did you mean trace"), ("Scenaro", "did you mean Scenario"), ("testin", "testing")]
)
def test_unknown_names_of_the_package_name_similar_ones(name: str, suggestion: str) -> None:
    with pytest.raises(AttributeError, match=suggestion):
        getattr(tracer, name)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["traec", "fruit"], "there is no command 'traec'; did you mean trace? (see tracer --help)"),
        (["fruit"], "there is no command 'fruit': to run a scenario, write tracer trace fruit"),
        (["./mine.py"], "there is no command './mine.py': to run a scenario, write tracer trace ./mine.py"),
        (["trace", "friut"], "there is no scenario 'friut'; did you mean fruit"),
        (["trace", "fruit", "--stpes", "3"], "there is no option --stpes; did you mean --steps?"),
        (
            ["trace", "mine.py", "--lr", "0.1"],
            "there is no option --lr: options of a program come after --, settings of a scenario are given as --set lr=VALUE",
        ),
        (["trace", "mine.py", "-x"], "there is no option -x: options of a program come after --"),
        (["verify", "fruit", "--bar"], "there is no option --bar; there are: --json, --lang"),
        (["trace", "fruit", "--set", "lr=3"], "fruit has no setting 'lr'; did you mean learning_rate?"),
        (["render", "fruit", "--zom", "module"], "there is no option --zom; did you mean --zoom"),
        (["blame", "friut"], "there is no trace file of 'friut'"),
    ],
)
def test_wrong_words_of_the_command_line_name_similar_ones(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert message in err


# What a newcomer gets wrong.


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ("scenario = Scenario", "mine = Scenario"),
            "its Scenario is named mine: the name `scenario` is needed",
        ),
        (("steps=3)", "steps=3)\nscenario = [scenario]"), "its `scenario` is list, and a tracer.Scenario(...) is needed"),
        (("steps=3)", "steps=3)\nscenario = Scenario"), "its `scenario` is the class Scenario itself"),
        (("model=model", "model=3"), "Scenario: model must be a function, this is int: give its name without (), or a lambda"),
        (("def model(x,", "def model(X,"), "asks for 'X'; did you mean x?"),
        (('"b": 0.0', '"b": 1j'), "'b' of mine is not real: its dtype is complex128"),
        (('"b": 0.0', '"b": None'), "'b' of mine is not numeric: its dtype is object, it holds None"),
        (('"b": 0.0', '"b": "0"'), "'b' of mine is not numeric: its dtype is <U1, it holds text"),
        (
            ("return h", "return h if h > 0 else -h"),
            "mine.py:10: an array of 3 elements is neither true nor false",
        ),
        (("return np.mean((p - y) ** 2)", "return float(np.mean((p - y) ** 2))"), "returned float and no Tensor"),
    ],
)
def test_wrong_scenarios(change: tuple[str, str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = SCENARIO_TEXT.format(model="h = h")
    assert change[0] in text
    Path("mine.py").write_text(text.replace(*change))
    assert run("trace", "mine.py", "-q", "--format", "log") in (2, 3)
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1), err
    assert message in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trace", "notes.txt"], "notes.txt is neither a program nor a scenario: a Python file (.py) is needed"),
        (["trace", "mine"], "there is no scenario 'mine'; did you mean the file mine.py?"),
        (["trace", "."], ". is a folder: name a Python file, such as mine.py"),
        (["check", "lessons"], "lessons is a folder: name a Python file, such as lessons/main.py"),
        (["trace", "empty/"], "empty/ is a folder: name a Python file\n"),
        (["trace", "mien.py"], "there is no file mien.py; did you mean mine.py?"),
        (["trace", "mine.py", "--set", "w=1"], "w is a parameter of mine and no setting: --parameters FILE"),
        (["trace", "mine.py", "--dtype", "int"], "dtype must be float32 or float64, this is 'int'"),
        (["show", "mine", "99"], "step 0 has no node '99': its nodes are 0 to "),
        (
            ["export", "mine", "-o", "x.csv"],
            "the name of a file to write ends in one of .jsonl, .json, .graphml, .dot, .npz, .parquet",
        ),
    ],
)
def test_wrong_command_lines(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.py").write_text(SCENARIO_TEXT.format(model="h = h"))
    Path("notes.txt").write_text("notes")
    Path("empty").mkdir()
    Path("lessons").mkdir()
    for name in ("main.py", "a.py"):
        Path("lessons", name).write_text("")
    assert run("trace", "mine.py", "-q", "--format", "log") == 0
    assert run(*arguments) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert message in err
    assert "; there are: .jsonl" not in err


def test_formula_of_an_operation_may_name_inputs_in_either_spelling() -> None:
    space: dict[str, Any] = {"tracer": tracer}
    exec(
        f"""
from tracer.ops import REAL, Elementwise
class ScaledInGreek(Elementwise):
    formula = "scaled({{{MICRO}}})"
    domain = (REAL,)
    @staticmethod
    def value({MU}): return 2 * {MICRO}
    @staticmethod
    def gradient_{MICRO}(g, out, {MICRO}): return 2 * g
""",
        space,
    )
    step = tracer.trace(lambda x: np.sum(space["ScaledInGreek"].apply(x)), VECTOR)
    assert step.gradient("x").tolist() == [2.0, 2.0]
