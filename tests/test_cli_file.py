"""The commands that read a trace file."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import networkx
import numpy as np
import pyarrow.parquet
import pytest

import tracer
from support.cli import SCENARIO_TEXT, run
from support.mutated_files import damaged, save_good_files
from support.traces import recorded
from tracer.analysis.verify import ULPS, verify
from tracer.errors import UsageError
from tracer.graph.record import Node, Phase, Step, Trace
from tracer.ops import registry
from tracer.store.reading import read
from tracer.store.rows import content_key
from tracer.store.writing import TraceWriter
from tracer.views.text.log import log_text

ROOT = Path(__file__).parent.parent
OVERFLOW = ["trace", "linear-regression", "--set", "learning_rate=1", "-q", "--format", "log"]


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test runs in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_trace(name: str, *options: str) -> None:
    """Run a scenario to write its trace file."""
    assert run("trace", name, "-q", "--format", "log", *options) == 0


def printed(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    """The standard output of a command that exits with this code and prints nothing to stderr."""
    capsys.readouterr()
    assert run(*arguments) == code
    out, err = capsys.readouterr()
    assert err == ""
    return out


# Finding the file.


def test_file_is_found_by_path_folder_or_name(capsys: pytest.CaptureFixture[str]) -> None:
    write_trace("fruit")
    write_trace("fruit-pytorch", "-o", "output/elsewhere", "--seed", "1")
    write_trace("linear-regression")
    os.utime("output/fruit/trace.sqlite", (1, 1))
    by_name = printed(capsys, "log", "fruit")
    assert "# seed=1 " in by_name
    assert by_name == printed(capsys, "log", "output/elsewhere") == printed(capsys, "log", "output/elsewhere/trace.sqlite")
    assert "# seed=0 " in printed(capsys, "log", "output/fruit/trace.sqlite")
    Path("mine.py").write_text(SCENARIO_TEXT.format(model="pass"))
    write_trace("mine.py")
    assert printed(capsys, "log", "mine") == printed(capsys, "log", "./mine.py")


NOT_RECORDED = {
    "mnist": "mnist", "fruit": "fruit", "mine": "mine.py", "./mine.py": "./mine.py", "a name.py": "'a name.py'",
    "attention": "--example attention", "batch-norm": "--example batch-norm", "batch_norm": "--example batch_norm",
}  # fmt: skip
"""Names of which there is no run, and what `tracer trace` has to run for one: scenarios, files, examples."""


@pytest.mark.parametrize("name", NOT_RECORDED)
@pytest.mark.parametrize(
    "command",
    [
        ["log", "NAME"], ["show", "NAME", "W1"], ["blame", "NAME"], ["verify", "NAME"], ["diff", "fruit-sgd", "NAME"],
        ["diff", "NAME", "NAME"], ["render", "NAME"], ["export", "NAME", "-o", "x.json"], ["doctor", "NAME"],
    ],
)  # fmt: skip
def test_name_without_a_run_is_told_what_records_it(
    name: str, command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of every command that takes a run."""
    write_trace("fruit-sgd", "--steps", "1")
    for file in ("mine.py", "a name.py"):
        Path(file).write_text(SCENARIO_TEXT.format(model="pass"))
    capsys.readouterr()
    assert run(*(name if each == "NAME" else each for each in command)) == 2
    said = f"there is no trace file of {name!r} under output/: run `tracer trace {NOT_RECORDED[name]}` first"
    assert capsys.readouterr().err == f"tracer: {said}\n"


