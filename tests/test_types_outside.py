"""What mypy says of a user's file, with the wheel installed: `py.typed` and the types of the public names."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from support.distributions import built

RIGHT = """
import numpy as np
import tracer
from tracer.testing import assert_gradients


def loss(w: tracer.Tensor) -> tracer.Tensor:
    return np.sum(w * w)


step: tracer.Step = tracer.trace(loss, [1.0, 2.0])
gradient = step.gradient("w")
total: float = float(gradient.sum())
node: tracer.Node = step.node("w")
name: str | None = node.name
text: str = step.log()
trace: tracer.Trace = tracer.run(tracer.load("fruit"), steps=1)
losses: list[float] = [float(each["loss"]) for each in trace.metrics]
tracer.save(trace, "fruit.sqlite")
optimizer = tracer.Adam(learning_rate=0.1)
assert_gradients(loss, np.ones(3))
"""

WRONG = """
import tracer

tracer.load(3)
tracer.run("fruit")
step: int = tracer.trace(lambda w: w, [1.0])
step_log: int = tracer.run(tracer.load("fruit")).steps[0].log()
tracer.Adam(lerning_rate=0.1)
tracer.save(tracer.load("fruit"), "x.sqlite")
tracer.recrod()
"""


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[int, str]]:
    """The errors of `mypy --strict` in both files, by line, with tracer installed from its wheel into an environment."""
    folder = tmp_path_factory.mktemp("outside")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
    python = folder / "venv/bin/python"
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True).stdout.strip())
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    zipfile.ZipFile(built("wheel", folder)).extractall(site)
    (folder / "right.py").write_text(RIGHT)
    (folder / "wrong.py").write_text(WRONG)
    command = [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(python), "--no-incremental", "--config-file="]
    done = subprocess.run([*command, "right.py", "wrong.py"], cwd=folder, env={}, capture_output=True, text=True)
    found = re.findall(r"^(\w+\.py):(\d+): error: (.*)$", done.stdout, re.MULTILINE)
    assert len(found) == done.stdout.count(": error: "), done.stdout + done.stderr
    assert found, done.stdout + done.stderr
    return {name: {int(line): text for file, line, text in found if file == name} for name in ("right.py", "wrong.py")}


@pytest.mark.slow
def test_right_use_has_no_type_errors(complaints: dict[str, dict[int, str]]) -> None:
    assert complaints["right.py"] == {}


@pytest.mark.slow
def test_every_wrong_use_is_a_type_error(complaints: dict[str, dict[int, str]]) -> None:
    wrong = [number for number, line in enumerate(WRONG.splitlines(), 1) if line and not line.startswith("import")]
    assert sorted(complaints["wrong.py"]) == wrong
