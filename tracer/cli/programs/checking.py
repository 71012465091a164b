"""Runs a program for `tracer check`, and holds its hand-written gradients against the true ones."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator

import click

from tracer.cli.programs.options import ProgramRun
from tracer.errors import UsageError
from tracer.graph.plain_values import json_text
from tracer.i18n.language import Language
from tracer.programs.gradients.checking import check_program
from tracer.programs.gradients.report import BackpropReport, Verdict, as_data
from tracer.programs.gradients.statements.trying import with_tried_repairs
from tracer.programs.record import ProgramRecord
from tracer.programs.running import run_program
from tracer.programs.steps.finding import first_steps
from tracer.views.text.backprop import backprop_lines

WRONG, UNKNOWN = 1, 5
"""The exit codes if a gradient is wrong, and if that cannot be told."""

LIMIT = 60_000
"""Operations after which the program is stopped: enough for the steps that are looked at."""

LIMIT_OF_TRIALS = 20_000
"""The same where it is run again with a statement that may repair it."""


def check_of_program(run: ProgramRun, steps: int | None, *, as_json: bool, tell: Language) -> int:
    """Run a program with its output discarded, print what is found in its first steps, and return the exit code."""
    with _discarded_output():
        record = run_program(run.path, run.arguments, limit=LIMIT)
    if steps is not None:
        record = first_steps(record, steps, run.loss)
    report = check_program(record, loss=run.loss)
    if report.faults:
        report = with_tried_repairs(report, record.files.text_of(str(record.path)), lambda text: _check_of_text(run, steps, text))
    if report.loss is None and record.ending.error is not None and report.verdict is Verdict.UNKNOWN:
        raise UsageError(f"{run.path.name} ended before its first update: {_reason(record)}")
    if as_json:
        click.echo(json_text(as_data(report), indent=1))
    else:
        for line in backprop_lines(report, tell):
            click.echo(line)
    return _exit_code(report)


def _check_of_text(run: ProgramRun, steps: int | None, text: str) -> BackpropReport:
    """What is found where the program has this text."""
    with _discarded_output():
        record = run_program(run.path, run.arguments, limit=LIMIT_OF_TRIALS, text=text)
    return check_program(record if steps is None else first_steps(record, steps, run.loss), loss=run.loss)


def _exit_code(report: BackpropReport) -> int:
    return {Verdict.WRONG: WRONG, Verdict.UNKNOWN: UNKNOWN}.get(report.verdict, 0)


def _reason(record: ProgramRecord) -> str:
    error = record.ending.error
    if isinstance(error, SystemExit):
        return f"it left with exit code {record.ending.exit_code}"
    return f"{type(error).__name__}: {error}".splitlines()[0]


@contextlib.contextmanager
def _discarded_output() -> Iterator[None]:
    """Discard what the program prints, also what programs print that it starts."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
        stack.enter_context(contextlib.redirect_stderr(io.StringIO()))
        stack.enter_context(_discarded_descriptors())
        yield


@contextlib.contextmanager
def _discarded_descriptors() -> Iterator[None]:
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is not None:
            stream.flush()
    kept = {number: os.dup(number) for number in (1, 2)}
    try:
        with open(os.devnull, "wb") as nothing:  # noqa: PTH123 (not a file)
            for number in kept:
                os.dup2(nothing.fileno(), number)
        yield
    finally:
        for number, copy in kept.items():
            os.dup2(copy, number)
            os.close(copy)
