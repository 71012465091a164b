"""Assertions for tests: what is wrong in words, and the smallest example of it, ready to paste."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tracer.arguments import DTYPES, whole_number
from tracer.checking.function import check_gradients, checked_arguments, function_name, is_strategy
from tracer.checking.operation import check_rules_of, inputs_of, overflows, wrong_with_value
from tracer.errors import UsageError
from tracer.ops.base import Elementwise, Op
from tracer.testing.examples import as_code, call_as_code, simplest
from tracer.views.text.check import failure_lines

Body = Callable[[Sequence[np.ndarray]], list[str]]
"""What is wrong with arrays: nothing where nothing is."""


def assert_gradients(
    function: Callable[..., Any],
    *arguments: Any,
    second_order: bool = False,
    exhaustive: bool = False,
    tolerance: float | None = None,
    examples: int | None = None,
    seed: int | None = None,
) -> None:
    """Assert that the recorded gradients of a function are right, with respect to every argument.

    Arguments are floating arrays, or Hypothesis strategies for them (`tracer.testing.arrays()`, or `broadcastable_arrays()` for
    several at once): then `examples` are drawn.
    The AssertionError names the wrong number and rule, and ends with the smallest example found, ready to paste. Raises
    UsageError for a function that cannot be checked: see `check_gradients`.

    >>> assert_gradients(lambda x: np.sum(np.abs(x) ** 3), np.array([1.0, -2.0, 0.0]))
    """
    __tracebackhide__ = True  # for pytest: the failure is in the caller's line

    def wrong(arrays: Sequence[np.ndarray]) -> list[str]:
        check = check_gradients(
            function, *arrays, second_order=second_order, seed=seed or 0, tolerance=tolerance, exhaustive=exhaustive
        )
        return failure_lines(check)

    options = {"second_order": second_order, "exhaustive": exhaustive, "tolerance": tolerance, "seed": seed}
    shown = {name: value for name, value in options.items() if value}

    def message(arrays: Sequence[np.ndarray], lines: Sequence[str]) -> str:
        call = call_as_code("assert_gradients", [function_name(function).split()[-1], *map(as_code, arrays)], shown)
        return _message(f"the gradients of {function_name(function)} are wrong", lines, call)

    if any(is_strategy(each) for each in arguments):
        from hypothesis import strategies as st

        together = st.tuples(*(each.map(_as_arrays) if is_strategy(each) else st.just([each]) for each in arguments))
        _hold_for_all(together.map(lambda drawn: [array for part in drawn for array in part]), wrong, message, examples, seed)
    else:
        _hold_for(checked_arguments(function, arguments), wrong, message)


def assert_op_gradients(
    op: type[Op],
    arguments: Any = None,
    *,
    examples: int | None = None,
    seed: int | None = None,
    **parameters: Any,
) -> None:
    """Assert that the rules of an operation are right: first and second order, in both dtypes, at arrays of every kind.

    Arrays for an elementwise operation are drawn from its declared domain. For any other, `arguments` is a Hypothesis
    strategy for tuples of arrays; it may also be one such tuple. `parameters` are those of the NumPy function, as in axis=0.
    Fails as well for a rule that returns another shape or dtype, changes what it is given, or differs between two runs.

    >>> from tracer.ops.elementwise import Tanh
    >>> assert_op_gradients(Tanh, examples=5)
    """
    __tracebackhide__ = True
    if not (isinstance(op, type) and issubclass(op, Op) and op.name):
        raise UsageError(f"an operation is needed, a class with a formula: this is {op!r}")
    if arguments is None and issubclass(op, Elementwise) and len(op.domain) != len(op.inputs):
        count = f"{len(op.domain)} domains for its {len(op.inputs)} inputs"
        raise UsageError(f"{op.__name__} declares {count}: one for each is needed, as in domain = (REAL,)")
    if arguments is None and not issubclass(op, Elementwise):
        raise UsageError(
            f"{op.__name__} is not elementwise, so its domain does not tell the shapes: give a strategy for its arguments, as"
            f" in assert_op_gradients({op.__name__}, st.tuples(arrays((2, 3)), arrays((3,))))"
        )

    def wrong(arrays: Sequence[np.ndarray]) -> list[str]:
        lines = wrong_with_value(op, arrays, parameters)
        for dtype in () if lines or not op.has_rules(len(arrays)) else reversed(DTYPES):
            try:
                found = failure_lines(check_rules_of(op, arrays, parameters, dtype))
            except Exception as error:
                found = [f"computing its gradient raises {type(error).__name__}: {error}"]
            lines += [f"{dtype}: {line}" for line in found]
        return lines

    def message(arrays: Sequence[np.ndarray], lines: Sequence[str]) -> str:
        values = f"({', '.join(map(as_code, arrays))},)"
        return _message(f"{op.__name__} is wrong", lines, call_as_code("assert_op_gradients", [op.__name__, values], parameters))

    if arguments is None or is_strategy(arguments):
        hypothesis_or_say_so()
        from tracer.testing.strategies import for_operation

        strategy = for_operation(op) if arguments is None else arguments
        drawn = strategy.map(_as_arrays).filter(lambda arrays: not overflows(op, arrays, parameters))
        _hold_for_all(drawn, wrong, message, examples, seed)
    else:
        arrays = _as_arrays(arguments)
        inputs_of(op, arrays, parameters)
        _hold_for(arrays, wrong, message)


def hypothesis_or_say_so() -> None:
    """Raise ImportError with the install command where Hypothesis is missing."""
    try:
        import hypothesis  # noqa: F401
    except ImportError:
        raise ImportError("drawing examples needs Hypothesis: pip install hypothesis") from None


def _hold_for(arrays: Sequence[np.ndarray], wrong: Body, message: Callable[..., str]) -> None:
    """Raise AssertionError where something is wrong with these arrays: with the simplest of which the same is said."""
    __tracebackhide__ = True
    lines = wrong(arrays)
    if not lines:
        return
    if not _inside_hypothesis():  # which makes examples smaller itself

        def fails(candidate: Sequence[np.ndarray]) -> bool:
            try:
                found = wrong(candidate)
            except Exception:
                return False
            return bool(found) and _without_numbers(found[0]) == _without_numbers(lines[0])

        arrays = simplest(arrays, fails)
    raise AssertionError(message(arrays, wrong(arrays) or lines))


def _hold_for_all(strategy: Any, wrong: Body, message: Callable[..., str], examples: int | None, seed: int | None) -> None:
    """Raise AssertionError with the smallest of the drawn examples for which something is wrong."""
    import hypothesis

    __tracebackhide__ = True
    count = None if examples is None else whole_number("examples", examples)
    seed = None if seed is None else whole_number("the seed", seed, least=0)
    profile = hypothesis.settings.get_current_profile_name()
    default = hypothesis.settings.get_profile(profile)
    start = seed if seed is not None else 0 if default.derandomize else int(np.random.SeedSequence().generate_state(1)[0])

    said = ""

    @hypothesis.settings(
        max_examples=count or default.max_examples, deadline=None, database=None, derandomize=False,
        report_multiple_bugs=False, print_blob=False, suppress_health_check=list(hypothesis.HealthCheck),
    )  # fmt: skip
    @hypothesis.seed(start)
    @hypothesis.given(strategy)
    def hold(arrays: Any) -> None:
        nonlocal said
        lines = wrong(arrays)
        if lines:
            said = message(arrays, [*lines, f"found with seed={start}"])
            raise AssertionError(said)

    try:
        hold()
    except (AssertionError, hypothesis.errors.Flaky):
        # Without Hypothesis' own notes, which speak of the function above. It is flaky where a rule is: once wrong, then not.
        raise AssertionError(said) from None


def _as_arrays(given: Any) -> list[Any]:
    """One array, or a tuple of them, as a list."""
    return list(given) if isinstance(given, (tuple, list)) else [given]


def _message(what: str, lines: Sequence[str], call: str) -> str:
    return "\n".join([what, *(f"  {line}" for line in lines), "Falsifying example:", call])


def _without_numbers(text: str) -> str:
    """What a message says, whatever the numbers in it."""
    return re.sub(r"[-+]?[\d.]+(e[-+]?\d+)?", "", text)


def _inside_hypothesis() -> bool:
    module = sys.modules.get("hypothesis")
    return module is not None and bool(module.currently_in_test_context())
