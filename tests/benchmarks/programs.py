"""The time of programs with a record, and of the unrecorded rest, beside plain Python; medians of ratios in alternating runs.

python tests/benchmarks/programs.py
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from tracer.programs.process.budget import Budget
from tracer.programs.running import run_program

NETWORK = """
import numpy as np
rng = np.random.default_rng(0)
X, Y = rng.normal(size=({rows}, {inputs})), rng.normal(size=({rows}, 10))
W1, W2 = rng.normal(size=({inputs}, {hidden})) * 0.1, rng.normal(size=({hidden}, 10)) * 0.1
for step in range({steps}):
    h = np.tanh(X @ W1)
    p = h @ W2
    loss = np.mean((p - Y) ** 2)
    dp = 2 * (p - Y) / p.size
    dW2 = h.T @ dp
    dW1 = X.T @ ((dp @ W2.T) * (1 - h ** 2))
    W1 -= 0.1 * dW1
    W2 -= 0.1 * dW2
"""

NUMBERS = """
import math
w, b = 0.5, 0.0
data = [(x / 10, math.sin(x / 10)) for x in range(20)]
for step in range({steps}):
    gw, gb, loss = 0.0, 0.0, 0.0
    for x, y in data:
        e = w * x + b - y
        loss += e * e
        gw += 2 * e * x
        gb += 2 * e
    w -= 0.01 * gw
    b -= 0.01 * gb
"""

PROGRAMS = {
    "network 64 x 20 x 32": (NETWORK.replace("{rows}", "64").replace("{inputs}", "20").replace("{hidden}", "32"), 8000),
    "network 256 x 784 x 128": (NETWORK.replace("{rows}", "256").replace("{inputs}", "784").replace("{hidden}", "128"), 100),
    "Python numbers": (NUMBERS, 40_000),
}
"""Programs with `{steps}` left open, and the number of steps of the run without a record; a twentieth of them is recorded."""

RUNS = 3


def plain_time(text: str) -> float:
    """Seconds of a plain run."""
    code = compile(text, "program.py", "exec")
    start = time.perf_counter()
    exec(code, {"__name__": "__main__"})
    return time.perf_counter() - start


def recorded_time(path: Path, nodes: int) -> float:
    """Seconds of a run of which so many operations are recorded."""
    start = time.perf_counter()
    run_program(path, budget=Budget(nodes=nodes))
    return time.perf_counter() - start


def main() -> None:
    print(f"{'program':26}{'plain':>10}{'recorded':>10}{'unrecorded rest':>17}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.py"
        path.write_text("")
        run_program(path)
        for name, (program, steps) in PROGRAMS.items():
            whole, part = program.replace("{steps}", str(steps)), program.replace("{steps}", str(steps // 20))
            recorded, rest, plain = [], [], []
            for _ in range(RUNS):
                plain.append(plain_time(whole))
                path.write_text(whole)
                rest.append(recorded_time(path, 1) / plain[-1])
                path.write_text(part)
                recorded.append(recorded_time(path, 10_000_000) / plain_time(part))
            middle = statistics.median
            print(f"{name:26}{middle(plain) * 1e3:8.0f}ms{middle(recorded):9.1f}x{middle(rest):16.2f}x")


if __name__ == "__main__":
    main()
