"""`tracer trace` with PyTorch programs: they run as under plain Python, and the other commands read what was recorded."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

import tracer
from support.cli import run

PROGRAM = '''"""A line through points."""
import argparse
import sys
import warnings

import torch

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=3)
parser.add_argument("--fail", default="")
arguments = parser.parse_args()
torch.manual_seed(0)
model = torch.nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
x, y = torch.randn(8, 2), torch.randn(8, 1)
for epoch in range(arguments.epochs):
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
    print(epoch, loss.item(), __name__, __file__.rpartition("/")[2], sys.argv[1:])
print([each.tolist() for each in model.parameters()])
warnings.warn("of the program")
if arguments.fail == "raise":
    raise KeyError("lost")
if arguments.fail == "leave":
    sys.exit(7)
if arguments.fail == "interrupt":
    raise KeyboardInterrupt
'''


@pytest.fixture(autouse=True)
def _in_a_folder_with_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("train.py").write_text(PROGRAM)


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join(filter(None, [str(Path(tracer.__file__).parent.parent), os.environ.get("PYTHONPATH", "")]))
    environment = {**os.environ, "PYTHONPATH": paths}
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment)


def test_a_program_prints_the_same_and_is_recorded() -> None:
    plain = command("train.py", "--epochs", "4")
    traced = command("-m", "tracer", "trace", "train.py", "--format", "log", "--", "--epochs", "4")
    assert (plain.returncode, traced.returncode) == (0, 0), traced.stderr
    assert traced.stdout.startswith(plain.stdout)
    assert traced.stderr == plain.stderr.replace(f"{Path.cwd()}{os.sep}train.py", "train.py") or "of the program" in traced.stderr
    summary = traced.stdout.removeprefix(plain.stdout)
    lines = [
        r"loss        loss, line 18",
        r"parameters  weight \(1,2\), bias \(1,\)",
        r"steps       4 steps",
        r"optimizer   SGD, lr=0.1, momentum=0.9",
        r"",
        r"train: A line through points\.",
        r"4 steps, loss \S+ -> \S+",
        r"wrote output/train/trace.sqlite \(4 steps\)",
        r"wrote output/train/steps.log \([\d,]+ lines\)",
        r"open output/train/steps.log, or try",
        r"  tracer show train 'dL/dweight\[0,1\]'",
        r"  tracer log train --step 0",
    ]
    assert re.fullmatch("\n".join(lines) + "\n", summary), summary
    assert "train.py:18" in Path("output/train/steps.log").read_text()
    trace = tracer.open("output/train/trace.sqlite")
    tracer.validate(trace)
    assert str(trace.steps[3].updated("weight").tolist()) in plain.stdout


def test_the_steps_to_keep_and_the_pictures(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run("trace", "train.py", "--record", "1,3-9", "--format", "log,pdf,svg", "--values", "summary", "--", "--epochs", "5")
        == 0
    )
    assert "3 steps" in capsys.readouterr().out
    assert [step.index for step in tracer.open("output/train/trace.sqlite").steps] == [1, 3, 4]
    assert {path.name for path in Path("output/train").iterdir()} >= {"steps.pdf", "step-1.svg", "step-4.svg"}
    assert run("trace", "train.py", "--steps", "2", "--format", "log", "--values", "none", "-q", "-o", "other") == 0
    assert {path.name for path in Path("other").iterdir()} == {"steps.log"}


@pytest.mark.parametrize(
    ("fail", "arguments", "code", "message"),
    [
        ("raise", [], 3, "tracer: train.py raised KeyError in line 25\n"),
        ("leave", [], 3, "tracer: train.py ended with exit code 7 in line 27\n"),
        ("leave", ["--exit-code"], 7, "tracer: train.py ended with exit code 7 in line 27\n"),
        ("interrupt", [], 130, "tracer: train.py was interrupted in line 29\n"),
    ],
)
def test_a_program_that_fails_leaves_its_steps(fail: str, arguments: list[str], code: int, message: str) -> None:
    done = command("-m", "tracer", "trace", "train.py", "--format", "log", *arguments, "--", "--fail", fail)
    assert (done.returncode, done.stderr.endswith(message)) == (code, True), done.stderr
    assert ("Traceback" in done.stderr) == (fail != "leave")
    assert "/tracer/" not in done.stderr
    assert len(tracer.open("output/train/trace.sqlite").steps) == 3


PROGRAM_THAT_LOOKS = """import torch
import tracer

