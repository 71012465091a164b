"""Every recorded operation of a PyTorch program gives its recorded value again, bit for bit, also from a file."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from programs_torch import PROGRAMS  # noqa: E402

import tracer  # noqa: E402
from tracer.analysis.verify import Verification, verify  # noqa: E402
from tracer.graph.record import Literal, Node, Step, Trace  # noqa: E402
from tracer.torch import record  # noqa: E402
from tracer.torch.computing.overloads import overload_named  # noqa: E402

UNKNOWN = {
    "spectral": {"aten.set_.source_Tensor"},
    "onecycle_warm_start": {"aten.set_.source_Storage", "aten.set_.source_Storage_storage_offset"},
    "saved_and_loaded": {"aten.set_.source_Storage_storage_offset"},
}
"""Operations on storages, which are not called again."""

UNDETERMINED = {"sparse_gradients", "sparse_product", "quantized"}
"""Programs with tensors that are no plain arrays."""

MEMORY = {
    "aten.empty_like",
    "aten.new_empty",
    "aten.new_empty_strided",
    "aten.empty.memory_format",
    "aten.mkldnn_rnn_layer",
    "written",
}
"""Operations that give memory that nothing was written into."""


def trace_of(name: str) -> Trace:
    torch.manual_seed(1)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), record(values="all") as run:
        warnings.simplefilter("ignore")
        PROGRAMS[name]()
    return run.trace


def check(verdict: Verification, name: str) -> None:
    assert verdict.passed, verdict.deviations
    assert verdict.is_same_arithmetic
    assert verdict.exact == verdict.operations
    assert verdict.unknown == UNKNOWN.get(name, set())
    assert name in UNDETERMINED or verdict.undetermined <= MEMORY


@pytest.mark.parametrize("name", PROGRAMS)
def test_bit_for_bit(name: str) -> None:
    """The generator of the process has the same state afterwards."""
    trace = trace_of(name)
    before = torch.get_rng_state()
    check(verify(trace), name)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    "name", ["gpt", "amp_bfloat16", "grad_scaler_float16", "complex_weights", "lstm_layers", "in_place", "vae"]
)
def test_from_a_file(name: str, tmp_path: Path) -> None:
    trace = trace_of(name)
    tracer.save(trace, tmp_path / "run.sqlite")
    check(verify(tracer.open(tmp_path / "run.sqlite")), name)


def changed(trace: Trace, id: int, **fields: Any) -> Trace:
    step = trace.steps[0]
    nodes = [dataclasses.replace(node, **fields) if node.id == id else node for node in step.nodes]
    return dataclasses.replace(trace, steps=(dataclasses.replace(step, nodes=nodes),))


def test_a_changed_value_is_found() -> None:
    """In every computed node of a step: the last bit of one element."""
    trace = trace_of("vae")
    for node in trace.steps[0].nodes:
        if node.is_leaf or node.dtype != "float32" or not node.size:
            continue
        value = np.array(node.value)
        value.flat[-1] = np.nextafter(value.flat[-1], np.float32(9))
        deviation = verify(changed(trace, node.id, content=value)).deviations[0]
        assert deviation.node == node.id
        assert deviation.index == tuple(size - 1 for size in node.shape)


def verdict_of(op: str, parameters: dict[str, Any], shape: tuple[int, ...]) -> Verification:
    """The verdict on a forged record with one operation on an array of three numbers."""
    trace = trace_of("vae")
    leaf = dataclasses.replace(trace.steps[0].nodes[0], content=np.ones(3, np.float32), shape=(3,), parameters={})
    content = np.zeros(shape, np.float32)
    node = Node(1, op, (0, Literal(10**12)), parameters, content, shape, "float32", trace.steps[0].nodes[-1].phase, "", "f({0})")
    return verify(dataclasses.replace(trace, steps=(Step(0, (leaf, node), 1),)))


@pytest.mark.parametrize(
    ("op", "parameters"),
    [
        ("aten.repeat", {"arguments": [{"input": 0}, [10**12]]}),
        ("aten.full", {"arguments": [[10**12], 1.0]}),
        ("aten.expand", {"arguments": [{"input": 0}, [10**14, 3]]}),
        ("aten.constant_pad_nd", {"arguments": [{"input": 0}, [0, 10**12]]}),
        ("aten.repeat", {"arguments": [{"input": 9}, [1]]}),
        ("aten.repeat", {"arguments": 7}),
        ("aten.repeat", {"arguments": [{"input": 0}, [1]], "output": 4}),
        ("aten.rand", {"arguments": [[3]], "generator": "ab"}),
        ("written", {}),
        ("written", {"options": {"places": [[[3], [1], 0], [[10**14], [1], 0]]}}),
    ],
)
def test_a_forged_call_is_told(op: str, parameters: dict[str, Any]) -> None:
    """Without allocating what it asks for."""
    verdict = verdict_of(op, parameters, (3,))
    assert not verdict.passed or verdict.unknown


@pytest.mark.parametrize(
    "op",
    ["aten.from_file", "aten.set_.source_Storage", "aten.save", "aten.__class__", "aten.add.Nothing", "os.system",
     "prims.__init__", "aten._op_namespace", "aten", "profiler._record_function_enter_new", "aten.resize_"],
)  # fmt: skip
def test_only_operations_that_compute_are_called(op: str) -> None:
    with pytest.raises(LookupError):
        overload_named(op)


def test_torch_is_not_installed(tmp_path: Path) -> None:
    """One line with the command, and exit code 2."""
    tracer.save(trace_of("own_mode"), tmp_path / "run.sqlite")
    hidden = "import sys; sys.modules['torch'] = None; import importlib.util as u; f = u.find_spec;"
    hidden += "u.find_spec = lambda name, *rest: None if name == 'torch' else f(name, *rest); del sys.modules['torch'];"
    code = f"{hidden} from tracer.__main__ import main; main()"
    ran = subprocess.run(
        [sys.executable, "-c", code, "verify", str(tmp_path / "run.sqlite")], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 2
    assert "torch, which is not installed: pip install 'torch>=2.13,<2.14'" in ran.stderr
    assert len(ran.stderr.strip().splitlines()) == 1
