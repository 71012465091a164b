"""The cost of the trace file: `python tests/benchmarks/trace_file.py [STEPS]`, single-threaded BLAS.

Reports two ratios of medians, measured alternately in one process: a run of mnist with `--values summary` against a run
without a file; and with `--values all` the write rate against that of SQLite alone, which gets the same blobs in a loop with
a commit per step. The writer is timed with and without computing the statistics of every array; a run that writes its log has
them already.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np  # noqa: E402  # after setting the number of threads

import tracer  # noqa: E402
from tracer.graph.record import Step  # noqa: E402
from tracer.store.format import SCHEMA  # noqa: E402
from tracer.store.writing import TraceWriter  # noqa: E402
from tracer.training import Training  # noqa: E402
from tracer.views.text.finiteness import FinitenessMonitor  # noqa: E402

TURNS = 7


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def run(folder: Path, steps: int, values: str) -> None:
    """Run like the command without pictures and log; with a trace file unless `values` is empty."""
    training = Training(tracer.load("mnist"), steps=steps)
    writer = TraceWriter(folder / "run.sqlite", training.head, values) if values else None
    watch = FinitenessMonitor()
    for step in training:
        if writer is not None:
            writer.write(step)
        watch.check(step)
    if writer is not None:
        writer.end()


def forget(steps: tuple[Step, ...], *, keep_statistics: bool) -> None:
    """Compute the statistics of all nodes, or clear them."""
    for step in steps:
        for node in step.nodes:
            object.__setattr__(node, "_summary", None)
            if keep_statistics and node.size > 16:
                _ = node.summary


def write(folder: Path, trace: tracer.Trace) -> None:
    writer = TraceWriter(folder / "all.sqlite", trace, "all")
    for step in trace.steps:
        writer.write(step)
    writer.end()


def blobs_of(path: Path, steps: int) -> list[list[tuple[bytes, bytes]]]:
    """The blobs of a file, distributed over its steps."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT key, content FROM value ORDER BY rowid").fetchall()
    size = -(-len(rows) // steps)
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def bare(folder: Path, blobs: list[list[tuple[bytes, bytes]]]) -> None:
    """Write only the blobs, with the same table and settings."""
    connection = sqlite3.connect(folder / "bare.sqlite", isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute(SCHEMA["value"])
    for step in blobs:
        connection.execute("BEGIN")
        for row in step:
            connection.execute("INSERT INTO value VALUES (?, ?)", row)
        connection.execute("COMMIT")
    connection.close()


def main(steps: int = 235) -> None:
    """Measure and print."""
    few = min(steps, 35)
    threads = os.environ["OMP_NUM_THREADS"]
    print(f"numpy {np.__version__}, SQLite {sqlite3.sqlite_version}, {threads} thread, medians of {TURNS} turns")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        without, summary = [], []
        for _ in range(TURNS):
            without.append(seconds(lambda: run(folder, steps, "")))
            summary.append(seconds(lambda: run(folder, steps, "summary")))
        base, full = statistics.median(without), statistics.median(summary)
        print(f"mnist, {steps} steps: {base:.2f} s without a file, {full:.2f} s with --values summary: {full / base:.2f} x")
        trace = tracer.run(tracer.load("mnist"), steps=few)
        write(folder, trace)
        blobs = blobs_of(folder / "all.sqlite", few)
        size = sum(len(content) for step in blobs for _, content in step) / 1e6
        alone, known, floor = [], [], []
        for _ in range(TURNS):
            for path in folder.glob("*.sqlite"):
                path.unlink()
            forget(trace.steps, keep_statistics=False)
            alone.append(seconds(lambda: write(folder, trace)))
            (folder / "all.sqlite").unlink()
            forget(trace.steps, keep_statistics=True)
            known.append(seconds(lambda: write(folder, trace)))
            floor.append(seconds(lambda: bare(folder, blobs)))
        lowest = statistics.median(floor)
        print(f"{size:.0f} MB in {few} steps, a bare loop: {size / lowest:.0f} MB/s")
        for what, found in (("statistics included", alone), ("statistics known", known)):
            taken = statistics.median(found)
            print(f"the writer, {what}: {size / taken:.0f} MB/s, {lowest / taken:.0%} of it")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
