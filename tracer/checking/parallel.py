"""Every number of every gradient, in ranges that may be worked off by several processes, or on a cluster."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tracer.checking.compare import Extent
from tracer.checking.derivatives import first_order, second_order_of
from tracer.checking.gradients import compare, judged
from tracer.checking.results import Check, Comparison, severity
from tracer.checking.rules import check_rules
from tracer.checking.scenario import CheckSubject
from tracer.errors import UsageError
from tracer.graph.record import Step

RANGES_EACH = 8
"""Into how many ranges the work is cut for each process, so that none waits long for another."""


@dataclass(frozen=True, slots=True)
class Range:
    """Some numbers of a gradient: the places from `start` to `stop` of the parameter of that name."""

    subject: CheckSubject
    order: int
    parameter: str
    start: int
    stop: int


def compare_range(task: Range) -> Comparison:
    """Record the step again, and compare a range of numbers: what one process does."""
    return _compare(task.subject.step(), task)


def ranges(subject: CheckSubject, step: Step, *, second_order: bool, jobs: int) -> list[Range]:
    """All numbers of all gradients, cut for so many processes."""
    cut = []
    for order in (1, 2) if second_order else (1,):
        for parameter in first_order(step).parameters:
            size = parameter.value.size
            length = max(1, -(-size // (RANGES_EACH * jobs)) if jobs > 1 else size)
            cut += [
                Range(subject.from_anywhere(), order, parameter.name, start, min(size, start + length))
                for start in range(0, max(size, 1), length)
            ]
    return cut


def check_exhaustively(step: Step, tasks: Sequence[Range], *, jobs: int = 1, backend: str | None = None) -> Iterator[Comparison]:
    """The comparisons of all ranges as they are done, here or by other processes.

    `backend` is the name of one that joblib knows. Raises UsageError where it is not there.
    """
    if jobs == 1 and backend is None:
        return (_compare(step, task) for task in tasks)
    return _by_joblib(tasks, jobs, backend)


def together(step: Step, comparisons: Sequence[Comparison], seed: int, *, second_order: bool = False) -> Check:
    """The ranges of each gradient as one comparison, and every rule at its own values."""
    merged: dict[tuple[int, str], Comparison] = {}
    for each in sorted(comparisons, key=lambda one: one.order):
        known = merged.get((each.order, each.name))
        if known is not None:
            each = replace(max(known, each, key=severity), entries=known.entries + each.entries)
        merged[each.order, each.name] = each
    order = [parameter.name for parameter in step.parameters]
    inorder = sorted(merged.values(), key=lambda one: (one.order, order.index(one.name)))
    rules, faults = check_rules(step, np.random.default_rng(seed), second_order=second_order)
    return judged(step, inorder, rules, faults)


def _compare(step: Step, task: Range) -> Comparison:
    rng = np.random.default_rng(task.subject.seed)
    derivatives = first_order(step) if task.order == 1 else second_order_of(step, rng)
    parameter = next(each for each in derivatives.parameters if each.name == task.parameter)
    return compare(step, derivatives, parameter, Extent(range(task.start, task.stop), 0), rng)


def _by_joblib(tasks: Sequence[Range], jobs: int, backend: str | None) -> Iterator[Comparison]:
    joblib: Any = _package("joblib")
    with _backend(backend or "loky", jobs):
        try:
            parallel = joblib.Parallel(return_as="generator_unordered")
        except ValueError:  # a backend that has its results only all together
            parallel = joblib.Parallel()
        yield from parallel(joblib.delayed(compare_range)(task) for task in tasks)


@contextmanager
def _backend(name: str, jobs: int) -> Iterator[None]:
    """Choose a backend of joblib; for `dask` a client is made: of the cluster at DASK_SCHEDULER_ADDRESS, else a local one."""
    with ExitStack() as stack:
        if name == "dask":
            address = os.environ.get("DASK_SCHEDULER_ADDRESS")
            local = {} if address else {"n_workers": jobs, "threads_per_worker": 1, "dashboard_address": None}
            stack.enter_context(_package("distributed").Client(address, **local))
        try:
            stack.enter_context(_package("joblib").parallel_config(backend=name, n_jobs=jobs))
        except (ImportError, ValueError) as error:
            raise UsageError(f"the backend {name!r} cannot be used: {str(error).splitlines()[0]}") from None
        yield


def _package(name: str) -> Any:
    """A package that is only needed here; raises UsageError where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise UsageError(f"this needs the package {name}: pip install {name}") from None
