"""Two processes that train together: a folder for each, collectives on record, and the operation at which replicas part."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

import tracer  # noqa: E402
from support.cli import run  # noqa: E402

if not (torch.distributed.is_available() and torch.distributed.is_gloo_available()):
    pytest.skip("needs gloo", allow_module_level=True)

PROGRAM = """import sys, torch, torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

fault = sys.argv[1]
dist.init_process_group("gloo")
rank = dist.get_rank()
torch.manual_seed(rank)
net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.BatchNorm1d(8), torch.nn.Dropout(0.1), torch.nn.Linear(8, 1))
model = DistributedDataParallel(net, broadcast_buffers=fault != "buffers")
optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
for i in range(3):
    x, y = torch.randn(8, 4), torch.randn(8, 1)
    optimizer.zero_grad()
    torch.nn.functional.mse_loss(model(x), y).backward()
    if fault == "gradient":
        net[3].weight.grad.mul_(1.0 + 0.001 * rank * (i == 1))
    optimizer.step()
    if fault == "weight":
        with torch.no_grad():
            net[0].bias.add_(0.001 * rank)
dist.destroy_process_group()
"""


@pytest.mark.parametrize(
    ("fault", "code", "message"),
    [
        ("none", 0, r"ranks 0 and 1 agree in all 3 steps\ncompared \d+ values"),
        ("gradient", 1, r"they part in step 1 at node 1:\d+ \S*.*\n(.*\n)+.*ranks\.py:16"),
        ("weight", 1, r"they part in step \d at node .*"),
        ("buffers", 1, r"they part in step 1 at node 1:\d+ module\.1\.running_mean"),
    ],
)
def test_ranks_are_compared_in_what_ought_to_agree(
    fault: str, code: int, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("ranks.py").write_text(PROGRAM)
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "tracer", "trace"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    wanted = ["ranks.py", "-q", "--format", "log", "--values", "all", "--", fault]
    done = subprocess.run([*start, *wanted], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    traces = [tracer.open(f"output/ranks-rank{rank}/trace.sqlite") for rank in (0, 1)]
    for trace in traces:
        tracer.validate(trace)
        assert {"c10d.allreduce_", "c10d.broadcast_"} <= {node.op for node in trace.steps[0].nodes}
    mine, theirs = (trace.steps[1] for trace in traces)
    assert fault != "none" or mine.gradient("module.0.weight").tobytes() == theirs.gradient("module.0.weight").tobytes()
    assert mine.node("x").value.tobytes() != theirs.node("x").value.tobytes()
    assert run("diff", "ranks-rank0", "ranks-rank1") == code
    printed = capsys.readouterr().out
    assert re.search(message, printed), printed


FULLY_SHARDED = """import torch, torch.distributed as dist
from torch.distributed.fsdp import fully_shard

dist.init_process_group("gloo")
torch.manual_seed(0)
mesh = dist.device_mesh.init_device_mesh("cpu", (2,))
model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
for layer in (model[0], model[2], model):
    fully_shard(layer, mesh=mesh)
"""

TENSOR_PARALLEL = """import torch, torch.distributed as dist
from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

dist.init_process_group("gloo")
torch.manual_seed(0)
mesh = dist.device_mesh.init_device_mesh("cpu", (2,))
model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
parallelize_module(model, mesh, {"0": ColwiseParallel(), "2": RowwiseParallel()})
"""

TRAINING = """
optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
for _ in range(2):
    x, y = torch.randn(8, 4), torch.randn(8, 2)
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
weights = {name: each.full_tensor().detach() for name, each in model.named_parameters()}
if dist.get_rank() == 0:
    torch.save(weights, "weights.pt")
dist.destroy_process_group()
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "shapes"),
    [
        (FULLY_SHARDED, {"0.weight": (4, 4), "0.bias": (4,), "2.weight": (1, 8), "2.bias": (1,)}),
        (TENSOR_PARALLEL, {"0.weight": (4, 4), "0.bias": (4,), "2.weight": (2, 4), "2.bias": (2,)}),
    ],
    ids=["fully_shard", "tensor_parallel"],
)
def test_sharded_parameters_are_the_part_of_the_rank(
    program: str, shapes: dict[str, tuple[int, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parts of both ranks after the last update make up the weights of the program."""
    monkeypatch.chdir(tmp_path)
    Path("ranks.py").write_text(program + TRAINING)
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "tracer", "trace"]
    ran = subprocess.run(
        [*start, "ranks.py", "--format", "log"], capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert run("diff", "ranks-rank0", "ranks-rank1") == 0
    weights = torch.load("weights.pt")
    last = [tracer.open(f"output/ranks-rank{rank}/trace.sqlite").steps[-1] for rank in (0, 1)]
    assert {node.name: node.shape for node in last[0].parameters} == shapes
    for name, shape in shapes.items():
        whole, parts = weights[name], [torch.tensor(step.updated(name)) for step in last]
        dimension = next((k for k in range(len(shape)) if shape[k] != whole.shape[k]), None)
        assert torch.equal(whole, parts[0] if dimension is None else torch.cat(parts, dimension)), name
        assert all(step.gradient(name).shape == shape for step in last)
