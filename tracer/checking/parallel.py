"""Exhaustive comparison of all gradients, split into ranges that run in several processes or on a cluster."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tracer.checking.compare import MAX_UNRATED, Sampling
from tracer.checking.derivatives import first_order_derivatives, second_order_derivatives
from tracer.checking.gradients import compare_gradient, make_check
from tracer.checking.results import Check, Comparison, severity
from tracer.checking.rules import check_rules
from tracer.checking.scenario import CheckSubject
from tracer.errors import UsageError
from tracer.graph.losses import passes
from tracer.graph.record import Step

RANGES_PER_JOB = 8
"""The number of ranges per process: several, to balance the load."""


@dataclass(frozen=True, slots=True)
class ElementRange:
    """Elements of the gradient with respect to a parameter: flat indices from `start` to below `stop`."""

    subject: CheckSubject
    order: int
    parameter: str
    start: int
    stop: int


def compare_range(task: ElementRange) -> Comparison:
    """Record the step again and compare a range of elements: the task of one process."""
    return _compare(task.subject.step(), task)


def split_ranges(subject: CheckSubject, step: Step, *, second_order: bool, jobs: int) -> list[ElementRange]:
    """Split all elements of all gradients into ranges for `jobs` processes."""
    tasks = []
    for order in (1, 2) if second_order else (1,):
        for parameter in [each for one in passes(step) for each in first_order_derivatives(one).parameters]:
            size = parameter.value.size
            length = max(1, -(-size // (RANGES_PER_JOB * jobs)) if jobs > 1 else size)
            tasks += [
                ElementRange(subject.with_absolute_paths(), order, parameter.name, start, min(size, start + length))
                for start in range(0, max(size, 1), length)
            ]
    return tasks


def check_exhaustively(
    step: Step, tasks: Sequence[ElementRange], *, jobs: int = 1, backend: str | None = None
) -> Iterator[Comparison]:
    """Yield the comparisons of all ranges as they complete, in this process or in `jobs` others.

    `backend` is the name of a joblib backend. Raises UsageError if it is not available.
    """
    if jobs == 1 and backend is None:
        return (_compare(step, task) for task in tasks)
    return _by_joblib(tasks, jobs, backend)


def merge_ranges(step: Step, comparisons: Sequence[Comparison], seed: int, *, second_order: bool = False) -> Check:
    """Merge the comparisons of ranges into one per gradient, and check the derivative rules."""
    merged: dict[tuple[int, str], Comparison] = {}
    for each in sorted(comparisons, key=lambda one: one.order):
        other = merged.get((each.order, each.name))
        if other is not None:
            each = _merged(other, each)
        merged[each.order, each.name] = each
    names = [parameter.name for parameter in step.parameters]
    in_order = sorted(merged.values(), key=lambda one: (one.order, names.index(one.name)))
    rules, faults = check_rules(step, np.random.default_rng(seed), second_order=second_order)
    return make_check(step, in_order, rules, faults)


def _merged(one: Comparison, other: Comparison) -> Comparison:
    """One comparison of two ranges of the same gradient."""
    worst = max((each.worst for each in (one, other) if each.worst is not None), key=lambda each: each.error, default=None)
    return replace(
        max(one, other, key=severity),
        entries=one.entries + other.entries,
        worst=worst,
        unrated=(*one.unrated, *other.unrated)[:MAX_UNRATED],
        unrated_count=one.unrated_count + other.unrated_count,
    )


def _compare(step: Step, task: ElementRange) -> Comparison:
    rng = np.random.default_rng(task.subject.seed)
    step = next(one for one in passes(step) if _has_gradient(one, task.parameter))
    derivatives = first_order_derivatives(step) if task.order == 1 else second_order_derivatives(step, rng)
    parameter = next(each for each in derivatives.parameters if each.name == task.parameter)
    return compare_gradient(step, derivatives, parameter, Sampling(range(task.start, task.stop), 0), rng)


def _has_gradient(step: Step, parameter: str) -> bool:
    return any(node.name == parameter and node.id in step.gradients for node in step.parameters)


def _by_joblib(tasks: Sequence[ElementRange], jobs: int, backend: str | None) -> Iterator[Comparison]:
    joblib: Any = _package("joblib")
    with _backend(backend or "loky", jobs):
        try:
            parallel = joblib.Parallel(return_as="generator_unordered")
        except ValueError:  # the backend cannot return results one by one
            parallel = joblib.Parallel()
        yield from parallel(joblib.delayed(compare_range)(task) for task in tasks)


@contextmanager
def _backend(name: str, jobs: int) -> Iterator[None]:
    """Select a joblib backend. For `dask`, connect to the cluster at DASK_SCHEDULER_ADDRESS, or start a local one."""
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
    """Import an optional package. Raises UsageError if it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise UsageError(f"this needs the package {name}: pip install {name}") from None
