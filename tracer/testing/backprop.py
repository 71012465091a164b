"""An assertion on gradients that a program computes by hand."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from tracer.arguments import checks_keywords
from tracer.errors import UsageError
from tracer.programs.fragments import run_function
from tracer.programs.gradients.checking import check_program
from tracer.programs.gradients.report import BackpropReport, Verdict
from tracer.programs.process.failure import ended_early, not_at_its_end
from tracer.programs.running import run_program

LIMIT = 60_000
"""Operations after which a program is stopped: enough for the steps that are looked at."""


@checks_keywords
def assert_backprop(program: str | Path | Callable[[], object], *, loss: str | None = None) -> BackpropReport:
    """Assert that the gradients that a program computes by hand are those of its loss; returns what was found.

    `program` is the path of a Python file, which is run, or a function without arguments that trains. `loss` is the name of the
    variable that is the loss, by default it is found. The AssertionError names the first wrong line, and why it is wrong. Raises
    UsageError, and no AssertionError, where that cannot be told: the program has no loss, or no update. Raises ScenarioError if
    it ends by an exception.

    >>> def train():
    ...     w = 3.0
    ...     for step in range(4):
    ...         loss = (w - 1.0) ** 2
    ...         gradient = 2 * (w - 1.0)
    ...         w = w - 0.1 * gradient
    >>> str(assert_backprop(train).verdict)
    'right'
    """
    __tracebackhide__ = True  # for pytest: the failure is in the caller's line
    if isinstance(program, str | os.PathLike):
        path = Path(program)
        if not path.is_file():
            raise UsageError(f"there is no program {str(program)!r}")
        name, record = path.name, run_program(path, limit=LIMIT)
    else:
        record = run_function(program, limit=LIMIT)
        name = getattr(program, "__name__", "the function")
    report = check_program(record, loss=loss)
    if report.verdict is Verdict.WRONG:
        raise AssertionError(f"{name} is wrong in line {report.line}\n{report}")
    error = record.ending.error
    if report.verdict is Verdict.UNKNOWN:
        if error is not None and report.loss is None:
            raise ended_early(name, record.ending) from error
        raise UsageError(f"{name} cannot be checked: {report.reason}")
    if error is not None and record.ending.exit_code:
        raise not_at_its_end(name, record.ending) from error
    return report
