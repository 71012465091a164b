"""The time that questions to a trace file take: `python tests/benchmarks/questions.py [tiny] [write]`, single-threaded.

Each is measured in turn with a baseline that does the least that an answer needs, five times, in processor time; medians. `write`
puts the rows into docs/benchmarks.md, `tiny` is a smoke test with a few steps.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np  # noqa: E402  # after setting the number of threads
from table import Row, compared, write  # noqa: E402

import tracer  # noqa: E402
from tracer.analysis.diff import first_difference, values_not_compared  # noqa: E402
from tracer.analysis.verification_plan import plan_of  # noqa: E402
from tracer.analysis.verify import verify  # noqa: E402
from tracer.graph.structures.shared import contents_of  # noqa: E402
from tracer.store.writing import TraceWriter  # noqa: E402
from tracer.training import Training  # noqa: E402
from tracer.views.export.events import json_lines  # noqa: E402
from tracer.views.export.tables import write_parquet  # noqa: E402

COLUMNS = "position, structure, number, metrics, printed, small, summaries, keys"


def main(steps: int = 2000, nodes: int = 100_000, runs: int = 5) -> list[Row]:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        one, other, large = (folder / f"{each}.sqlite" for each in ("one", "other", "large"))
        for path in (one, other):
            record(path, steps)
        tracer.save(tracer.trace(blocks(nodes), 1.0), large)
        return [*of_many_steps(one, other, steps, runs), *of_a_large_step(large, folder, nodes, runs)]


def record(path: Path, steps: int) -> None:
    """Run fruit with all values in a file."""
    training = Training(tracer.load("fruit"), steps=steps)
    writer = TraceWriter(path, training.head, "all")
    for step in training:
        writer.write(step)
    writer.end()


def blocks(nodes: int) -> Callable[[Any], Any]:
    """A function of products in ten modules; with their gradients they make that many nodes."""

    def block(x: Any) -> Any:
        for _ in range(nodes // 20):
            x = x * 1.00001
        return x

    def function(x: Any) -> Any:
        for _ in range(10):
            x = block(x)
        return x

    return function


def of_many_steps(one: Path, other: Path, steps: int, runs: int) -> list[Row]:
    """Diff, verify, and exports of a run of many small steps."""

    def diff() -> None:
        traces = tracer.open(one), tracer.open(other)
        assert first_difference(*traces) is None
        assert not values_not_compared(*traces).steps

    def exported() -> None:
        for line in json_lines(tracer.open(one)):
            line.encode()

    few = max(1, steps // 20)  # many objects in memory would slow the garbage collector, and so everything that is measured
    some = replace(tracer.open(one), steps=tracer.open(one).steps[:few])
    events = [json.loads(line) for line in json_lines(some)]

    def dumped() -> None:
        for _ in range(steps // few):
            for event in events:
                json.dumps(event).encode()

    import pyarrow.parquet

    file = io.BytesIO()
    write_parquet(tracer.open(one), file)
    table = pyarrow.parquet.read_table(file)
    run = f"{steps:,} steps of fruit"
    return [
        compared(
            f"diff of two runs, {run}", diff, "SQLite's EXCEPT on the rows", lambda: rows_that_differ(one, other), "4 x", runs
        ),
        compared(
            f"verify, {run}",
            lambda: verify(tracer.open(one)),
            "a bare loop of the operations",
            bare_loop(one, steps),
            "2.5 x",
            runs,
        ),
        compared(
            f"export to Parquet, {table.num_rows:,} rows",
            lambda: write_parquet(tracer.open(one), io.BytesIO()),
            "pyarrow writing that table",
            lambda: pyarrow.parquet.write_table(table, io.BytesIO(), compression="zstd"),
            "5 x",
            runs,
        ),
        compared("export to JSON Lines, the same", exported, "`json.dumps` of the same events", dumped, "", runs),
    ]


def rows_that_differ(one: Path, other: Path) -> list[Any]:
    """The rows of steps that are in one file only."""
    with contextlib.closing(sqlite3.connect(one)) as connection:
        connection.execute("ATTACH ? AS other", (str(other),))
        both = (("main", "other"), ("other", "main"))
        queries = [f"SELECT {COLUMNS} FROM {a}.step EXCEPT SELECT {COLUMNS} FROM {b}.step" for a, b in both]
        return [connection.execute(query).fetchall() for query in queries]


def bare_loop(path: Path, steps: int) -> Callable[[], None]:
    """The functions of the operations of a step, called for each step with inputs that are in memory."""
    step = tracer.open(path).steps[0]
    plan, values = plan_of(step), [*contents_of(step)]
    received = [value.item() if id in plan.numbers else value for id, value in enumerate(values)] + plan.literals  # type: ignore[union-attr]
    calls = [(each.value, [received[at] for at in each.inputs], each.parameters) for each in plan.operations]

    def loop() -> None:
        with np.errstate(all="ignore"):
            for _ in range(steps):
                for function, inputs, parameters in calls:
                    function(*inputs, **parameters)

    return loop


def of_a_large_step(path: Path, folder: Path, nodes: int, runs: int) -> list[Row]:
    """One value and a picture of a step of many nodes."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        ((text,),) = connection.execute("SELECT content FROM structure")
    picture = [sys.executable, "-m", "tracer", "render", str(path), "-o", str(folder / "step.svg"), "--zoom", "module"]
    return [
        compared(
            f"one value of a step of {nodes:,} nodes",
            lambda: tracer.open(path).steps[0].nodes[7].value,
            "`json.loads` of its structure",
            lambda: json.loads(text),
            "0.3 s",
            runs,
        ),
        compared(
            f"`render --zoom module`, {nodes:,} nodes",
            command(picture),
            "`json.loads` of its structure",
            lambda: json.loads(text),
            "1.5 s",
            runs,
        ),
    ]


def command(arguments: list[str]) -> Callable[[], None]:
    """A call that runs a command."""
    return lambda: subprocess.run(arguments, stdout=subprocess.DEVNULL, check=True) and None


if __name__ == "__main__":
    found = main(4, 200, 1) if "tiny" in sys.argv[1:] else main()
    if "write" in sys.argv[1:]:
        write(found)
