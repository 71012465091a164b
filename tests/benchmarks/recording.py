"""The cost of recording: `python tests/benchmarks/recording.py [tiny]`, single-threaded.

Compares a recorded training step of two networks with the same step written by hand in NumPy and in other libraries:
candidates alternate in one process, ten steps each, and medians are reported. Then measures the scalar graph against a scalar
engine, scaling with the number of nodes, and start-up time. Libraries that are not installed are skipped
(`pip install '.[bench]'`). `tiny` runs a few steps as a smoke test.
"""

from __future__ import annotations

import importlib.metadata
import itertools
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np  # noqa: E402  # after setting the number of threads

import tracer  # noqa: E402
from tracer.analysis.scalar_graph import scalar_graph  # noqa: E402
from tracer.graph.record import Trace  # noqa: E402
from tracer.training import Training  # noqa: E402
from tracer.views.text.log import log_text  # noqa: E402

RATE = 0.01
Arrays = dict[str, np.ndarray]
Step = Callable[[], object]


def timed(candidates: dict[str, Step], rounds: int) -> dict[str, float]:
    """The median seconds of each candidate, alternating in turns of ten after a warm-up turn."""
    found: dict[str, list[float]] = {name: [] for name in candidates}
    for turn in range(rounds + 1):
        for name, step in candidates.items():
            for _ in range(10):
                started = time.perf_counter()
                step()
                if turn:
                    found[name].append(time.perf_counter() - started)
    return {name: statistics.median(times) for name, times in found.items()}


