"""A trace as a table with a row of statistics per step and node, as named arrays, and as GraphML."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any

import numpy as np

from tracer.errors import UsageError
from tracer.graph.missing import StoredValue
from tracer.graph.plain_values import json_text
from tracer.graph.record import Step, Trace
from tracer.graph.structures.shared import PerStructure, contents_at
from tracer.graph.structures.stacked import statistics_of
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


def write_parquet(trace: Trace, file: IO[bytes]) -> int:
    """Write a trace as Parquet and return the number of rows. Raises UsageError if pyarrow is not installed."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise UsageError("Parquet is written with pyarrow: pip install pyarrow") from None
    fields = [(name, pyarrow.string()) for name in _TEXT_COLUMNS]
    fields += [(name, pyarrow.int64()) for name in _INTEGER_COLUMNS] + [(name, pyarrow.float64()) for name in _FLOAT_COLUMNS]
    schema = pyarrow.schema([*fields, ("shape", pyarrow.list_(pyarrow.int64()))])

    def arrays(columns: Mapping[str, Any]) -> dict[str, Any]:
        return {name: pyarrow.array(column, schema.field(name).type) for name, column in columns.items()}

    descriptions = PerStructure(lambda step: arrays(_described(step)))
    scalars = PerStructure(lambda step: [node.id for node in step.nodes if not node.shape])
    run = {"scenario": trace.scenario, "seed": trace.seed, "hyperparameters": json_text(dict(trace.hyperparameters))}
    count = 0
    with pyarrow.parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        for start in range(0, len(trace.steps), STEPS_PER_ROW_GROUP):
            steps = trace.steps[start : start + STEPS_PER_ROW_GROUP]
            described = [descriptions.of(step) for step in steps]
            columns = {name: pyarrow.concat_arrays([each[name] for each in described]) for name in described[0]}
            rows = len(columns["node"])
            columns |= arrays(
                _measured(steps) | {"value": [value for step in steps for value in _numbers(step, scalars.of(step))]}
            )
            columns |= {name: pyarrow.repeat(pyarrow.scalar(value, schema.field(name).type), rows) for name, value in run.items()}
            writer.write_table(pyarrow.Table.from_arrays([columns[name] for name in schema.names], schema=schema))
            count += rows
    return count


def _described(step: Step) -> dict[str, list[Any]]:
    """The columns that are the same in all steps of the same structure."""
    nodes, labels = step.nodes, Labels(step.nodes)
    sources = [node.source for node in nodes]
    return {
        "node": [node.id for node in nodes],
        "phase": [node.phase.value for node in nodes],
        "op": [node.op for node in nodes],
        "name": [node.name for node in nodes],
        "label": list(labels),
        "formula": [labels.formula(node) for node in nodes],
        "shape": [list(node.shape) for node in nodes],
        "dtype": [node.dtype for node in nodes],
        "scope": [node.scope for node in nodes],
        "file": [source.file if source else None for source in sources],
        "line": [source.line if source else None for source in sources],
        "expression": [source.text if source else None for source in sources],
        "gradient_of": [node.gradient_of for node in nodes],
        "rule_of": [node.rule_of for node in nodes],
    }


def _measured(steps: Sequence[Step]) -> dict[str, Any]:
    """The columns of steps that differ from step to step, without `value`."""
    lengths = [len(step.nodes) for step in steps]
    return {
        "step": np.repeat([step.index for step in steps], lengths),
        "loss": np.repeat([step.loss for step in steps], lengths),
        **statistics_of(steps).columns,
    }


def _numbers(step: Step, scalars: Sequence[int]) -> list[float | None]:
    """The value of each real scalar that was kept; None for any other node."""
    found: list[float | None] = [None] * len(step.nodes)
    for id, content in zip(scalars, contents_at(step, scalars), strict=True):
        found[id] = _number_in(content)
    return found


def _number_in(content: np.ndarray | StoredValue) -> float | None:
    """The value of a real scalar that was kept; None for any other content."""
    if not isinstance(content, np.ndarray):
        return _number_in(content.load()) if content.is_kept and content.summary.count == 1 else None
    return float(content) if not content.ndim and content.dtype.kind in "biuf" else None


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
