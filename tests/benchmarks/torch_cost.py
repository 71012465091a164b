"""What recording a PyTorch program costs, beside plain steps and an empty dispatch mode.

    python tests/benchmarks/torch_cost.py [--steps 30]

Prints a table in Markdown: milliseconds of a plain step, and how many times as long each way of recording takes.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from tracer.torch import record

Step = Callable[[], None]


class Empty(TorchDispatchMode):
    """A mode that does nothing."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return func(*args, **(kwargs or {}))


def training(model: torch.nn.Module, batch: Callable[[], torch.Tensor], target: torch.Tensor) -> Step:
    """A step of a training."""
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def step() -> None:
        output = model(batch())
        loss = torch.nn.functional.cross_entropy(output.reshape(-1, output.shape[-1]), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def lesson() -> Step:
    """The lesson's network."""
    model = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.Linear(4, 2))
    x = torch.rand(10, 2)
    return training(model, lambda: x, torch.randint(0, 2, (10,)))


def perceptron() -> Step:
    """A perceptron for MNIST, batches of 64."""
    layers = [torch.nn.Linear(784, 256), torch.nn.ReLU(), torch.nn.Linear(256, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10)]
    x = torch.rand(64, 784)
    return training(torch.nn.Sequential(*layers), lambda: x, torch.randint(0, 10, (64,)))


def transformer() -> Step:
    """Four layers of a transformer, width 128, batches of 8 by 64 tokens."""
    layer = torch.nn.TransformerEncoderLayer(128, 4, 512, batch_first=True, dropout=0.0)
    encoder = torch.nn.TransformerEncoder(layer, 4, enable_nested_tensor=False)
    model = torch.nn.Sequential(torch.nn.Embedding(256, 128), encoder, torch.nn.Linear(128, 256))
    x = torch.randint(0, 256, (8, 64))
    return training(model, lambda: x, torch.randint(0, 256, (512,)))


NETWORKS = {"lesson's network": lesson, "784-256-128-10": perceptron, "transformer, 4 layers": transformer}


def seconds(step: Step, steps: int) -> float:
    """The median duration of a step."""
    durations = []
    for _ in range(steps):
        start = time.perf_counter()
        step()
        durations.append(time.perf_counter() - start)
    return statistics.median(durations)


@contextlib.contextmanager
def recording(**options: Any) -> Iterator[None]:
    """Record, without keeping steps in memory for long."""
    with record(**options):
        yield


WAYS: dict[str, Callable[[], Any]] = {
    "empty mode": Empty,
    "structure": lambda: recording(values="structure"),
    "summary": lambda: recording(values="summary"),
    "all values": lambda: recording(values="all"),
    "step not recorded": lambda: recording(steps=[]),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=30)
    steps = parser.parse_args().steps
    torch.set_num_threads(1)
    print("| network | plain step |", " | ".join(WAYS), "|")
    print("| --- " * (2 + len(WAYS)) + "|")
    for name, make in NETWORKS.items():
        torch.manual_seed(0)
        step = make()
        seconds(step, 5)
        plain = seconds(step, steps)
        times = []
        for way in WAYS.values():
            with way():
                seconds(step, 2)
                times.append(seconds(step, steps))
        again = seconds(step, steps)
        base = min(plain, again)
        print(f"| {name} | {base * 1e3:.2f} ms |", " | ".join(f"{each / base:.1f} x" for each in times), "|")


if __name__ == "__main__":
    main()