def network(sizes: list[int], batch: int) -> tuple[Arrays, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    parameters: Arrays = {}
    for layer, (rows, columns) in enumerate(itertools.pairwise(sizes), 1):
        parameters[f"W{layer}"] = (rng.standard_normal((rows, columns)) / np.sqrt(rows)).astype(np.float32)
        parameters[f"b{layer}"] = np.zeros(columns, np.float32)
    x, target = (rng.standard_normal((batch, size)).astype(np.float32) for size in (sizes[0], sizes[-1]))
    return parameters, x, target


def model(x, W1, b1, W2, b2, W3, b3):
    h1 = np.clip(x @ W1 + b1, 0, None)
    h2 = np.clip(h1 @ W2 + b2, 0, None)
    prediction = h2 @ W3 + b3
    return prediction


def loss(prediction, target):
    return np.mean(np.square(prediction - target))


# The candidates: each returns a function that performs a training step.


def products(parameters: Arrays, x: np.ndarray, target: np.ndarray) -> Step:
    """A lower bound: only the matrix products of the step."""
    w1, w2, w3 = (parameters[f"W{layer}"] for layer in (1, 2, 3))
    h1, h2 = x @ w1, x @ w1 @ w2
    out = h2 @ w3

    def step() -> None:
        x @ w1, h1 @ w2, h2 @ w3, h2.T @ out, out @ w3.T, h1.T @ h2, h2 @ w2.T, x.T @ h1

    return step


def by_hand(parameters: Arrays, x: np.ndarray, target: np.ndarray) -> Step:
    now = dict(parameters)
    rate = np.float32(RATE)

    def step() -> None:
        z1 = x @ now["W1"] + now["b1"]
        h1 = np.maximum(z1, 0)
        z2 = h1 @ now["W2"] + now["b2"]
        h2 = np.maximum(z2, 0)
        difference = h2 @ now["W3"] + now["b3"] - target
        np.mean(difference * difference)
        g = difference * np.float32(2 / difference.size)
        found = {"W3": h2.T @ g, "b3": g.sum(0)}
        g = g @ now["W3"].T
        g *= z2 > 0
        found |= {"W2": h1.T @ g, "b2": g.sum(0)}
        g = g @ now["W2"].T
        g *= z1 > 0
        found |= {"W1": x.T @ g, "b1": g.sum(0)}
        for name, gradient in found.items():
            now[name] = now[name] - rate * gradient

    return step


def recorded(parameters: Arrays, x: np.ndarray, target: np.ndarray) -> Step:
    scenario = tracer.Scenario(
        name="network", data=lambda: {"x": x, "target": target}, parameters=parameters, model=model, loss=loss,
        optimizer=tracer.SGD(learning_rate=RATE), steps=10**9, dtype="float32",
    )  # fmt: skip
    steps: Iterator[Any] = iter(Training(scenario))
    held: list[Any] = [None]

    def step() -> None:
        held[0] = None  # release the record of the previous step
        held[0] = next(steps)

    return step


def pytorch(parameters: Arrays, x: np.ndarray, target: np.ndarray) -> Step:
    import torch

    torch.set_num_threads(1)
    p = {name: torch.tensor(value, requires_grad=True) for name, value in parameters.items()}
    given, wanted = torch.tensor(x), torch.tensor(target)
    optimizer = torch.optim.SGD(p.values(), lr=RATE)

    def step() -> None:
        optimizer.zero_grad()
        h1 = torch.relu(given @ p["W1"] + p["b1"])
        h2 = torch.relu(h1 @ p["W2"] + p["b2"])
        torch.mean(torch.square(h2 @ p["W3"] + p["b3"] - wanted)).backward()
        optimizer.step()

    return step


def torchlens_log(parameters: Arrays, x: np.ndarray, target: np.ndarray) -> Step:
    """The forward pass only."""
    import torch
    import torchlens

    torch.set_num_threads(1)
    sizes = [(parameters[f"W{layer}"].shape) for layer in (1, 2, 3)]
    layers = [torch.nn.Linear(*size) for size in sizes]
    net = torch.nn.Sequential(layers[0], torch.nn.ReLU(), layers[1], torch.nn.ReLU(), layers[2])
    given = torch.tensor(x)
    log = getattr(torchlens, "log_forward_pass", None) or torchlens.trace
    return lambda: log(net, given)


def mygrad_step(parameters: Arrays, x: np.ndarray, target: np.ndarray) -> Step:
    import mygrad

    now = {name: mygrad.tensor(value.copy()) for name, value in parameters.items()}

    def step() -> None:
        h1 = mygrad.maximum(x @ now["W1"] + now["b1"], 0)
        h2 = mygrad.maximum(h1 @ now["W2"] + now["b2"], 0)
        mygrad.mean(mygrad.square(h2 @ now["W3"] + now["b3"] - target)).backward()
        for name, value in now.items():
            now[name] = mygrad.tensor(value.data - np.float32(RATE) * value.grad)

    return step


def autograd_step(parameters: Arrays, x: np.ndarray, target: np.ndarray) -> Step:
    import autograd
    import autograd.numpy as anp

    def of(p: Arrays) -> Any:
        h1 = anp.maximum(anp.dot(x, p["W1"]) + p["b1"], 0)
        h2 = anp.maximum(anp.dot(h1, p["W2"]) + p["b2"], 0)
        return anp.mean(anp.square(anp.dot(h2, p["W3"]) + p["b3"] - target))

    gradient, now = autograd.grad(of), [dict(parameters)]

    def step() -> None:
        found = gradient(now[0])
        now[0] = {name: value - np.float32(RATE) * found[name] for name, value in now[0].items()}

    return step


def jax_step(parameters: Arrays, x: np.ndarray, target: np.ndarray) -> Step:
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    import jax
    import jax.numpy as jnp

    def of(p: Any) -> Any:
        h1 = jnp.maximum(x @ p["W1"] + p["b1"], 0)
        h2 = jnp.maximum(h1 @ p["W2"] + p["b2"], 0)
        return jnp.mean(jnp.square(h2 @ p["W3"] + p["b3"] - target))

    @jax.jit
    def update(p: Any) -> Any:
        value, found = jax.value_and_grad(of)(p)
        return value, {name: p[name] - RATE * found[name] for name in p}

    now = [{name: jnp.asarray(value) for name, value in parameters.items()}]

    def step() -> None:
        value, now[0] = update(now[0])
        value.block_until_ready()

    return step


CANDIDATES: dict[str, tuple[str, Callable[[Arrays, np.ndarray, np.ndarray], Step]]] = {
    "matrix products alone": ("", products),
    "NumPy by hand": ("", by_hand),
    "tracer, everything recorded": ("", recorded),
    "PyTorch eager": ("torch", pytorch),
    "JAX jit": ("jax", jax_step),
    "MyGrad": ("mygrad", mygrad_step),
    "autograd": ("autograd", autograd_step),
    "TorchLens, forward only": ("torchlens", torchlens_log),
}


def installed(package: str) -> bool:
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def compare(title: str, sizes: list[int], batch: int, rounds: int) -> None:
    arrays = network(sizes, batch)
    candidates = {}
    for name, (package, make) in CANDIDATES.items():
        if package and not installed(package):
            print(f"  {name}: passed over, {package} is not installed")
        else:
            candidates[name] = make(*arrays)
    # TorchLens is slow and leaves more garbage, so it runs last and separately.
    slow = {name: candidates.pop(name) for name in list(candidates) if name.startswith("TorchLens")}
    found = timed(candidates, rounds) | (timed(slow, min(rounds, 3)) if slow else {})
    print(f"{title}: microseconds, x NumPy by hand, x tracer")
    for name, seconds in found.items():
        ratios = seconds / found["NumPy by hand"], seconds / found["tracer, everything recorded"]
        print(f"  {name:<28}{seconds * 1e6:9.0f}{ratios[0]:9.2f}{ratios[1]:9.2f}")


# Scalars.


def scalars(title: str, sizes: list[int], samples: int, rounds: int) -> None:
    """Compute every scalar of forward pass and loss with its operands and gradient."""
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((samples, sizes[0])), rng.standard_normal((samples, sizes[2]))
    start = {"W1": rng.standard_normal(sizes[:2]), "b1": np.zeros(sizes[1]), "W2": rng.standard_normal(sizes[1:]),
             "b2": np.zeros(sizes[2])}  # fmt: skip
    scenario = tracer.Scenario(
        name="scalars", data=lambda: {"x": x, "y": y}, parameters=start,
        model=lambda x, W1, b1, W2, b2: np.clip(x @ W1 + b1, 0, None) @ W2 + b2,
        loss=lambda prediction, y: np.sum((prediction - y) ** 2), optimizer=tracer.SGD(learning_rate=1e-9), steps=10**9,
    )  # fmt: skip
    steps = iter(Training(scenario))
    count = len(scalar_graph(next(steps)))
    candidates: dict[str, Step] = {"tracer": lambda: scalar_graph(next(steps))}
    if installed("micrograd"):
        from micrograd.engine import Value

        def engine() -> None:
            w1, w2 = ([[Value(v) for v in row] for row in start[name]] for name in ("W1", "W2"))
            b1, b2 = ([Value(v) for v in start[name]] for name in ("b1", "b2"))
            total = Value(0)
            for row, wanted in zip(x, y, strict=True):
                h = [sum((v * w1[i][j] for i, v in enumerate(row)), b1[j]).relu() for j in range(sizes[1])]
                for k in range(sizes[2]):
                    total = total + (sum((v * w2[j][k] for j, v in enumerate(h)), b2[k]) - wanted[k]) ** 2
            total.backward()

        sys.setrecursionlimit(100_000)
        candidates["micrograd"] = engine
    else:
        print("  micrograd: passed over, it is not installed")
    found = timed(candidates, rounds)
    beside = f", micrograd {found['micrograd'] * 1e3:.2f} ms" if "micrograd" in found else ""
    ratio = f", {found['micrograd'] / found['tracer']:.1f} x faster" if "micrograd" in found else ""
    print(f"every number, {title}: {count:,} numbers in {found['tracer'] * 1e3:.2f} ms{beside}{ratio}")


# Scaling, memory, start-up.


def chain(length: int) -> Callable[[Any], Any]:
    def function(x: Any) -> Any:
        for _ in range(length):
            x = x * 1.00001
        return x

    return function


def growth(lengths: list[int]) -> None:
    print("growth: microseconds a node (recorded; names, lines and formulas; log; graph), bytes a node beside its array")
    for length in lengths:
        function, repeats = chain(length), max(1, 2000 // length)
        times: list[list[float]] = [[], [], [], []]
        for _ in range(3):
            for kind, work in enumerate(stages(function, repeats)):
                times[kind].append(work)
        nodes = 2 * length + 2
        tracemalloc.start()
        step = tracer.trace(function, 1.0)
        size = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        own = (size - sum(sys.getsizeof(np.zeros(())) for _ in range(nodes))) / nodes
        each = "  ".join(f"{statistics.median(kind) / repeats / nodes * 1e6:6.2f}" for kind in times)
        print(f"  {len(step.nodes):>8,} nodes  {each}  {own:6.0f}")


def stages(function: Callable[[Any], Any], repeats: int) -> Iterator[float]:
    started = time.perf_counter()
    steps = [tracer.trace(function, 1.0) for _ in range(repeats)]
    yield time.perf_counter() - started
    started = time.perf_counter()
    for step in steps:
        _ = step.nodes[0]
    yield time.perf_counter() - started
    traces = [Trace("chain", "", 0, "float64", {}, {}, (step,)) for step in steps]
    started = time.perf_counter()
    for trace in traces:
        log_text(trace)
    yield time.perf_counter() - started
    started = time.perf_counter()
    for trace in traces:
        trace.to_networkx()
    yield time.perf_counter() - started


def start(times: int) -> None:
    def cpu(*command: str) -> float:
        found = []
        for _ in range(times):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, *command], stdout=subprocess.DEVNULL, check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        return statistics.median(found) * 1e3

    shown = {"tracer --help": ("-m", "tracer", "--help"), "import numpy": ("-c", "import numpy"),
             "import tracer": ("-c", "import tracer"), "all its names": ("-c", "from tracer import *")}  # fmt: skip
    print("start, ms of CPU: " + ", ".join(f"{name} {cpu(*command):.0f}" for name, command in shown.items()))


def main(size: str = "") -> None:
    """Measure and print."""
    tiny = size == "tiny"
    versions = [f"Python {platform.python_version()}", f"NumPy {np.__version__}"]
    peers = [package for package in ("torch", "jax", "mygrad", "autograd", "torchlens", "micrograd") if installed(package)]
    versions += [f"{package} {importlib.metadata.version(package)}" for package in peers]
    print(", ".join(versions))
    square = np.ones((1024, 1024), np.float32)
    rate = 2 * 1024**3 / timed({"product": lambda: square @ square}, 1)["product"] / 1e9
    chosen = os.environ.get("OPENBLAS_CORETYPE", "not set")
    print(f"{os.environ['OMP_NUM_THREADS']} thread, OPENBLAS_CORETYPE {chosen}, single-precision products {rate:.0f} GFLOP/s")
    compare("784-256-128-10, batch 256", [784, 256, 128, 10], 256, 1 if tiny else 12)
    compare("4-4-4-2, batch 4", [4, 4, 4, 2], 4, 1 if tiny else 100)
    scalars("2-4-2, 10 samples", [2, 4, 2], 10, 1 if tiny else 20)
    if not tiny:
        scalars("784-16-10, 1 sample", [784, 16, 10], 1, 1)
    growth([50] if tiny else [50, 500, 5_000, 50_000])
    start(1 if tiny else 9)


if __name__ == "__main__":
    main(*sys.argv[1:])
