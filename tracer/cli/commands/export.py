"""`tracer export`: converts a run for other programs."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from tracer.cli.files import OutputFolder
from tracer.cli.options import language_option
from tracer.cli.output import say
from tracer.cli.parameter_types import WholeNumber
from tracer.cli.shell.completion import complete_run
from tracer.cli.trace_files import reading, step_of
from tracer.data.archives import write_arrays
from tracer.errors import UsageError, near_names
from tracer.graph.missing import combined, reasons_in
from tracer.graph.plain_values import json_text
from tracer.graph.record import Step, Trace
from tracer.i18n.language import Language
from tracer.views.export.events import json_document, json_lines
from tracer.views.node_data import message_data
from tracer.views.notation import reasons_text

HELP = """\b
Examples:
  tracer export fruit -o fruit.jsonl
  tracer export fruit -o step3.graphml --step 3
  tracer export fruit -o runs.parquet
  tracer export fruit | head

A run for other programs, by the ending of the name: .jsonl and .json (every node with its statistics, small values in full),
.graphml and .dot (the graph of one step), .npz (every value that was kept), .parquet (a folder to which run after run is
added, a row a node and step). Without -o, JSON Lines are printed.
"""


@click.command("export", help=HELP)
@click.argument("file", shell_complete=complete_run)
@click.option("-o", "--output", metavar="PATH", help="Where to write; the ending says what.")
@click.option(
    "--step", "index", metavar="N", type=WholeNumber(0), help="Only this step (of .graphml and .dot, by default the first)."
)
@click.option("--full", is_flag=True, help="JSON with every value in full, not only the small ones.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
@language_option
def command(file: str, output: str | None, index: int | None, full: bool, as_json: bool, tell: Language) -> None:
    if output is None:
        with reading(file) as trace:
            say(json_lines(_selected(trace, index), in_full=full))
        return
    path = Path(output)
    if path.suffix not in WRITERS:
        hint = near_names(path.suffix, list(WRITERS)) if path.suffix else ""
        raise UsageError(f"the name of a file to write ends in one of {', '.join(WRITERS)}, this is {output!r}{hint}")
    if full and path.suffix not in (".json", ".jsonl"):
        raise UsageError(f"--full is for JSON: {path.suffix} has what it has")
    with reading(file) as trace:
        written = WRITERS[path.suffix](trace, path, index, full)
    if as_json:
        reasons = {"why_missing": [message_data(each) for each in written["why_missing"]]} if "why_missing" in written else {}
        say([json_text(written | reasons)])
    else:
        say([_report(written, tell)])


def _report(written: dict[str, Any], tell: Language) -> str:
    if "left_out" in written:
        wrote = tell("wrote {path}", path=written["wrote"])
        values, reason = tell.count(written["left_out"], "value"), reasons_text(written["why_missing"], tell)
        return tell("{wrote}, except {values}: {reason}", wrote=wrote, values=values, reason=reason)
    if "rows" in written:
        return tell("wrote {path} ({count} rows)", path=written["wrote"], count=f"{written['rows']:,}")
    return tell("wrote {path}", path=written["wrote"])


def _selected(trace: Trace, index: int | None) -> Trace:
    return trace if index is None else replace(trace, steps=(step_of(trace, index),))


def _write_text(path: Path, pieces: Iterable[str]) -> dict[str, Any]:
    with OutputFolder(path.parent).streaming(path.name) as file:
        for piece in pieces:
            file.write(piece.encode("utf-8", "backslashreplace"))
    return {"wrote": str(path)}


def _write_jsonl(trace: Trace, path: Path, index: int | None, full: bool) -> dict[str, Any]:
    return _write_text(path, json_lines(_selected(trace, index), in_full=full))


def _write_json(trace: Trace, path: Path, index: int | None, full: bool) -> dict[str, Any]:
    return _write_text(path, json_document(_selected(trace, index), in_full=full))


def _write_graphml(trace: Trace, path: Path, index: int | None, full: bool) -> dict[str, Any]:
    from tracer.views.export.tables import graphml

    return _write_text(path, graphml(trace, step_of(trace, index)))


def _write_dot(trace: Trace, path: Path, index: int | None, full: bool) -> dict[str, Any]:
    return _write_text(path, [_dot(step_of(trace, index))])


def _dot(step: Step) -> str:
    from tracer.views.diagrams.dot import dot
    from tracer.views.diagrams.operations import whole_step
    from tracer.views.diagrams.theme import Style

    return dot(whole_step(step, Style()), Style())


def _write_npz(trace: Trace, path: Path, index: int | None, full: bool) -> dict[str, Any]:
    from tracer.views.export.tables import named_arrays

    with OutputFolder(path.parent).streaming(path.name) as file:
        write_arrays(file, named_arrays(_selected(trace, index)))
    left_out = Counter(reason for step in _selected(trace, index).steps for reason in reasons_in(step.nodes))
    missing = {"left_out": left_out.total(), "why_missing": combined(left_out)} if left_out else {}
    return {"wrote": str(path), **missing}


def _write_parquet(trace: Trace, path: Path, index: int | None, full: bool) -> dict[str, Any]:
    from tracer.views.export.tables import run_id, write_parquet

    if index is not None:
        raise UsageError("a folder of Parquet takes whole runs: leave --step out")
    step_of(trace, None)  # raises if there are no steps
    folder = OutputFolder(path / f"run={run_id(trace)}")
    try:
        with folder.streaming("part-0.parquet") as file:
            rows = write_parquet(trace, file)
    except BaseException:
        with contextlib.suppress(OSError):
            folder.path.rmdir()
        raise
    return {"wrote": str(folder.shown / "part-0.parquet"), "rows": rows}


WRITERS: dict[str, Callable[[Trace, Path, int | None, bool], dict[str, Any]]] = {
    ".jsonl": _write_jsonl,
    ".json": _write_json,
    ".graphml": _write_graphml,
    ".dot": _write_dot,
    ".npz": _write_npz,
    ".parquet": _write_parquet,
}
