"""The cost of recording in a fresh process: `python tests/benchmarks/fresh.py [tiny] [write]`, single-threaded.

A run that keeps all its steps is compared with NumPy that drops its values, and with NumPy that keeps them; a step of a small
network with the same by hand; a node of a large step with one of a small step. Each measurement has a process of its own, where
the first use of memory and the set-up of a run cost what they cost a user. `write` puts the rows into docs/benchmarks.md.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial

import numpy as np
from recording import RATE, Arrays, Step, by_hand, chain, loss, network, recorded
from table import RUNS, Row, compared, write

import tracer

LARGE = [784, 256, 128, 10], 256
SMALL = [4, 4, 4, 2], 4


def model(x, W1, b1, W2, b2, W3, b3):
    h1 = np.maximum(x @ W1 + b1, 0)
    h2 = np.maximum(h1 @ W2 + b2, 0)
    prediction = h2 @ W3 + b3
    return prediction


def run_recorded(steps: int, parameters: Arrays, x: np.ndarray, target: np.ndarray) -> object:
    """A run that keeps every step, set-up included."""
    scenario = tracer.Scenario(
        name="network", data=lambda: {"x": x, "target": target}, parameters=parameters, model=model, loss=loss,
        optimizer=tracer.SGD(learning_rate=RATE), steps=steps, dtype="float32",
    )  # fmt: skip
    return tracer.run(scenario)


def run_by_hand(steps: int, parameters: Arrays, x: np.ndarray, target: np.ndarray) -> None:
    """NumPy that drops its values."""
    step = by_hand(parameters, x, target)
    for _ in range(steps):
        step()


def run_that_keeps(steps: int, parameters: Arrays, x: np.ndarray, target: np.ndarray) -> object:
    """NumPy that keeps every value in a list."""
    kept: list[list[np.ndarray]] = []
    for _ in range(steps):
        parameters, values = step_with_values(parameters, x, target)
        kept.append(values)
    return kept


def step_with_values(now: Arrays, x: np.ndarray, target: np.ndarray) -> tuple[Arrays, list[np.ndarray]]:
    """A step that computes each value into an array of its own: the new parameters, and all values."""
    p1 = x @ now["W1"]
    z1 = p1 + now["b1"]
    h1 = np.maximum(z1, 0)
    p2 = h1 @ now["W2"]
    z2 = p2 + now["b2"]
    h2 = np.maximum(z2, 0)
    p3 = h2 @ now["W3"]
    prediction = p3 + now["b3"]
    difference = prediction - target
    squares = np.square(difference)
    value = np.mean(squares)
    g3 = difference * np.float32(2 / difference.size)
    gh2 = g3 @ now["W3"].T
    is_on2 = z2 > 0
    g2 = gh2 * is_on2
    gh1 = g2 @ now["W2"].T
    is_on1 = z1 > 0
    g1 = gh1 * is_on1
    gradients = {"W1": x.T @ g1, "b1": g1.sum(0), "W2": h1.T @ g2, "b2": g2.sum(0), "W3": h2.T @ g3, "b3": g3.sum(0)}
    changes = {name: np.float32(RATE) * gradient for name, gradient in gradients.items()}
    updated = {name: now[name] - change for name, change in changes.items()}
    forward = [p1, z1, h1, p2, z2, h2, p3, prediction, difference, squares, value]
    backward = [g3, gh2, is_on2, g2, gh1, is_on1, g1, *gradients.values(), *changes.values(), *updated.values()]
    return updated, forward + backward


def steps_of(make: Callable[[Arrays, np.ndarray, np.ndarray], Step], steps: int) -> Step:
    """Steps of the small network, after some that do not count; none is kept."""
    step = make(*network(*SMALL))

    def work() -> None:
        for _ in range(steps):
            step()

    for _ in range(20):
        step()
    return work


def tracing(length: int, times: int) -> Step:
    """Steps of a chain of operations, one after the other."""

    def work() -> None:
        for _ in range(times):
            tracer.trace(chain(length), 1.0)

    return work


WORKS: dict[str, Callable[[int], Step]] = {
    "run": lambda steps: partial(run_recorded, steps, *network(*LARGE)),
    "run by hand": lambda steps: partial(run_by_hand, steps, *network(*LARGE)),
    "run that keeps": lambda steps: partial(run_that_keeps, steps, *network(*LARGE)),
    "small": lambda steps: steps_of(recorded, steps),
    "small by hand": lambda steps: steps_of(by_hand, steps),
    "large step": lambda length: tracing(length, 1),
    "small steps": lambda length: tracing(length // 10, 10),
}
"""What is measured, by the name by which a process is asked for it; each is made of the number of steps or operations."""


def in_a_process(name: str, size: int) -> Callable[[], float]:
    """A call that does the work in a new process; it returns the processor seconds of the work alone."""
    command = [sys.executable, __file__, "measure", name, str(size)]
    return lambda: float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def measured_there(work: Callable[[], object]) -> float:
    """The seconds that a call has measured itself."""
    found = work()
    assert isinstance(found, float)
    return found


def measure(name: str, size: int) -> None:
    """Do the work and print the processor seconds that it takes, after NumPy's products have been used once."""
    work = WORKS[name](size)
    square = np.ones((64, 64), np.float32)
    _ = square @ square
    started = time.process_time()
    held = work()
    print(time.process_time() - started)
    del held


def main(scale: int = 1, runs: int = RUNS) -> list[Row]:
    """Measure and print; sizes are divided by `scale`."""
    few, many, steps, nodes = (size // scale for size in (10, 200, 2_000, 50_000))
    sizes = "784-256-128-10, batch 256"

    def row(name: str, work: str, baseline_name: str, baseline: str, size: int, goal: str) -> Row:
        return compared(name, in_a_process(work, size), baseline_name, in_a_process(baseline, size), goal, runs, measured_there)

    return [
        row(f"`run` of {few} steps, {sizes}, all kept", "run", "NumPy that drops its values", "run by hand", few, "1.35 x"),
        row(f"`run` of {many} steps, likewise", "run", "NumPy that keeps every value", "run that keeps", many, "1.15 x"),
        row(f"{steps:,} steps of 4-4-4-2, batch 4", "small", "NumPy by hand", "small by hand", steps, "3 x"),
        row(f"recording {2 * nodes:,} nodes", "large step", "ten steps of a tenth", "small steps", nodes, "1.1 x"),
    ]


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        measure(sys.argv[2], int(sys.argv[3]))
    else:
        found = main(10, 1) if "tiny" in sys.argv[1:] else main()
        if "write" in sys.argv[1:]:
            write(found)
