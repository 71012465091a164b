"""Records of chosen steps of a program: which are kept, and that they are those of a record of all steps."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import tracer
from support.cli import run
from support.gapped_programs import GAPPED_PROGRAMS, STEPS
from support.programs import REGRESSION, trace_of_program
from tracer.graph.record import Step, Trace
from tracer.programs.running import run_program
from tracer.programs.steps.building import step_of
from tracer.programs.steps.choosing import numbers_of, stretches_of
from tracer.programs.steps.finding import find_training
from tracer.programs.steps.parts import StepTape

SELECTIONS = [{0}, {5}, {11}, {0, 5}, {0, 5, 6}, {5, 6, 7}, {8, 9, 10, 11}, {1, 4, 7, 11}, {2, 10, 30}, {3, 5, 7, 9, 11, 12}]


def chosen(path: Path, steps: set[int]) -> dict[int, Step]:
    """The steps that are kept of a program, by their numbers."""
    record = run_program(path, stretches=stretches_of(path, steps))
    assert record.ending.error is None
    training = find_training(record)
    assert training is not None
    tape = StepTape(training)
    return {number: step_of(tape, place, number) for place, number in enumerate(numbers_of(training)) if number in steps}


def named_values(step: Step) -> dict[str, bytes]:
    """The values of a step by their names. Data that entered the record twice, before and behind a gap, count once."""
    values = {node.name: node for node in step.nodes if node.name}
    return {
        name: np.asarray(node.value).tobytes()
        for name, node in values.items()
        if not (node.is_leaf and "#" in name and same_as_first(values, name))
    }


def same_as_first(values: dict[str, tracer.graph.record.Node], name: str) -> bool:
    first = values.get(name.partition("#")[0])
    return first is not None and np.array_equal(first.value, values[name].value)


@pytest.mark.parametrize("name", GAPPED_PROGRAMS)
def test_wanted_steps_are_kept_as_they_are_in_a_whole_record(name: str, tmp_path: Path) -> None:
    path = tmp_path / "train.py"
    path.write_text(GAPPED_PROGRAMS[name])
    every = trace_of_program(path)
    assert len(every.steps) == STEPS
    for steps in SELECTIONS:
        kept = chosen(path, steps)
        assert set(kept) == steps & set(range(STEPS)), steps
        for number, step in kept.items():
            whole = every.steps[number]
            assert named_values(step) == named_values(whole), (steps, number)
            assert [node.name for node in step.parameters] == [node.name for node in whole.parameters]
            assert step.gradients.keys() == whole.gradients.keys() or len(step.gradients) == len(whole.gradients)


@pytest.mark.parametrize("name", GAPPED_PROGRAMS)
def test_program_computes_the_same_with_gaps(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "train.py"
    path.write_text(
        GAPPED_PROGRAMS[name] + "\nfor each, value in sorted(globals().items()):\n    if each[0] != '_': print(each, value)\n"
    )
    exec(compile(path.read_text(), str(path), "exec"), {"__name__": "__main__"})
    expected = without_addresses(capsys.readouterr().out)
    chosen(path, {2, 5, 9})
    assert without_addresses(capsys.readouterr().out) == expected


def without_addresses(text: str) -> str:
    return re.sub(r"0x[0-9a-f]+", "", text)


def losses(trace: Trace) -> list[float]:
    return [step.loss for step in trace.steps]


def test_loss_that_is_computed_again_is_of_the_step(tmp_path: Path) -> None:
    path = tmp_path / "train.py"
    now_and_then = GAPPED_PROGRAMS["loss now and then"]
    path.write_text(now_and_then)
    found = losses(trace_of_program(path))
    path.write_text(now_and_then.replace("if step % 4 == 0", "if True"))
    assert found == losses(trace_of_program(path))


def test_two_networks_in_a_pass_have_a_step_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "train.py"
    path.write_text((Path(__file__).parent / "programs" / "backprop" / "ok-gan-two-losses.py").read_text())
    every = trace_of_program(path)
    kept = chosen(path, {0, 15, 28})
    assert sorted(kept) == [0, 15, 28]
    assert [step.loss for step in kept.values()] == [every.steps[number].loss for number in kept]


def test_steps_are_known_where_passes_of_the_loop_differ(tmp_path: Path) -> None:
    path = tmp_path / "train.py"
    path.write_text((Path(__file__).parent / "programs" / "backprop" / "ok-gradient-accumulation-generator.py").read_text())
    every = trace_of_program(path)
    kept = chosen(path, {1, 15})
    assert [step.loss for step in kept.values()] == [every.steps[1].loss, every.steps[15].loss]


def test_missing_steps_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    Path("train.py").write_text(REGRESSION.replace("range(4)", "range(12)"))
    assert run("trace", "train.py", "-q", "--format", "log", "--record", "0,8,12-13") == 0
    assert (
        capsys.readouterr().err
        == "tracer: --record: not kept are the steps 12, 13; the last step that the program came to is 11\n"
    )
    assert [step.index for step in tracer.open("output/train/trace.sqlite").steps] == [0, 8]
    assert run("trace", "train.py", "-q", "--format", "log", "--record", "0,8") == 0
    assert capsys.readouterr().err == ""
    assert run("trace", "train.py", "-q", "--format", "log", "--record", "70") == 2
    assert "none of the steps 70 was found; the last step that the program came to is 11" in capsys.readouterr().err


def test_step_before_the_budget_was_used_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tracer.cli.programs.tracing.MAX_OPERATIONS", 200)
    Path("train.py").write_text(REGRESSION.replace("range(4)", "range(100)"))
    assert run("trace", "train.py", "-q", "--format", "log", "--record", "0,50-90") == 0
    assert re.search(
        r"not kept are the steps .*; recording ended in step \d+, when its budget was used up\n", capsys.readouterr().err
    )


def backprop_program(name: str) -> str:
    return (Path(__file__).parent / "programs" / "backprop" / f"{name}.py").read_text()


@pytest.mark.parametrize("name", ["ok-gan-two-losses", "ok-gradient-accumulation-generator"])
def test_last_step_is_not_told_where_a_pass_is_not_one_step(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("train.py").write_text(backprop_program(name))
    assert run("trace", "train.py", "-q", "--format", "log", "--record", "0,900") == 0
    assert capsys.readouterr().err == "tracer: --record: not kept are the steps 900\n"
    assert run("trace", "train.py", "-q", "--format", "log", "--record", "900") == 2
    assert capsys.readouterr().err.strip().endswith("none of the steps 900 was found")


def test_chosen_steps_that_do_not_show_the_training_are_no_program_without_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("train.py").write_text(backprop_program("ok-nesterov-lookahead"))
    assert run("trace", "train.py", "-q", "--format", "log", "--record", "15,29") == 2
    assert "the chosen steps of train.py did not show its training" in capsys.readouterr().err
    assert run("trace", "train.py", "-q", "--format", "log") == 0
