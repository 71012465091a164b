"""Runs a program for `tracer check`, and holds its gradients against the true ones: hand-written ones, or those of PyTorch."""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from tracer.analysis import step_gradients as verdicts
from tracer.analysis.step_gradients import StepGradients
from tracer.analysis.step_gradients import as_data as gradients_as_data
from tracer.cli.interruption import INTERRUPTED
from tracer.cli.programs.endings import report_ending
from tracer.cli.programs.options import ProgramRun
from tracer.cli.trace_files import program_named
from tracer.errors import UsageError
from tracer.graph.plain_values import json_text
from tracer.graph.record import Trace
from tracer.i18n.language import Language
from tracer.programs.adapters import Adapter, adapter_of, adapter_of_steps
from tracer.programs.gradients.checking import check_program
from tracer.programs.gradients.report import BackpropReport, Verdict, as_data
from tracer.programs.gradients.statements.trying import with_tried_repairs
from tracer.programs.plain import run_plain
from tracer.programs.process.failure import ended_early
from tracer.programs.running import run_program
from tracer.programs.steps.finding import first_steps
from tracer.training.bundled import SHORT_NAMES, bundled_names
from tracer.views.text.backprop import backprop_lines
from tracer.views.text.step_gradients import gradient_lines

STEPS = 2
"""The first steps of a PyTorch program that are checked, if no number is given."""

WRONG, UNKNOWN = 1, 5
"""The exit codes if a gradient is wrong, and if that cannot be told."""

LIMIT = 60_000
"""Operations after which the program is stopped: enough for the steps that are looked at."""

LIMIT_OF_TRIALS = 20_000
"""The same where it is run again with a statement that may repair it."""


def check_of_program(run: ProgramRun, steps: int | None, *, as_json: bool, tell: Language) -> int:
    """Run a program with its output discarded, print what is found in its first steps, and return the exit code."""
    adapter = adapter_of(run.path)
    if adapter is not None:
        return _check_recorded(run, adapter, steps or STEPS, as_json=as_json, tell=tell)
    with _discarded_output():
        record = run_program(run.path, run.arguments, limit=LIMIT)
    if steps is not None:
        record = first_steps(record, steps, run.loss)
    report = check_program(record, loss=run.loss)
    if report.faults:
        report = with_tried_repairs(report, record.files.text_of(str(record.path)), lambda text: _check_of_text(run, steps, text))
    if report.loss is None and record.ending.error is not None and report.verdict is Verdict.UNKNOWN:
        raise ended_early(run.path.name, record.ending)
    if as_json:
        click.echo(json_text(as_data(report), indent=1))
    else:
        for line in backprop_lines(report, tell):
            click.echo(line)
    ended = report_ending(run.path, record.ending)
    return ended if ended == INTERRUPTED else _exit_code(report) or ended


def _check_of_text(run: ProgramRun, steps: int | None, text: str) -> BackpropReport | None:
    """What is found where the program has this text; None if it was interrupted."""
    with _discarded_output():
        record = run_program(run.path, run.arguments, limit=LIMIT_OF_TRIALS, text=text)
    if isinstance(record.ending.error, KeyboardInterrupt):
        return None
    return check_program(record if steps is None else first_steps(record, steps, run.loss), loss=run.loss)


def _check_recorded(run: ProgramRun, adapter: Adapter, count: int, *, as_json: bool, tell: Language) -> int:
    """Run a program of another library for some steps, and check the gradients of these."""
    if run.loss is not None:
        raise UsageError(
            f"--loss is for programs of NumPy: the loss of a {adapter.name} program is what its backward() begins at"
        )
    package = adapter.load(run.path)
    with _discarded_output():
        recording, ending = run_plain(
            run.path, run.arguments, lambda: package.record(steps=range(count), values="all", title=run.path.stem, stops=True)
        )
    steps = recording.trace.steps
    if not steps:
        if ending.error is not None:
            raise ended_early(run.path.name, ending)
        raise UsageError(f"{run.path.name} ended before its first update: no backward() ran")
    return _say_gradients(package.check_steps(steps), as_json=as_json, tell=tell)


def check_of_record(trace: Trace, name: str, count: int | None, *, as_json: bool, tell: Language) -> int:
    """Check the gradients of the first recorded steps of a program of another library; returns the exit code."""
    adapter = adapter_of_steps(trace.steps)
    if adapter is None:
        is_bundled = trace.scenario in (*SHORT_NAMES, *bundled_names())
        what = trace.scenario if is_bundled else shlex.quote(program_named(trace.scenario) or "FILE.py")
        raise UsageError(f"{name} is the record of a program or scenario of NumPy: check that itself, `tracer check {what}`")
    kept = [step for step in trace.steps if all(node.is_kept for node in step.nodes)]
    steps = (kept or trace.steps)[: count or STEPS]
    return _say_gradients(adapter.load(Path(name)).check_steps(steps), as_json=as_json, tell=tell)


def _say_gradients(found: StepGradients, *, as_json: bool, tell: Language) -> int:
    for line in [json_text(gradients_as_data(found), indent=1)] if as_json else gradient_lines(found, tell):
        click.echo(line)
    if not found.parameters and not found.findings:
        return UNKNOWN
    return {verdicts.Verdict.WRONG: WRONG, verdicts.Verdict.UNKNOWN: UNKNOWN}.get(found.verdict, 0)


def _exit_code(report: BackpropReport) -> int:
    return {Verdict.WRONG: WRONG, Verdict.UNKNOWN: UNKNOWN}.get(report.verdict, 0)


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