def test_run_of_an_example_is_found_by_the_name_of_the_example(capsys: pytest.CaptureFixture[str]) -> None:
    write_trace("--example=batch-norm", "--steps", "1")
    assert printed(capsys, "log", "batch-norm") == printed(capsys, "log", "batch_norm")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["log", "frut"], "there is no trace file of 'frut' under output/; did you mean fruit?"),
        (["log", "none.sqlite"], "there is no file 'none.sqlite'"),
        (["log", "mnist"], "there is no trace file of 'mnist' under output/: run `tracer trace mnist` first"),
        (["log", ""], "the name of a trace file is empty"),
        (["log", "x\x1b[2J\n"], r"there is no trace file of 'x\x1b[2J\n' under output/"),
        (["export", "fruit", "-o", "x.parquet", "--step", "1"], "a folder of Parquet takes whole runs"),
        (["log", "empty"], "there is no trace file in the folder 'empty'"),
        (["log", "fruit", "--step", "6"], "there is no step 6: fruit has steps 0 to 5 on record"),
        (["log", "fruit", "--step", "x"], "--step takes a whole number from 0 on"),
        (["log", "fruit", "--phase", "back"], "is not one of"),
        (["log", "fruit", "--node", "W3*"], "no node of step 0 is called 'W3*'"),
        (["log", "fruit", "--watch", "W1"], "--watch takes an element such as W1[0,2], this is 'W1'"),
        (["log", "fruit", "--watch", "W1[2,0]"], "W1 has the shape (2,4): there is no element [2,0]"),
        (["log", "fruit", "--watch", "Q[0]"], "step 0 has no node 'Q'"),
        (["log", "fruit", "--precision", "18"], "--precision takes up to 17 digits"),
        (["show", "fruit", "W3"], "step 0 has no node 'W3'"),
        (["show", "fruit", "W1[0]"], "W1 has the shape (2,4): there is no element [0]"),
        (["show", "fruit", "999"], "step 0 has no node '999'"),
        (["diff", "fruit", "fruit", "--tolerance", "-1"], "--tolerance takes a number from 0 to below 1, this is '-1'"),
        (["diff", "fruit", "nothing"], "there is no trace file of 'nothing' under output/; there are: fruit"),
        (
            ["render", "fruit", "-o", "x.gif"],
            "the name of a file to write ends in one of .pdf, .html, .svg, .png, .dot, .mmd, this is 'x.gif'",
        ),
        (["render", "fruit", "-o", "x.pdf", "--phase", "loss", "--pages", "all"], "--pages says how much a booklet holds"),
        (["render", "fruit", "-o", "x.svg", "--pages", "all"], "--pages says how much a booklet holds, and x.svg is none"),
        (["render", "fruit", "-o", "x.svg", "--zoom", "module", "--focus", "loss"], "--focus chooses among tensors or numbers"),
        (["render", "fruit", "-o", "x.svg", "--zoom", "scenario", "--phase", "loss"], "--phase chooses among tensors or numbers"),
        (["render", "fruit", "-o", "x.svg", "--focus", "loss", "--phase", "loss"], "leave --phase out"),
        (["render", "fruit", "-o", "x.svg", "--focus", "loss", "--focus-down", "W1"], "give one of them"),
        (["render", "fruit", "-o", "x.svg", "--focus", "W3"], "step 0 has no node 'W3'"),
        (["render", "fruit", "-o", "x.svg", "--focus", "W1[5,5]"], "W1 has the shape (2,4): there is no element [5,5]"),
        (["render", "fruit", "-o", "x.svg", "--steps", "0,,5"], "--steps takes a whole number"),
        (["render", "fruit", "-o", "x.svg", "--steps", "0,9"], "there is no step 9"),
        (["render", "fruit", "-o", "x.svg", "--zoom", "near"], "'near' is not one of"),
        (["render", "fruit", "-o", "x.svg", "--theme", "pink"], "'pink' is not one of"),
        (["trace", "fruit", "--zoom", "module", "--focus", "loss"], "--focus chooses among tensors or numbers"),
        (["export", "fruit", "-o", "x.xlsx"], "the name of a file to write ends in one of .jsonl, .json, .graphml"),
        (["export", "fruit", "-o", "x.npz", "--full"], "--full is for JSON"),
        (["export", "fruit", "-o", "/proc/x.json"], "cannot write"),
        (["trace", "fruit", "--values", "some"], "--values takes all, sampled, summary, structure or none, this is 'some'"),
        (["trace", "fruit", "--budget", "much"], "--budget takes a size such as 256MB"),
    ],
)
def test_usage_error_is_one_line_and_exit_2(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    write_trace("fruit")
    Path("empty").mkdir()
    before = sorted(Path().rglob("*"))
    assert run(*arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert err.startswith("tracer: ")
    assert err.count("\n") == 1
    assert sorted(Path().rglob("*")) == before


COMMANDS = (["log"], ["blame"], ["export"], ["verify"], ["diff", "FILE", "FILE"], ["show", "FILE", "loss"],
         ["render", "FILE", "-o", "x.pdf"])  # fmt: skip
ALLOWED = {"blame": (0, 1, 4), "verify": (0, 1, 4), "diff": (0, 1, 4), "show": (0, 2, 4)}
"""The exit codes a command may have for a damaged file; 0 and 4 for commands that are not listed."""


def command_of(command: Sequence[str], file: str) -> list[str]:
    return [file if word == "FILE" else word for word in command] if "FILE" in command else [*command, file]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_invalid_file_is_one_line_and_exit_4(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    Path("text.sqlite").write_text("no trace\n" * 50)
    Path("empty.sqlite").write_bytes(b"")
    sqlite3.connect("other.sqlite").executescript("CREATE TABLE x (y); INSERT INTO x VALUES (1);")
    for name in ("text.sqlite", "empty.sqlite", "other.sqlite"):
        assert run(*command_of(command, name)) == 4
        out, err = capsys.readouterr()
        assert out == ""
        assert re.fullmatch(rf"tracer: {name} is no trace file.*\n", err)
    assert not Path("x.pdf").exists()


def test_every_command_handles_damaged_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For any content the exit code is one of ALLOWED, with one line on stderr and no traceback."""
    good, place = tmp_path / "good", tmp_path / "damaged"
    for folder in (good, place):
        folder.mkdir()
    save_good_files(good)
    contents = {path.name: path.read_bytes() for path in good.iterdir()}
    codes: dict[int, int] = {}
    for seed in range(40):
        _, damage = damaged(seed, contents, place)
        Path("x.sqlite").write_bytes(damage.content)
        for command in COMMANDS[:-1]:
            code = run(*command_of(command, "x.sqlite"))
            codes[code] = codes.get(code, 0) + 1
            err = capsys.readouterr().err
            assert code in ALLOWED.get(command[0], (0, 4)), (seed, command, err)
            assert err.count("\n") <= 1
            assert "Traceback" not in err
            assert "fault of tracer" not in err, (seed, command, err)
    assert codes[4] > 50
    assert codes[0] > 10


# log


def test_log_from_the_file_is_that_of_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("fruit", "linear-regression", "tensors"):
        write_trace(name)
        assert printed(capsys, "log", name) == Path(f"output/{name}/steps.log").read_text()


def test_log_can_be_filtered(capsys: pytest.CaptureFixture[str]) -> None:
    write_trace("fruit")
    lines = printed(capsys, "log", "fruit", "--step", "3", "--phase", "backward").splitlines()
    assert [line for line in lines if line.startswith(("==", "--"))] == ["== step 3 ==  loss 0.6941", "-- backward"]
    assert all(re.match(r"3:\d{3} |     |[#=-]", line) for line in lines)
    named = printed(capsys, "log", "fruit", "--node", "W1", "--node", "h*", "--step", "0", "--step", "5").splitlines()
    found = [line.split()[:2] for line in named if re.match(r"\d:\d{3} ", line)]
    assert found == [["0:002", "W1"], ["0:020", "h1"], ["5:002", "W1"], ["5:020", "h1"]]
    watched = printed(capsys, "log", "fruit", "--step", "0", "--node", "*W1*", "--watch", "W1[1,-1]", "--precision", "7")
    assert re.search(r"^     W1\[1,3\] = 0\.\d{7}$", watched, re.MULTILINE)
    assert re.search(r"^     dL/dW1\[1,3\] = .* \+ \.\.\. \[10 terms\] = -?0\.\d+ ", watched, re.MULTILINE)
    assert re.search(r"^     W1_new\[1,3\] = ", watched, re.MULTILINE)


def test_log_as_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*OVERFLOW) == 0
    lines = [json.loads(line) for line in printed(capsys, "log", "linear-regression", "--json").splitlines()]
    assert lines[0]["event"] == "head"
    assert lines[-1] == {"event": "end", "steps": 50, "events": len(lines)}
    losses = {line["step"]: line["loss"] for line in lines if line["event"] == "step"}
    assert losses[39] == pytest.approx(5.411e299, rel=1e-3)
    assert losses[40] == "inf"
    (node,) = (line for line in lines if line["event"] == "node" and line["step"] == 40 and line["name"] == "loss")
    assert node["value"] == node["statistics"]["l2"] == "inf"
    assert node["source"]["line"] == 22
    few = printed(capsys, "log", "linear-regression", "--json", "--step", "1", "--node", "w").splitlines()
    assert [json.loads(line)["event"] for line in few] == ["head", "step", "node", "end"]


def test_log_of_an_unfinished_run(capsys: pytest.CaptureFixture[str]) -> None:
    trace = recorded("fruit")
    writer = TraceWriter(Path("cut.sqlite"), trace)
    for step in trace.steps[:2]:
        writer.write(step)
    text = printed(capsys, "log", "cut.sqlite")
    assert text.splitlines()[-1] == "== the run did not end ==  2 of 6 steps are whole"
    assert "the record ends early: the run did not end" in printed(capsys, "verify", "cut.sqlite")
    assert json.loads(printed(capsys, "log", "cut.sqlite", "--json").splitlines()[-1])["unfinished"] == "the run did not end"
    writer.end()


def test_control_characters_are_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    value = np.zeros(())
    value.flags.writeable = False
    node = Node(0, "data", (), {}, value, (), "float64", Phase.INIT, "\x1b[2Jx\u202e", "")
    tracer.save(Trace("t", "\x07title", 0, "float64", {}, {}, (Step(0, (node,), 0),)), "t.sqlite")
    for command in (["log", "t.sqlite"], ["log", "t.sqlite", "--json"], ["show", "t.sqlite", "0"], ["verify", "t.sqlite"]):
        out = printed(capsys, *command)
        assert not re.search(r"[\x00-\x09\x0b-\x1f\u202e]", out)
    assert r"\x1b[2Jx\u202e" in printed(capsys, "log", "t.sqlite")


# show


def test_show_node(capsys: pytest.CaptureFixture[str]) -> None:
    write_trace("fruit")
    lines = printed(capsys, "show", "fruit", "dL/dlogits", "--step", "2").splitlines()
    assert lines[0] == "2:044 dL/dlogits = dL/dlog_probabilities + (dL/dshifted via exp(shifted))"
    text = "\n".join(lines)
    assert re.search(r"^  source +fruit_pytorch\.py:41  cross_entropy\(logits, y\)$", text, re.MULTILINE)
    assert re.search(r"^  derives +2:025 shifted = logits - largest$", text, re.MULTILINE)
    assert re.search(r"^  added up +2:038 dL/dlog_probabilities .*\n +2:043 dL/dshifted via exp\(shifted\)", text, re.MULTILINE)
    assert re.search(r"^  used by +2:045 dL/db2 = sum\(dL/dlogits, axis=0\)$", text, re.MULTILINE)
    assert text.count("*") >= 6
    for name in ("44", "#44", "2.044", "2.44", "2:044", "2:44"):
        assert printed(capsys, "show", "fruit", name, "--step", "2").splitlines() == lines
    for name in ("2:044", "2.044"):  # the number of now, and that of logs of before
        assert printed(capsys, "show", "fruit", name).splitlines() == lines
        (heading,) = [line for line in printed(capsys, "log", "fruit", "--node", name).splitlines() if re.match(r"\d+:", line)]
        assert heading.startswith("2:044 dL/dlogits = ")
    assert printed(capsys, "show", "fruit", "2.044[0,1]").splitlines()[0] == "2:044 dL/dlogits[0,1]"
    assert printed(capsys, "show", "fruit", "x @ W1").startswith("0:019 x @ W1\n")


def test_show_node_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    write_trace("fruit")
    trace = recorded("fruit")
    found = json.loads(printed(capsys, "show", "fruit", "W1", "--json", "--step", "1"))
    assert found["value"] == trace.steps[1].node("W1").value.tolist()
    assert found["history"]["values"] == [step.node("W1").summary.l2 for step in trace.steps]
    assert trace.steps[1].nodes[found["gradient"]].name == "dL/dW1"
    gradient = json.loads(printed(capsys, "show", "fruit", "dL/dlogits", "--json"))
    assert gradient["contributions"] == [38, 43]
    element = json.loads(printed(capsys, "show", "fruit", "W1[0,2]", "--json"))
    assert element["value"]["value"] == trace.steps[0].node("W1").value[0, 2]
    assert element["update"]["value"] == trace.steps[0].updated("W1")[0, 2]


def test_show_element(capsys: pytest.CaptureFixture[str]) -> None:
    write_trace("fruit")
    text = printed(capsys, "show", "fruit", "h1[3,1]", "--precision", "12")
    (value,) = re.findall(r"^  value +h1\[3,1\] = (.*) = (\S+)$", text, re.MULTILINE)
    (gradient,) = re.findall(r"^  gradient +dL/dh1\[3,1\] = (.*) = (\S+)$", text, re.MULTILINE)
    for spelled, result in (value, gradient):
        assert eval(spelled) == pytest.approx(float(result), rel=1e-9)
        assert "..." not in spelled
    step = recorded("fruit", 1).steps[0]
    assert float(value[1]) == pytest.approx(step.node("h1").value[3, 1])
    assert float(gradient[1]) == pytest.approx(step.gradient("h1")[3, 1])
    assert "update     W1_new[0,2] = " in printed(capsys, "show", "fruit", "W1[0,2]")


def test_show_value_with_thousands_of_uses(capsys: pytest.CaptureFixture[str]) -> None:
    def function(x: np.ndarray) -> np.ndarray:
        total = x
        for _ in range(1500):
            total = total + np.sin(x)
        return total

    tracer.save(Trace("many", "", 0, "float64", {}, {}, (tracer.trace(function, 0.5),)), "many.sqlite")
    lines = printed(capsys, "show", "many.sqlite", "dL/dx").splitlines()
    assert sum(" via " in line and "(dL/dx via" not in line for line in lines) >= 1500


def test_show_reports_values_that_were_not_kept(capsys: pytest.CaptureFixture[str]) -> None:
    write_trace("mnist", "--steps", "2", "--values", "summary")
    text = printed(capsys, "show", "mnist", "w1")
    assert "(784,256) f32 n=200704 min=" in text
    reason = "not all values were to be kept (record the run with --values all)"
    assert f"(the file keeps only these statistics: {reason})\n" in text
    assert f"w1[0,0]: only statistics are kept of it ({reason})\n" in printed(capsys, "show", "mnist", "w1[0,0]")


# diff


def test_diff_of_equal_runs(capsys: pytest.CaptureFixture[str]) -> None:
    write_trace("fruit", "-o", "a")
    write_trace("fruit", "-o", "b")
    assert printed(capsys, "diff", "a", "b") == "the same in all 6 steps: structure, values, metrics\n"
    found = json.loads(printed(capsys, "diff", "a", "b", "--json"))
    same = {"same": True, "settings": {}, "steps": [6, 6], "tolerance": 0}
    assert found == same | {"steps_without_values": 0, "why_missing": []}
    write_trace("fruit", "-o", "c", "--values", "summary")
    reserve = (
        "in 6 steps only statistics could be compared of some values: a file keeps no more of them"
        " (not all values were to be kept (record the run with --values all))\n"
    )
    assert printed(capsys, "diff", "a", "c") == "the same in all 6 steps: structure, values, metrics\n" + reserve


def changed(trace: Trace, position: int, name: str, change: float) -> Trace:
    """The trace with `change` added to one element of one node of one step."""
    from dataclasses import replace

    step = trace.steps[position]
    node = step.node(name)
    value = node.value.copy()
    value.flat[-1] += change
    value.flags.writeable = False
    nodes = tuple(replace(each, content=value) if each.id == node.id else each for each in step.nodes)
    steps = tuple(replace(each, nodes=nodes) if each.index == position else each for each in trace.steps)
    return replace(trace, steps=steps)


def test_diff_finds_the_first_difference(capsys: pytest.CaptureFixture[str]) -> None:
    trace = recorded("fruit")
    tracer.save(trace, "a.sqlite")
    tracer.save(changed(trace, 3, "h1", 1e-9), "b.sqlite")
    lines = printed(capsys, "diff", "a.sqlite", "b.sqlite", code=1).splitlines()
    assert lines[0] == "they part in step 3 at node 3:020 h1: value"
    assert lines[1].startswith("-  h1[9,3] = ")
    assert lines[3] == "1 of 40 elements differ, by up to 1e-09"
    assert "fruit_pytorch.py:35" in lines[4]
    found = json.loads(printed(capsys, "diff", "a.sqlite", "b.sqlite", "--json", code=1))["parting"]
    assert (found["step"], found["node"], found["what"], found["index"], found["elements"]) == (3, 20, "value", [9, 3], 1)
    near = printed(capsys, "diff", "a.sqlite", "b.sqlite", "--tolerance", "1e-6").splitlines()
    assert near == ["the same in all 6 steps: structure, values, metrics", "values were compared to 1e-06 of their size"]
    # Without values, the statistics are compared.
    tracer.save(changed(trace, 3, "h1", 1e-9), "c.sqlite", "summary")
    assert "they part in step 3 at node 3:020 h1: summary" in printed(capsys, "diff", "a.sqlite", "c.sqlite", code=1)


def test_diff_of_runs_with_different_length_or_structure(capsys: pytest.CaptureFixture[str]) -> None:
    write_trace("fruit", "-o", "a")
    write_trace("fruit", "-o", "b", "--steps", "4")
    lines = printed(capsys, "diff", "a", "b", code=1).splitlines()
    assert lines == ["epochs: 6 and none", "steps: 6 and 4", "the same in 4 steps; one has 6, the other 4"]
    Path("mine.py").write_text(SCENARIO_TEXT.format(model="pass"))
    write_trace("mine.py", "-o", "c")
    Path("mine.py").write_text(SCENARIO_TEXT.format(model="h = h * 2.0"))
    write_trace("mine.py", "-o", "d")
    lines = printed(capsys, "diff", "c", "d", code=1).splitlines()
    assert lines[0].startswith("they part in step 0 at node 0:")
    assert any("mine.py:9" in line for line in lines)


# verify


def test_every_scenario_verifies_bit_for_bit(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("fruit", "fruit-keras", "fruit-sgd", "linear-regression", "tensors"):
        write_trace(name)
        out = printed(capsys, "verify", name)
        assert re.fullmatch(r"verified: [\d,]+ operations of \d+ steps? computed again, bit for bit\n", out)
    write_trace("mnist", "--steps", "3")
    found = json.loads(printed(capsys, "verify", "mnist", "--json"))
    assert found["verified"]
    assert found["bit_for_bit"]
    assert found["operations"] == found["exact"] == 150
    write_trace("mnist", "--steps", "3", "--values", "summary")
    text = printed(capsys, "verify", "mnist")
    assert "operations not computed again: the file keeps only statistics of their values (not all " in text


def test_verify_names_a_changed_value(capsys: pytest.CaptureFixture[str]) -> None:
    trace = recorded("fruit")
    tracer.save(changed(trace, 3, "h1", 1e-15), "x.sqlite")
    lines = printed(capsys, "verify", "x.sqlite", code=1).splitlines()
    assert lines[0] == "3:020 h1 = x @ W1 + b1  (fruit_pytorch.py:35)"
    assert re.match(r"     h1\[9,3\] is -?0\.\d+ on record, computed again -?0\.\d+$", lines[1])
    assert lines[-1] == "wrong: 552 operations of 6 steps computed again, in 1 step a value is not what was computed"
    found = json.loads(printed(capsys, "verify", "x.sqlite", "--json", code=1))
    assert (found["verified"], found["deviations"][0]["node"], found["deviations"][0]["index"]) == (False, 20, [9, 3])
    # A parameter that differs from the result of the previous update.
    tracer.save(changed(trace, 4, "b1", 0.5), "y.sqlite")
    text = printed(capsys, "verify", "y.sqlite", code=1)
    assert "4:003 b1\n     it is not what step 3 made of it" in text


def test_value_changed_in_the_file_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    write_trace("mnist", "--steps", "1")
    path = "output/mnist/trace.sqlite"
    with sqlite3.connect(path) as connection:
        key, content = connection.execute("SELECT key, content FROM value ORDER BY length(content) DESC LIMIT 1").fetchone()
        connection.execute("UPDATE value SET content = ? WHERE key = ?", (b"\1" + content[1:], key))
    assert run("verify", "mnist") == 4
    assert "is damaged: step 0, node " in capsys.readouterr().err
    assert key == content_key(np.frombuffer(content, np.uint8))


def test_verify_allows_a_few_ulps_on_another_machine(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    trace = recorded("fruit")
    tracer.save(changed(trace, 3, "h1", 1e-15), "x.sqlite")
    tracer.save(changed(trace, 3, "h1", 1e-12), "far.sqlite")
    monkeypatch.setattr("tracer.analysis.verify.fingerprint", lambda: "another machine")
    text = printed(capsys, "verify", "x.sqlite")
    done = r"verified: 552 operations of 6 steps computed again; \d differ by up to \S+ units in the last place, of which 64"
    assert re.match(done, text)
    assert "the arithmetic here gives other last digits than that of the recording machine" in text
    assert "wrong: " in printed(capsys, "verify", "far.sqlite", code=1)
    assert ULPS == 64


def test_verify_of_a_forged_record_allocates_no_large_arrays(capsys: pytest.CaptureFixture[str]) -> None:
    """An operation is computed only if its inputs can give the recorded shape."""

    def array(*shape: int) -> np.ndarray:
        value = np.broadcast_to(np.zeros(()), shape)
        assert not value.flags.writeable
        return value

    cases: list[tuple[str, tuple[tuple[int, ...], ...], dict[str, object]]] = [
        ("add", ((100_000, 1), (1, 100_000)), {}),
        ("matmul", ((100_000, 1), (1, 100_000)), {}),
        ("dot", ((100_000, 1), (1, 100_000)), {}),
        ("outer", ((100_000,), (100_000,)), {}),
        ("einsum", ((100_000,), (100_000,)), {"subscripts": "a,b->ab"}),
        ("broadcast_to", ((1,),), {"shape": (100_000, 100_000)}),
        ("scatter", ((1,),), {"index": [{"slice": [0, 1, None]}], "shape": (10_000_000_000,)}),
        ("add", ((2,), (3,)), {}),
        ("einsum", ((2,), (3,)), {"subscripts": "nonsense"}),
        ("reshape", ((2,),), {"shape": (3,)}),
        ("sum", ((2,),), {"axis": 5, "keepdims": "x"}),
    ]
    for op, shapes, parameters in cases:
        assert registry.named(op) is not None
        leaves = [
            Node(id, "data", (), {}, array(*shape), shape, "float64", Phase.INIT, f"x{id}", "") for id, shape in enumerate(shapes)
        ]
        last = len(leaves)
        lie = Node(last, op, tuple(range(last)), parameters, array(1), (1,), "float64", Phase.FORWARD, "y", "")
        loss = Node(last + 1, "constant", (), {}, array(), (), "float64", Phase.LOSS, "loss", "")
        tracer.save(Trace("t", "", 0, "float64", {}, {}, (Step(0, (*leaves, lie, loss), last + 1),)), "lie.sqlite")
        started = time.process_time()
        verdict = verify(read("lie.sqlite"))
        assert not verdict.passed, op
        assert time.process_time() - started < 1
        assert "y" in printed(capsys, "verify", "lie.sqlite", code=1)


def test_verify_reports_unknown_operations(capsys: pytest.CaptureFixture[str]) -> None:
    from dataclasses import replace

    trace = recorded("fruit", 1)
    nodes = tuple(replace(node, op="of_old") if node.op == "matmul" else node for node in trace.steps[0].nodes)
    tracer.save(replace(trace, steps=(replace(trace.steps[0], nodes=nodes),)), "old.sqlite")
    assert "not known here, and so not computed again: of_old" in printed(capsys, "verify", "old.sqlite")
    assert "h1 = x @ W1 + b1" in printed(capsys, "log", "old.sqlite")


# render and export


def test_render_gives_the_pictures_of_the_run() -> None:
    assert run("trace", "fruit", "-q", "--format", "pdf,log,svg,png,dot,mmd") == 0
    assert run("render", "fruit", "-o", "again/steps.pdf") == 0
    assert Path("again/steps.pdf").read_bytes() == Path("output/fruit/steps.pdf").read_bytes()
    for kind in ("svg", "png", "dot", "mmd"):
        assert run("render", "fruit", "-o", f"again/x.{kind}", "--steps", "0,5") == 0
        for step in (0, 5):
            name = f"step-{step}.{kind}"
            assert Path(f"again/x-{name}").read_bytes() == Path(f"output/fruit/{name}").read_bytes()
    assert run("render", "fruit", "-o", "again/one.svg", "--step", "3", "--phase", "loss") == 0
    assert Path("again/one.svg").read_text().startswith("<?xml")


def test_booklet_of_a_run_with_an_overflow_reports_it() -> None:
    assert run("trace", "linear-regression", "--set", "learning_rate=1", "-q") == 0
    assert run("render", "linear-regression", "-o", "x.pdf") == 0
    assert Path("x.pdf").read_bytes() == Path("output/linear-regression/steps.pdf").read_bytes()


def test_render_without_values(capsys: pytest.CaptureFixture[str]) -> None:
    write_trace("mnist", "--steps", "2", "--values", "summary")
    out = printed(capsys, "render", "mnist", "-o", "x.dot", "--step", "1", "--phase", "forward", "--json")
    assert json.loads(out) == {"wrote": ["x.dot"]}
    assert "min " in Path("x.dot").read_text()


def test_exports_can_be_read_by_other_programs(capsys: pytest.CaptureFixture[str]) -> None:
    write_trace("fruit")
    trace = recorded("fruit")
    for name in ("x.jsonl", "x.json", "x.graphml", "x.npz", "x.dot"):
        assert printed(capsys, "export", "fruit", "-o", name) == f"wrote {name}\n"
    assert printed(capsys, "export", "fruit") == Path("x.jsonl").read_text()
    document = json.loads(Path("x.json").read_text())
    assert [len(step["nodes"]) for step in document["steps"]] == [len(step.nodes) for step in trace.steps]
    arrays = np.load("x.npz", allow_pickle=False)
    assert arrays["step3/dL/dW1"].tobytes() == trace.steps[3].gradient("W1").tobytes()
    graph = networkx.read_graphml("x.graphml", node_type=int, force_multigraph=True)
    step = trace.steps[0]
    assert sorted(graph.nodes) == [node.id for node in step.nodes]
    uses = sorted((operand, node.id) for node in step.nodes for operand in node.operands)
    assert sorted((tail, head) for tail, head, _ in graph.edges) == uses
    assert graph.nodes[20]["name"] == "h1"
    assert networkx.is_directed_acyclic_graph(trace.to_networkx(2))
    settings = [node for node in step.nodes if node.op == "hyperparameter"]  # in one box
    assert Path("x.dot").read_text().count("<TABLE") >= len(step.nodes) - len(settings) + 1
    assert run("export", "fruit", "-o", "one.json", "--step", "4", "--full") == 0
    (only,) = json.loads(Path("one.json").read_text())["steps"]
    assert only["nodes"][20]["value"] == trace.steps[4].node("h1").value.tolist()


def test_runs_are_added_to_a_parquet_folder(capsys: pytest.CaptureFixture[str]) -> None:
    write_trace("fruit")
    assert run(*OVERFLOW) == 0
    for name in ("fruit", "linear-regression", "fruit"):
        assert run("export", name, "-o", "runs.parquet") == 0
    files = sorted(Path("runs.parquet").glob("run=*/part-0.parquet"))
    assert len(files) == 2
    table = pyarrow.parquet.ParquetFile(files[0]).read()
    trace = recorded("fruit")
    assert table.num_rows == sum(len(step.nodes) for step in trace.steps)
    row = table.to_pylist()[20]
    summary = trace.steps[0].node("h1").summary
    assert (row["label"], row["shape"], row["line"]) == ("h1", [10, 4], 35)
    assert (row["mean"], row["std"], row["l2"], row["max"]) == (summary.mean, summary.std, summary.l2, summary.maximum)
    other = pyarrow.parquet.ParquetFile(files[1]).read().to_pylist()
    (loss,) = (each for each in other if each["step"] == 40 and each["name"] == "loss")
    assert (loss["value"], loss["infinities"]) == (np.inf, 1)


def test_files_of_an_earlier_run_are_reported(capsys: pytest.CaptureFixture[str]) -> None:
    write_trace("fruit")
    lines = printed(capsys, "trace", "fruit", "--values", "none", "--format", "dot").splitlines()
    assert lines[-2:] == [
        "left output/fruit/trace.sqlite, which is of an earlier run",
        "left output/fruit/steps.log, which is of an earlier run",
    ]


def test_closed_stdout_gives_no_traceback() -> None:
    write_trace("fruit")
    for command in ("log fruit", "verify fruit", "export fruit -o x.npz", "trace fruit --format log"):
        line = f"{sys.executable} -m tracer {command} >&-"
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, env=environment, check=False)
        assert (done.returncode, done.stderr) == (0, ""), command
    assert Path("x.npz").exists()


def test_missing_pyarrow_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    write_trace("fruit")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert run("export", "fruit", "-o", "runs.parquet") == 2
    assert capsys.readouterr().err == "tracer: Parquet is written with pyarrow: pip install pyarrow\n"
    assert not list(Path().glob("runs.parquet/**/*.parquet"))


# Terminals and pipes.


def test_closed_pipe_is_not_an_error() -> None:
    write_trace("fruit")
    for command in ("log fruit", "log fruit --json", "export fruit", "show fruit W1"):
        line = f"{sys.executable} -m tracer {command} | head -1; exit ${{PIPESTATUS[0]}}"
        done = subprocess.run(
            ["bash", "-c", line], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False
        )
        assert (done.returncode, done.stderr) == (0, ""), command
        assert done.stdout.count("\n") == 1


@pytest.mark.parametrize(("settings", "is_coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colour_is_used_on_a_terminal_only(
    settings: dict[str, str], is_coloured: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    import pty

    write_trace("fruit")
    assert "\x1b" not in printed(capsys, "log", "fruit")
    above, below = pty.openpty()
    inherited = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    environment = {**inherited, "PYTHONPATH": str(ROOT), **settings}
    command = [sys.executable, "-m", "tracer", "log", "fruit", "--step", "0", "--node", "loss"]
    process = subprocess.Popen(command, stdout=below, env=environment)
    os.close(below)
    shown = b""
    try:
        while piece := os.read(above, 65536):
            shown += piece
    except OSError:
        pass  # the terminal is closed
    assert process.wait() == 0
    os.close(above)
    assert (b"\x1b[36m== step 0 ==" in shown) == is_coloured
    assert (b"\x1b" in shown) == is_coloured


# During a run.


def test_stopped_run_keeps_its_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.py").write_text(SCENARIO_TEXT.format(model="if float(b.value) != 0: raise ValueError('enough')"))
    assert run("trace", "mine.py", "-q") == 3
    err = capsys.readouterr().err
    note = re.search(r"(\d) of 3 steps are whole, in output/mine/steps.log and output/mine/trace.sqlite", err)
    assert note
    found = tracer.open("output/mine/trace.sqlite")
    assert len(found.steps) == int(note[1])
    assert str(found.unfinished) == "stopped by ValueError"
    assert log_text(found) == Path("output/mine/steps.log").read_text()


def test_two_runs_cannot_write_the_same_file(capsys: pytest.CaptureFixture[str]) -> None:
    write_trace("fruit")
    before = Path("output/fruit/steps.log").read_bytes()
    trace = recorded("fruit")
    writer = TraceWriter(Path("output/fruit/trace.sqlite"), trace)
    writer.write(trace.steps[0])
    assert run("trace", "fruit", "-q") == 2
    assert "another run is writing output/fruit/trace.sqlite: choose another folder with -o" in capsys.readouterr().err
    assert Path("output/fruit/steps.log").read_bytes() == before
    writer.end()
    with pytest.raises(UsageError, match=r"cannot write nowhere/trace\.sqlite"):
        TraceWriter(Path("nowhere/trace.sqlite"), trace)


def test_values_none_writes_no_file(capsys: pytest.CaptureFixture[str]) -> None:
    write_trace("fruit", "--values", "none")
    assert [path.name for path in Path("output/fruit").iterdir()] == ["steps.log"]
    assert run("trace", "mnist", "--steps", "12", "--format", "log", "--budget", "20MB") == 0
    line = "wrote output/mnist/trace.sqlite (12 steps, all values of 4 of them: all would take more than the 20 MB of --budget)"
    assert line in capsys.readouterr().out.splitlines()
    assert run("trace", "mnist", "--steps", "2", "--format", "log", "--values", "summary") == 0
    assert "wrote output/mnist/trace.sqlite (2 steps, summaries of their values)" in capsys.readouterr().out


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_steps() -> None:
    """Compare the peak memory of a short and of a long run."""
    code = (
        "import resource, sys\n"
        "from tracer.cli import main\n"
        "sys.argv = ['tracer', 'trace', 'linear-regression', '-q', '--format', 'log', '--steps', sys.argv[1]]\n"
        "main()\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    needed = []
    for steps in ("50", "1500"):
        command = [sys.executable, "-c", code, steps]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        needed.append(int(done.stdout))
    few, many = needed
    assert few + (many - few) / 1450 * 10_000 < 1.35 * few  # extrapolated; includes the fixed cost of SQLite and Python
