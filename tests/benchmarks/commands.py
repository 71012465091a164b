"""The time that whole commands take: `python tests/benchmarks/commands.py [tiny|ci|rnn] [write]`.

Processor time of each command, start of the process included, in turn with `import numpy` or with what else is the least it
needs; five times, medians, single-threaded. `write` puts the rows into docs/benchmarks.md; `tiny` is a smoke test of few
steps, `ci` what CI has the time for, `rnn` the recurrent networks only.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

from table import Row, Work, compared, write  # noqa: E402  # after setting the number of threads

import tracer  # noqa: E402
from tracer.store.writing import TraceWriter  # noqa: E402
from tracer.training import Training  # noqa: E402
from tracer.views.text.log import log_lines  # noqa: E402

PROGRAM = """\
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(64, 3))
Y = X[:, :1] - 2 * X[:, 1:2]
W1, b1 = rng.normal(size=(3, 8)) * 0.5, np.zeros((1, 8))
W2, b2 = rng.normal(size=(8, 1)) * 0.5, np.zeros((1, 1))
for step in range(100):
    h = np.tanh(X @ W1 + b1)
    e = h @ W2 + b2 - Y
    loss = np.mean(e ** 2)
    de = 2 * e / len(X)
    dz = (de @ W2.T) * (1 - h ** 2)
    dW2, db2 = h.T @ de, de.sum(axis=0, keepdims=True)
    dW1, db1 = X.T @ dz, dz.sum(axis=0, keepdims=True)
    W1 -= 0.1 * dW1
    b1 -= 0.1 * db1
    W2 -= 0.1 * dW2
    b2 -= 0.1 * db2
"""
"""A network with gradients written by hand."""


RNN = """\
import numpy as np

rng = np.random.default_rng(0)
xs, ys = rng.normal(size=({times}, 3, 1)), rng.normal(size=({times}, 1, 1))
Wx, Wh, Wy = rng.normal(size=(5, 3)) * 0.3, rng.normal(size=(5, 5)) * 0.3, rng.normal(size=(1, 5)) * 0.3
for step in range(2):
    hs, es = [np.zeros((5, 1))], []
    loss = 0
    for x, y in zip(xs, ys):
        h = np.tanh(Wx @ x + Wh @ hs[-1])
        e = Wy @ h - y
        loss = loss + np.mean(e ** 2)
        hs.append(h)
        es.append(e)
    dWx, dWh, dWy, dh = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(Wy), np.zeros((5, 1))
    for t in reversed(range(len(xs))):
        dy = 2 * es[t]
        dWy += dy @ hs[t + 1].T
        da = (Wy.T @ dy + dh) * (1 - hs[t + 1] ** 2)
        dWx += da @ xs[t].T
        dWh += da @ hs[t].T
        dh = Wh.T @ da
    Wx -= 0.01 * dWx
    Wh -= 0.01 * dWh
    Wy -= 0.01 * dWy
"""
"""A recurrent network by hand, with a loss at each step of time."""

QUICK = {"list": "1.5 x", "log fruit --step 3": "1.5 x", "show fruit W1": "1.5 x"}
DRAWING = {"trace fruit -q": "0.7 s", "render fruit -o x.html": "", "render mnist -o x.html": ""}
"""Commands, and their goals."""


def main(steps: int = 1000, runs: int = 5) -> list[Row]:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for scenario in ("fruit", "mnist"):
            command("trace", scenario, "-q", "--format", "log", folder=folder)()
        rows = [*of_commands(QUICK | DRAWING, folder, runs), *of_programs(folder, runs), *of_recurrent_networks(folder, runs)]
        return [*rows, of_the_log(folder, steps, runs)]


def tiny() -> list[Row]:
    """Some of them, once."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command("trace", "fruit", "-q", "--format", "log", folder=folder)()
        return [*of_commands(QUICK, folder, 1), of_the_log(folder, 2, 1)]


def of_ci() -> list[Row]:
    """Those that take little, three times."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command("trace", "fruit", "-q", "--format", "log", folder=folder)()
        quick = QUICK | {"trace fruit -q": DRAWING["trace fruit -q"]}
        return [*of_commands(quick, folder, 3), *of_programs(folder, 3), of_the_log(folder, 100, 3)]


def of_recurrent_networks(folder: Path, runs: int) -> list[Row]:
    """Programs whose steps are long: their passes and arrows are many."""
    rows = []
    for times, goal in ((30, "4 x"), (150, "8 x")):
        program = folder / f"rnn{times}.py"
        program.write_text(RNN.format(times=times))
        name = f"`tracer trace` of an RNN by hand, {times} steps of time"
        fruit = command("trace", "fruit", "-q", folder=folder)
        rows.append(
            compared(name, command("trace", program.name, "-q", folder=folder), "`tracer trace fruit -q`", fruit, goal, runs)
        )
    return rows


def of_commands(goals: Mapping[str, str], folder: Path, runs: int) -> list[Row]:
    """Commands and the import of NumPy, which most of them need."""
    numpy = python("-c", "import numpy")
    return [
        compared(f"`tracer {name}`", command(*name.split(), folder=folder), "`import numpy`", numpy, goal, runs)
        for name, goal in goals.items()
    ]


def of_programs(folder: Path, runs: int) -> list[Row]:
    """A first run, for which Python compiles everything, and the check of a program."""
    program = folder / "program.py"
    program.write_text(PROGRAM)
    first = ("-B", "-X", f"pycache_prefix={folder / 'empty'}")
    return [
        compared(
            "`tracer trace fruit -q`, nothing compiled",
            python(*first, "-m", "tracer", "trace", "fruit", "-q", folder=folder),
            "`import numpy`, likewise",
            python(*first, "-c", "import numpy"),
            "",
            runs,
        ),
        compared(
            "`tracer check` of a network by hand, 100 steps",
            command("check", str(program), folder=folder),
            "the program",
            python(str(program)),
            "",
            runs,
        ),
    ]


def of_the_log(folder: Path, steps: int, runs: int) -> Row:
    """A run with all values in a file, with and without its log."""

    def run() -> Iterator[tracer.Step]:
        training = Training(tracer.load("fruit"), steps=steps)
        path = folder / "run.sqlite"
        path.unlink(missing_ok=True)
        writer = TraceWriter(path, training.head, "all")
        for step in training:
            writer.write(step)
            yield step
        writer.end()

    def with_log() -> None:
        head = Training(tracer.load("fruit"), steps=steps).head
        with (folder / "steps.log").open("w") as file:
            file.writelines(log_lines(head, run()))

    def without_log() -> None:
        for _ in run():
            pass

    return compared(f"trace with a log, {steps:,} steps of fruit", with_log, "trace without", without_log, "3 x", runs)


def command(*arguments: str, folder: Path) -> Work:
    """A call that runs a command of tracer in a folder."""
    return python("-m", "tracer", *arguments, folder=folder)


def python(*arguments: str, folder: Path | None = None) -> Work:
    """A call that runs Python."""
    return lambda: subprocess.run([sys.executable, *arguments], cwd=folder, stdout=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    if "tiny" in sys.argv[1:]:
        found = tiny()
    elif "ci" in sys.argv[1:]:
        found = of_ci()
    elif "rnn" in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as name:
            found = of_recurrent_networks(Path(name), 5)
    else:
        found = main()
    if "write" in sys.argv[1:]:
        write(found)
