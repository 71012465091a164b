"""A trace as a table with a row of statistics per step and node, as named arrays, and as GraphML."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import IO, Any

import numpy as np

from tracer.errors import UsageError
from tracer.graph.plain_values import json_text
from tracer.graph.record import Step, Trace
from tracer.views.export.events import head_event
from tracer.views.notation import Labels

STEPS_PER_ROW_GROUP = 200
"""Steps per row group of a Parquet file."""

_TEXT_COLUMNS = ("scenario", "hyperparameters", "phase", "op", "name", "label", "formula", "dtype", "scope", "file", "expression")
_INTEGER_COLUMNS = ("seed", "step", "node", "line", "gradient_of", "rule_of", "count", "zeros", "nans", "infinities")
_FLOAT_COLUMNS = ("loss", "value", "min", "max", "mean", "std", "l2")


def run_id(trace: Trace) -> str:
    """A deterministic identifier of a run: the scenario and a digest.

    The digest covers the head, the metrics, and the values of the first and the last step.
    """
    digest = hashlib.sha256(json_text(head_event(trace)).encode())
    for row in trace.metrics:
        digest.update(json_text(dict(row)).encode())
    for step in (trace.steps[0], trace.steps[-1]):
        for node in step.nodes:
            digest.update(node.value.tobytes() if node.is_kept else repr(node.summary).encode())
    readable = "".join(character if character.isalnum() or character in "-_." else "_" for character in trace.scenario)
    return f"{readable}-{digest.hexdigest()[:12]}"


def rows_of(trace: Trace, step: Step) -> Iterator[dict[str, Any]]:
    """The rows of a step. `value` is set for real scalars only."""
    labels = Labels(step.nodes)
    run = {
        "scenario": trace.scenario,
        "seed": trace.seed,
        "hyperparameters": json_text(dict(trace.hyperparameters)),
        "step": step.index,
        "loss": step.loss,
    }
    for node in step.nodes:
        source = node.source
        is_number = not node.shape and node.is_kept and node.value.dtype.kind in "biuf"
        yield run | {
            "node": node.id,
            "phase": node.phase.value,
            "op": node.op,
            "name": node.name,
            "label": labels[node.id],
            "formula": labels.formula(node),
            "shape": list(node.shape),
            "dtype": node.dtype,
            "scope": node.scope,
            "file": source.file if source else None,
            "line": source.line if source else None,
            "expression": source.text if source else None,
            "gradient_of": node.gradient_of,
            "rule_of": node.rule_of,
            "value": float(node.value) if is_number else None,
            **node.summary.as_dict(),
        }


def write_parquet(trace: Trace, file: IO[bytes]) -> int:
    """Write a trace as Parquet and return the number of rows. Raises UsageError if pyarrow is not installed."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise UsageError("Parquet is written with pyarrow: pip install 'steptracer[parquet]'") from None
    fields = [(name, pyarrow.string()) for name in _TEXT_COLUMNS]
    fields += [(name, pyarrow.int64()) for name in _INTEGER_COLUMNS] + [(name, pyarrow.float64()) for name in _FLOAT_COLUMNS]
    schema = pyarrow.schema([*fields, ("shape", pyarrow.list_(pyarrow.int64()))])
    count = 0
    with pyarrow.parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        for start in range(0, len(trace.steps), STEPS_PER_ROW_GROUP):
            rows = [row for step in trace.steps[start : start + STEPS_PER_ROW_GROUP] for row in rows_of(trace, step)]
            writer.write_table(pyarrow.Table.from_pylist(rows, schema=schema))
            count += len(rows)
    return count


def named_arrays(trace: Trace) -> Iterator[tuple[str, np.ndarray]]:
    """Every value that was kept, named by step and node: `step0/W1`, or `step0/#7` for a node without a name."""
    for step in trace.steps:
        for node in step.nodes:
            if node.is_kept:
                yield f"step{step.index}/{node.name or f'#{node.id}'}", node.value


def graphml(trace: Trace, step: Step) -> Iterator[str]:
    """The graph of a step as GraphML, line by line."""
    import networkx

    graph = trace.to_networkx(step.index)
    for _, attributes in graph.nodes(data=True):
        for name, value in attributes.items():
            if isinstance(value, str):
                # XML cannot represent control characters.
                attributes[name] = "".join(each if each.isprintable() else "?" for each in value)
    graph.graph["scenario"] = "".join(each if each.isprintable() else "?" for each in trace.scenario)
    for line in networkx.generate_graphml(graph):
        yield line + "\n"
