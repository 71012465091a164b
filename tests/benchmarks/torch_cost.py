"""What recording a PyTorch program costs, beside dispatch modes that do a part of it and TorchLens' log of the forward pass.

    OMP_NUM_THREADS=1 python tests/benchmarks/torch_cost.py [tiny] [write]

Prints a table in Markdown: the processor time of a plain step, and how many times as long each way of recording takes.
Everything is measured in turns; each ratio is to the plain steps of the same turn, and the median of five turns.
`write` puts the rows of the transformer into docs/benchmarks.md, and measures nothing else.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import platform
import statistics
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import torch
from table import Row, write
from torch.utils._python_dispatch import TorchDispatchMode

from tracer.torch import record
from tracer.torch.dispatch import tensors_in
from tracer.torch.identity import key_of

TURNS = 5
WARM_UP = 3
"""Steps before those that are measured: the first one of a recording has names, lines and formulas to find."""


class Network:
    """A model, its optimizer, and a batch."""

    def __init__(self, model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor, steps: int) -> None:
        self.model, self.x, self.target, self.steps = model, x, target, steps
        self.optimizer = torch.optim.Adam(model.parameters(), lr=1e-6)  # so slow that numbers stay of a usual size

    def step(self) -> None:
        """A step of a training."""
        output = self.model(self.x)
        loss = torch.nn.functional.cross_entropy(output.reshape(-1, output.shape[-1]), self.target)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()

    def forward_log(self) -> None:
        """TorchLens' log of the forward pass."""
        import torchlens

        log = getattr(torchlens, "log_forward_pass", None) or torchlens.trace
        log(self.model, self.x)


def lesson() -> Network:
    """The lesson's network."""
    model = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.Linear(4, 2))
    return Network(model, torch.rand(10, 2), torch.randint(0, 2, (10,)), 60)


def perceptron() -> Network:
    """A perceptron for MNIST, batches of 64."""
    layers = [torch.nn.Linear(784, 256), torch.nn.ReLU(), torch.nn.Linear(256, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10)]
    return Network(torch.nn.Sequential(*layers), torch.rand(64, 784), torch.randint(0, 10, (64,)), 30)


def transformer() -> Network:
    """Four layers of a transformer, width 128, batches of 8 by 64 tokens."""
    layer = torch.nn.TransformerEncoderLayer(128, 4, 512, batch_first=True, dropout=0.0)
    encoder = torch.nn.TransformerEncoder(layer, 4, enable_nested_tensor=False)
    model = torch.nn.Sequential(torch.nn.Embedding(256, 128), encoder, torch.nn.Linear(128, 256))
    return Network(model, torch.randint(0, 256, (8, 64)), torch.randint(0, 256, (512,)), 12)


NETWORKS = {"lesson's network": lesson, "784-256-128-10": perceptron, "transformer, 4 layers": transformer}


class Empty(TorchDispatchMode):
    """A mode that does nothing but call the operation: the least that any recording by a mode costs."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """PyTorch would wrap each call, as it does not while a program is recorded."""
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return func(*args, **kwargs) if kwargs else func(*args)


class Keeping(Empty):
    """A mode that keeps what a step computes."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: deque[Any] = deque(maxlen=1000)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = super().__torch_dispatch__(func, types, args, kwargs)
        self.kept.append(result)
        return result


class Identifying(Empty):
    """A mode that finds out the memory of each tensor, given or returned, and its place there: by that it is known."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        for tensor in tensors_in(args):
            key_of(tensor)
        result = super().__torch_dispatch__(func, types, args, kwargs)
        for tensor in tensors_in([result]):
            key_of(tensor)
        return result


@contextlib.contextmanager
def recorded(**options: Any) -> Iterator[None]:
    """A recording, which is dropped at its end."""
    with record(**options):
        yield


Way = tuple[Callable[[], AbstractContextManager[Any]], Callable[[Network], None]]

WAYS: dict[str, Way] = {
    "plain": (contextlib.nullcontext, Network.step),
    "empty mode": (Empty, Network.step),
    "results kept": (Keeping, Network.step),
    "tensors identified": (Identifying, Network.step),
    "structure": (lambda: recorded(values="structure"), Network.step),
    "summary": (lambda: recorded(values="summary"), Network.step),
    "all values": (lambda: recorded(values="all"), Network.step),
    "not recorded": (lambda: recorded(steps=[]), Network.step),
    "TorchLens, forward": (contextlib.nullcontext, Network.forward_log),
}


def seconds(network: Network, way: Way, count: int) -> float:
    """The median processor time of a step."""
    context, step = way
    durations = []
    with context():
        for position in range(WARM_UP + count):
            start = time.process_time()
            step(network)
            if position >= WARM_UP:
                durations.append(time.process_time() - start)
    return statistics.median(durations)


def row(network: Network, ways: dict[str, Way], turns: int, count: int) -> Iterator[str]:
    """Milliseconds of a plain step, and the ratios of the other ways."""
    found = [{name: seconds(network, way, count) for name, way in ways.items()} for _ in range(turns)]
    yield f"{statistics.median(each['plain'] for each in found) * 1e3:.2f} ms"
    for name in list(ways)[1:]:
        yield f"{statistics.median(each[name] / each['plain'] for each in found):.2f} x"


GOALS = {"structure": "1.6 x", "all values": "2.5 x", "not recorded": "1 x"}
"""The ways that have a row in docs/benchmarks.md."""


def rows(network: Network, turns: int, count: int) -> Iterator[Row]:
    """Each way with a goal beside a plain step."""
    found = [{name: seconds(network, WAYS[name], count) for name in ("plain", *GOALS)} for _ in range(turns)]
    plain = statistics.median(each["plain"] for each in found)
    for name, goal in GOALS.items():
        ratios = [each[name] / each["plain"] for each in found]
        taken = statistics.median(each[name] for each in found)
        spread = min(ratios), max(ratios)
        yield Row(f"a step of a transformer of 4 layers in PyTorch, {name}", taken, "a plain step", plain, spread, goal)


def main(*options: str) -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    sizes = (1, 1) if "tiny" in options else None
    if "write" in options:
        torch.manual_seed(0)
        network = transformer()
        write(list(rows(network, *(sizes or (TURNS, network.steps)))))
        return
    has_peer = importlib.util.find_spec("torchlens") is not None
    peer = f", TorchLens {importlib.metadata.version('torchlens')}" if has_peer else ""
    print(f"Python {platform.python_version()}, PyTorch {torch.__version__}{peer}\n")
    ways = {name: way for name, way in WAYS.items() if has_peer or not name.startswith("TorchLens")}
    print("| network | plain step |", " | ".join(list(ways)[1:]), "|")
    print("| --- |", "---: | " * len(ways))
    for name, make in NETWORKS.items():
        torch.manual_seed(0)
        network = make()
        print(f"| {name} |", " | ".join(row(network, ways, *(sizes or (TURNS, network.steps)))), "|")


if __name__ == "__main__":
    main(*sys.argv[1:])
