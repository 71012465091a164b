"""Mutation testing of the checker: it finds every wrong rule and engine fault, and passes the unchanged code."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from functools import cache
from itertools import chain
from typing import Any

import numpy as np
import pytest

from support.complex_calls import complex_calls
from support.functions import weighted, weighted_sum
from support.mutations import Mutant, engine_faults, every_rule, recording_faults, single_rules
from support.profile import PROFILE
from support.strategies import CASES, calls, collected
from tracer.testing import broadcastable_arrays, check_gradients, programs

SHARE = 20
"""One in so many of the faults that apply to any rule is tried in a run that is not the nightly one."""

FIRST_EXAMPLES = 8
"""Number of examples per operation that nine in ten mutants fail; drawing more takes longer than checking them."""

SECOND_EXAMPLES = 24
"""For the mutants that pass these; nearly all fail one of them."""

UNCHANGED = 100 if PROFILE == "nightly" else 8
"""How many of these the unchanged code is checked with. They are the same in every run; test_gradients.py draws others."""

EXAMPLES = 150
"""Number of examples per operation for the mutants that pass the first ones, and of whole programs."""

MORE_EXAMPLES = 1500
"""For mutants that few examples expose."""

ROUNDS = (
    *((FIRST_EXAMPLES, False), (FIRST_EXAMPLES, True), (SECOND_EXAMPLES, False), (SECOND_EXAMPLES, True)),
    *((EXAMPLES, False), (EXAMPLES, True), (MORE_EXAMPLES, True)),
)
"""How many examples are tried, and whether with second derivatives, until one fails."""

SHARES = 24
"""The operations are divided into so many tests, so that all processes of a run take part."""

Example = tuple[Callable[..., Any], tuple[np.ndarray, ...]]

SPECIAL: dict[str, tuple[Example, ...]] = {
    "power": (
        (lambda x: np.sum(x**2.5 + np.sin(x**2) + np.sin(x**1) + np.sin(x**0)), (np.array([0.3, 0.7]),)),
        (lambda x: np.sum(x ** np.array([0.0, 1.0, 2.5])), (np.array([0.0, 0.0, 0.3]),)),
    ),
    "max": (
        (lambda x: np.sum(np.max(x, axis=0, where=[True, True, False], initial=0)), (np.array([1.0, 2.0, 2.0]),)),
        (lambda x: np.sum(np.max(x, axis=0, initial=2)), (np.array([1.0, 2.0, 2.0]),)),
    ),
    "clip": (
        (
            lambda x, low, high: weighted_sum(np.clip(x, low, high)),
            (np.array([0.3, 0.5, 1, 2, 3, 0.2]), np.array([0.5, 0.5, 0.5, 0.5, 2.5, 1]), np.array([2, 2, 2, 2, 2.5, 0.5])),
        ),
    ),
    "std": ((lambda x: np.std(x, where=[True, False, True]), (np.array([1.0, 2.0, 4.0]),)),),
    "var": ((lambda x: np.var(x, where=[True, False, True]), (np.array([1.0, 2.0, 4.0]),)),),
    "reshape": ((lambda x: weighted_sum(np.reshape(x, (3, 2), order="F")), (np.arange(6.0).reshape(2, 3),)),),
    "matmul": (
        (lambda x, y: weighted_sum(x @ y), (np.arange(4.0).reshape(2, 2), np.array([2.0, 3.0]))),
        (lambda x, y: x @ y, (np.array([2.0, 3.0]), np.array([5.0, 7.0]))),
    ),
    "qr": ((lambda x: weighted_sum(np.linalg.qr(x)[1]), (np.array([[3.0, 1, 2], [2, 5, 1]]),)),),
    "prod": ((lambda x: weighted_sum(np.prod(x, axis=0)), (np.arange(1.0, 9.0).reshape(2, 2, 2),)),),
    "sum": ((lambda x: weighted_sum(np.sum(x, axis=1)), (np.arange(4.0).reshape(2, 2),)),),
}
"""Examples that expose faults for which random ones are rare."""


@cache
def examples_of(operation: str, count: int = EXAMPLES) -> Sequence[Example]:
    if operation.startswith("complex "):
        name = operation.removeprefix("complex ")
        cases = [*chain(*zip(collected(complex_calls(name), count), collected(calls(name), count)))]
        return [(weighted(case.function, len(case.arrays)), case.arrays) for case in cases]
    if operation:
        cases = collected(calls(operation), count)
        drawn = [(weighted(case.function, len(case.arrays)), case.arrays) for case in cases]
        return [*SPECIAL.get(operation, ()), *drawn]
    # One input is broadcast along its first axis and a new one, the other along both of its axes.
    stretched = (np.linspace(1, 2, 6).reshape(1, 2, 3), np.linspace(3, 4, 24).reshape(2, 2, 2, 3))
    pairs = [stretched, *collected(broadcastable_arrays(2), count)]
    products = [(weighted(np.multiply, 2), arrays) for arrays in pairs]
    return [*products, *((program.function(), program.arguments) for program in collected(programs(), min(count, EXAMPLES)))]


def operations_of(share: int) -> list[str]:
    """One of SHARES parts of the names of operations, and the empty name for whole programs."""
    return [name for name in (*sorted(CASES), "") if is_in(share, name)]


def is_in(share: int, operation: str) -> bool:
    return zlib.crc32(operation.encode()) % SHARES == share


@cache
def mutants() -> Sequence[Mutant]:
    """All single faults, and of the ones that apply to any rule some in each run and all of them every night.

    All of the latter take an hour.
    """
    some = [each for each in every_rule() if PROFILE == "nightly" or zlib.crc32(each.name.encode()) % SHARE == 0]
    return [*some, *single_rules(), *engine_faults(), *recording_faults()]


def check_fails(function: Callable[..., Any], arrays: tuple[np.ndarray, ...], *, second_order: bool = False) -> bool:
    """Whether the check fails; an exception in a rule counts."""
    try:
        return not check_gradients(function, *arrays, second_order=second_order).passed
    except Exception:
        return True


def is_caught(mutant: Mutant) -> bool:
    with pytest.MonkeyPatch.context() as patch:
        mutant.put_in(patch)
        if mutant.example is not None:
            return check_fails(*mutant.example)
        return any(
            check_fails(*example, second_order=second_order)
            for count, second_order in ROUNDS
            for example in examples_of(mutant.operation, count)
        )


@pytest.mark.slow
@pytest.mark.parametrize("share", range(SHARES))
def test_unchanged_code_passes_and_every_mutant_is_caught(share: int) -> None:
    # One test for both, because drawing the examples takes as long as checking them.
    alarms = [
        (operation, arrays)
        for operation in operations_of(share)
        for function, arrays in examples_of(operation, max(FIRST_EXAMPLES, UNCHANGED))[:UNCHANGED]
        if not check_gradients(function, *arrays).passed
    ]
    assert alarms == []
    missed = [mutant.name for mutant in mutants() if is_in(share, mutant.operation) and not is_caught(mutant)]
    assert missed == []


def test_every_share_has_mutants() -> None:
    assert len(mutants()) >= 500
    assert all(any(is_in(share, mutant.operation) for mutant in mutants()) for share in range(SHARES))
