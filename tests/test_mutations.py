"""Mutation testing of the checker: it finds every wrong rule and engine fault, and passes the unchanged code."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest

from support.complex_calls import complex_calls
from support.functions import weighted
from support.mutations import Mutant, engine_faults, every_rule, recording_faults, single_rules
from support.profile import PROFILE
from support.strategies import CASES, calls, collected
from tracer.testing import broadcastable_arrays, check_gradients, programs

SHARE = 20
"""One in so many of the faults that apply to any rule is tried in a run that is not the nightly one."""

EXAMPLES = 150
"""Number of examples per operation, and of whole programs."""

MORE_EXAMPLES = 1500
"""For mutants that few examples expose."""


@cache
def examples_of(operation: str, count: int = EXAMPLES) -> Sequence[tuple[Callable[..., Any], tuple[np.ndarray, ...]]]:
    if operation.startswith("complex "):
        name = operation.removeprefix("complex ")
        cases = [*collected(complex_calls(name), count), *collected(calls(name), count)]
        return [(weighted(case.function, len(case.arrays)), case.arrays) for case in cases]
    if operation:
        cases = collected(calls(operation), count)
        return [(weighted(case.function, len(case.arrays)), case.arrays) for case in cases]
    # One input is broadcast along its first axis and a new one, the other along both of its axes.
    stretched = (np.linspace(1, 2, 6).reshape(1, 2, 3), np.linspace(3, 4, 24).reshape(2, 2, 2, 3))
    pairs = [*collected(broadcastable_arrays(2), count), stretched]
    products = [(weighted(np.multiply, 2), arrays) for arrays in pairs]
    return [*((program.function(), program.arguments) for program in collected(programs(), EXAMPLES)), *products]


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
            for count, second_order in ((EXAMPLES, False), (EXAMPLES, True), (MORE_EXAMPLES, True))
            for example in examples_of(mutant.operation, count)
        )


@pytest.mark.slow
def test_unchanged_code_passes(capsys: pytest.CaptureFixture[str]) -> None:
    alarms, count = [], 0
    for operation in (*sorted(CASES), ""):
        for function, arrays in examples_of(operation)[: 100 if PROFILE == "nightly" else 20]:
            count += 1
            if not check_gradients(function, *arrays).passed:
                alarms.append((operation, arrays))
    with capsys.disabled():
        print(f"\nfalse alarms: {len(alarms)} of {count:,} checks")
    assert not alarms


@pytest.mark.slow
def test_every_mutant_is_caught(capsys: pytest.CaptureFixture[str]) -> None:
    # All of the first kind take an hour: a share of them in each run, all of them every night.
    share = [each for each in every_rule() if PROFILE == "nightly" or zlib.crc32(each.name.encode()) % SHARE == 0]
    mutants = [*share, *single_rules(), *engine_faults(), *recording_faults()]
    missed = [mutant.name for mutant in mutants if not is_caught(mutant)]
    with capsys.disabled():
        print(f"\nmutation score: {len(mutants) - len(missed)} of {len(mutants)}")
    assert len(mutants) >= 100
    assert missed == []
