"""The cost of recording a program as it stands: `python tests/benchmarks/programs.py [tiny]`, single-threaded.

Each program is run as it is, with a record, after its record has ended (the budget is used up), and between two chosen steps.
The time of a step is the lower quartile over the steps of a run, so that little else of the machine is in it.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

from tracer.programs.process.budget import Budget  # noqa: E402  # after setting the number of threads
from tracer.programs.process.stretches import Stretches  # noqa: E402
from tracer.programs.running import run_program  # noqa: E402

NETWORK = """\
import sys
import time
import numpy as np

rng = np.random.default_rng(0)
X, Y = rng.normal(size=({rows}, {inputs})), rng.normal(size=({rows}, 1))
W1, b1 = rng.normal(size=({inputs}, {hidden})) * 0.1, np.zeros((1, {hidden}))
W2, b2 = rng.normal(size=({hidden}, 1)) * 0.1, np.zeros((1, 1))
times = []
for step in range({steps}):
    start = time.process_time()
    h = np.tanh(X @ W1 + b1)
    e = h @ W2 + b2 - Y
    loss = np.mean(e ** 2)
    dp = 2 * e / len(X)
    dW2, db2 = h.T @ dp, dp.sum(axis=0, keepdims=True)
    dz = (dp @ W2.T) * (1 - h ** 2)
    dW1, db1 = X.T @ dz, np.sum(dz, axis=0, keepdims=True)
    W1 -= 0.01 * dW1
    b1 -= 0.01 * db1
    W2 = W2 - 0.01 * dW2
    b2 = b2 - 0.01 * db2
    times.append(time.process_time() - start)
sys.modules["times"] = times
"""

NUMBERS = """\
import random
import sys
import time

random.seed(0)
xs = [random.random() for _ in range({rows})]
ys = [2 * x + 1 for x in xs]
w, b = 0.0, 0
times = []


def loss(w, b):
    total = 0
    for x, y in zip(xs, ys):
        total += (w * x + b - y) ** 2
    return total / len(xs)


for step in range({steps}):
    start = time.process_time()
    dw, db = 0, 0
    for x, y in zip(xs, ys):
        e = w * x + b - y
        dw += 2 * e * x / len(xs)
        db += 2 * e / len(xs)
    w -= 0.1 * dw
    b -= 0.1 * db
    J = loss(w, b)
    times.append(time.process_time() - start)
sys.modules["times"] = times
"""

PROGRAMS = {
    "Python numbers, 50 samples": (NUMBERS, {"rows": 50}, 200),
    "network 3-5-1, 4 rows": (NETWORK, {"rows": 4, "inputs": 3, "hidden": 5}, 2000),
    "network 32-64-1, 64 rows": (NETWORK, {"rows": 64, "inputs": 32, "hidden": 64}, 500),
    "network 784-128-1, 256 rows": (NETWORK, {"rows": 256, "inputs": 784, "hidden": 128}, 40),
}


def main() -> None:
    is_tiny = "tiny" in sys.argv[1:]
    heads = ("plain", 10), ("recorded", 18), ("after the record", 20), ("between steps", 20), ("a node", 10)
    print(f"{'microseconds of a step':30}" + "".join(f"{head:>{width}}" for head, width in heads))
    for name, (text, sizes, steps) in PROGRAMS.items():
        measure(name, text.format(**sizes, steps=max(8, steps // 20) if is_tiny else steps), is_tiny)


def measure(name: str, text: str, is_tiny: bool) -> None:
    """Run a program in the four ways, and print the times."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.py"
        path.write_text(text)
        exec(compile(text, name, "exec"), {"__name__": "program"})
        plain = taken()
        nodes = len(run_program(path).entries) / len(plain)
        recorded = taken()
        run_program(path, budget=Budget(nodes=int(2 * nodes)))
        after = taken()[len(plain) // 2 :]
        line = text[: text.index("for step in")].count("\n") + 1
        run_program(path, stretches=Stretches([0, 1, len(plain) - 1], lambda _: line))
        between = taken()[len(plain) // 2 : -1]
    base = quartile(plain)
    columns = "".join(
        f"{quartile(each):{width}.1f} {quartile(each) / base:6.2f}x"
        for each, width in ((recorded, 10), (after, 12), (between, 12))
    )
    print(f"{name:30}{base:10.1f}{columns}{(quartile(recorded) - base) / nodes:10.1f}")


def taken() -> list[float]:
    """The times that the program has left."""
    return list(sys.modules.pop("times"))  # type: ignore[call-overload]


def quartile(times: list[float]) -> float:
    """The lower quartile, in microseconds."""
    return sorted(times)[len(times) // 4] * 1e6


if __name__ == "__main__":
    main()