w = torch.nn.Parameter(torch.ones(3))
optimizer = torch.optim.SGD([w], lr=0.1)
for step in range(4):
    optimizer.zero_grad()
    (w * step).sum().backward()
    optimizer.step()
    try:
        print(len(tracer.open("output/train/trace.sqlite").steps))
    except tracer.TracerError as error:
        print(error)
"""


def test_steps_are_in_the_file_as_they_end(capsys: pytest.CaptureFixture[str]) -> None:
    Path("train.py").write_text(PROGRAM_THAT_LOOKS)
    assert run("trace", "train.py", "--format", "log") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == ["1", "2", "3", "4"]
    assert "wrote output/train/trace.sqlite (4 steps)" in lines
    assert "steps=4" in Path("output/train/steps.log").read_text().splitlines()[1]
    assert tracer.open("output/train/trace.sqlite").source == PROGRAM_THAT_LOOKS


def test_the_program_goes_on_if_its_file_cannot_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    Path("train.py").write_text(PROGRAM_THAT_LOOKS)
    Path("output/train/trace.sqlite").mkdir(parents=True)
    assert run("trace", "train.py", "--format", "log") == 2
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 4
    assert "cannot write" in printed.err
    assert "trace.sqlite" in printed.err


def test_usage(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, message in (
        (["train.py", "--loss", "loss"], "--loss is for programs of NumPy: the loss of a PyTorch program is what its backward()"),
        (["train.py", "--seed", "1"], "--seed is for scenarios"),
        (["train.py", "--record", "7"], "train.py takes none of the steps 7"),
        (["train.py", "--", "--epochs", "0"], "train.py has no training step on record: no backward() of PyTorch ran"),
    ):
        assert run("trace", *arguments) == 2
        assert message in capsys.readouterr().err


def test_blame_names_the_line_in_forward_and_backward(capsys: pytest.CaptureFixture[str]) -> None:
    Path("forward.py").write_text(
        "import torch\n"
        "x = torch.tensor([1.0, 2.0], requires_grad=True)\n"
        "y = torch.log(x - 2)\n"
        "z = (y * 3).sum()\n"
        "z.backward()\n"
    )  # fmt: skip
    Path("backward.py").write_text(
        "import torch\n"
        "w = torch.nn.Parameter(torch.tensor([0.0, 1.0]))\n"
        "optimizer = torch.optim.SGD([w], lr=0.1)\n"
        "for _ in range(2):\n"
        "    loss = torch.sqrt(w * w).sum()\n"
        "    loss.backward()\n"
        "    optimizer.step()\n"
    )
    for name, place in (("forward", "forward.py:3  torch.log(x - 2)"), ("backward", "backward.py:5  torch.sqrt(w * w)")):
        assert run("trace", f"{name}.py", "-q", "--format", "log") == 0
        capsys.readouterr()
        run("blame", name)
        assert place in capsys.readouterr().out


RECORDS = """\
import torch
import tracer.torch
w = torch.ones(2, requires_grad=True)
{before}
with tracer.torch.record() as recording:
    (w * w).sum().backward()
"""


@pytest.mark.parametrize("name", ["trace", "check"])
def test_a_program_that_records_itself_is_stopped_there(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("train.py").write_text(RECORDS.format(before=""))
    assert run(name, "train.py") == 2
    said = "train.py makes a recording of its own (line 5, tracer.torch.record()): run `python train.py`, or leave that call out"
    assert capsys.readouterr() == ("", f"tracer: {said}\n")
    assert not Path("output").exists()


def test_a_program_that_trains_besides_may_record_a_function(capsys: pytest.CaptureFixture[str]) -> None:
    own = "import numpy\nprint(tracer.trace(lambda x: numpy.sum(x), numpy.ones(2)).loss)\n"
    Path("train.py").write_text(f"import tracer\n{PROGRAM}{own}")
    assert run("trace", "train.py", "-q", "--format", "log") == 0
    assert capsys.readouterr().out.endswith("2.0\n")
    assert len(tracer.open("output/train/trace.sqlite").steps) == 3
