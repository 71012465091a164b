"""Assertions on gradients. A failure message ends with a minimal example, ready to paste."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tracer.arguments import DTYPES, checks_keywords, whole_number
from tracer.checking.function import check_gradients, checked_arguments, function_name, is_strategy
from tracer.checking.operation import check_op_rules, inputs_of, overflows, value_problems
from tracer.checking.results import Outcome
from tracer.errors import UsageError
from tracer.ops.base import Op
from tracer.ops.elementwise import Elementwise
from tracer.testing.examples import as_code, call_as_code, shrink
from tracer.views.text.check import failure_lines

FAILED = {Outcome.WRONG: "are wrong", Outcome.NOT_JUDGED: "cannot be judged"}
"""What a failure message says of the gradients."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed check: what failed, and the lines that say why."""

    what: str
    lines: Sequence[str]


RunCheck = Callable[[Sequence[np.ndarray]], Failure | None]
"""Runs a check at the given arrays; returns None if it passes."""


@checks_keywords
def assert_gradients(
    function: Callable[..., Any],
    *arguments: Any,
    second_order: bool = False,
    exhaustive: bool = False,
    tolerance: float | None = None,
    examples: int | None = None,
    seed: int | None = None,
) -> None:
    """Assert that the recorded gradients of a function with respect to all its arguments are correct.

    Arguments are floating-point arrays, or Hypothesis strategies for them (`tracer.testing.arrays()`, or
    `broadcastable_arrays()` for several at once), from which `examples` are drawn. The AssertionError names the wrong element
    and rule, and ends with a minimal example, ready to paste. Raises UsageError if the function cannot be checked: see
    `check_gradients`.

    >>> assert_gradients(lambda x: np.sum(np.abs(x) ** 3), np.array([1.0, -2.0, 0.0]))
    """
    __tracebackhide__ = True  # for pytest: the failure is in the caller's line

    def run(arrays: Sequence[np.ndarray]) -> Failure | None:
        check = check_gradients(
            function, *arrays, second_order=second_order, seed=seed or 0, tolerance=tolerance, exhaustive=exhaustive
        )
        if check.passed:
            return None
        return Failure(f"the gradients of {function_name(function)} {FAILED[check.outcome]}", failure_lines(check))

    options = {"second_order": second_order, "exhaustive": exhaustive, "tolerance": tolerance, "seed": seed}
    shown = {name: value for name, value in options.items() if value}

    def code(arrays: Sequence[np.ndarray]) -> str:
        return call_as_code("assert_gradients", [function_name(function).split()[-1], *map(as_code, arrays)], shown)

    if any(is_strategy(each) for each in arguments):
        from hypothesis import strategies as st

        groups = st.tuples(*(each.map(_as_arrays) if is_strategy(each) else st.just([each]) for each in arguments))
        _check_examples(groups.map(lambda drawn: [array for group in drawn for array in group]), run, code, examples, seed)
    else:
        _check_arrays(checked_arguments(function, arguments), run, code)


@checks_keywords
def assert_op_gradients(
    op: type[Op],
    arguments: Any = None,
    *,
    examples: int | None = None,
    seed: int | None = None,
    **parameters: Any,
) -> None:
    """Assert that the derivative rules of an operation are correct: first and second order, in float32 and float64.

    `arguments` is a tuple of arrays or a Hypothesis strategy for such tuples. It may be omitted for an elementwise operation,
    whose arrays are drawn from its declared domain. `parameters` are those of the NumPy function, as in axis=0. The assertion
    also fails if a rule returns a wrong shape or dtype, modifies its arguments, or is not deterministic. Raises UsageError if
    the arguments do not fit the operation.

    >>> from tracer.ops.families.elementwise.hyperbolic import Tanh
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

    def run(arrays: Sequence[np.ndarray]) -> Failure | None:
        lines = value_problems(op, arrays, parameters)
        for dtype in () if lines or not op.has_rules(len(arrays)) else reversed(DTYPES):
            try:
                failures = failure_lines(check_op_rules(op, arrays, parameters, dtype))
            except Exception as error:
                failures = [f"computing its gradient raises {type(error).__name__}: {error}"]
            lines += [f"{dtype}: {line}" for line in failures]
        return Failure(f"{op.__name__} is wrong", lines) if lines else None

    def code(arrays: Sequence[np.ndarray]) -> str:
        values = f"({', '.join(map(as_code, arrays))},)"
        return call_as_code("assert_op_gradients", [op.__name__, values], parameters)

    if arguments is None or is_strategy(arguments):
        require_hypothesis()
        from tracer.testing.strategies import arguments_of

        strategy = arguments_of(op) if arguments is None else arguments
        finite = strategy.map(_as_arrays).filter(lambda arrays: not overflows(op, arrays, parameters))
        _check_examples(finite, run, code, examples, seed)
    else:
        arrays = _as_arrays(arguments)
        inputs_of(op, arrays, parameters)  # raises UsageError if they do not fit
        _check_arrays(arrays, run, code)


def require_hypothesis() -> None:
    """Raise ImportError, with the install command, if Hypothesis is not installed."""
    try:
        import hypothesis  # noqa: F401
    except ImportError:
        raise ImportError("drawing examples needs Hypothesis: pip install hypothesis") from None


def _check_arrays(arrays: Sequence[np.ndarray], run: RunCheck, code: Callable[..., str]) -> None:
    """Raise AssertionError if the check fails at these arrays, with the simplest arrays that fail in the same way."""
    __tracebackhide__ = True
    first = run(arrays)
    if first is None:
        return
    if not _inside_hypothesis():  # which shrinks examples itself

        def fails(candidate: Sequence[np.ndarray]) -> bool:
            try:
                failure = run(candidate)
            except Exception:
                return False
            return failure is not None and _kind(failure) == _kind(first)

        arrays = shrink(arrays, fails)
    raise AssertionError(_message(run(arrays) or first, code(arrays)))


def _check_examples(strategy: Any, run: RunCheck, code: Callable[..., str], examples: int | None, seed: int | None) -> None:
    """Raise AssertionError if the check fails at a drawn example, with the smallest one that Hypothesis finds."""
    import hypothesis

    __tracebackhide__ = True
    count = None if examples is None else whole_number("examples", examples)
    seed = None if seed is None else whole_number("the seed", seed, least=0)
    default = hypothesis.settings.get_profile(hypothesis.settings.get_current_profile_name())
    start = seed if seed is not None else _default_seed(default.derandomize)

    text = ""

    @hypothesis.settings(
        max_examples=count or default.max_examples, deadline=None, database=None, derandomize=False,
        report_multiple_bugs=False, print_blob=False, suppress_health_check=list(hypothesis.HealthCheck),
    )  # fmt: skip
    @hypothesis.seed(start)
    @hypothesis.given(strategy)
    def check(arrays: Any) -> None:
        nonlocal text
        failure = run(arrays)
        if failure is not None:
            text = _message(replace(failure, lines=[*failure.lines, f"found with seed={start}"]), code(arrays))
            raise AssertionError(text)

    try:
        check()
    except (AssertionError, hypothesis.errors.Flaky):
        # Drop Hypothesis' notes, which describe the function above. Flaky: a nondeterministic rule did not fail again.
        raise AssertionError(text) from None


def _default_seed(derandomize: bool) -> int:
    """The seed of `pytest --hypothesis-seed`, 0 under a derandomized profile, or a random one."""
    import hypothesis

    forced = getattr(hypothesis.core, "global_force_seed", None)
    if isinstance(forced, int):
        return forced
    return 0 if derandomize else int(np.random.SeedSequence().generate_state(1)[0])


def _as_arrays(given: Any) -> list[Any]:
    """A list of arrays, from one array or a tuple of them."""
    return list(given) if isinstance(given, (tuple, list)) else [given]


def _message(failure: Failure, call: str) -> str:
    return "\n".join([failure.what, *(f"  {line}" for line in failure.lines), "Falsifying example:", call])


def _kind(failure: Failure) -> tuple[str, str]:
    """What failed and its first line, without numbers: equal for failures of the same kind."""
    return failure.what, re.sub(r"[-+]?[\d.]+(e[-+]?\d+)?", "", failure.lines[0])


def _inside_hypothesis() -> bool:
    module = sys.modules.get("hypothesis")
    return module is not None and bool(module.currently_in_test_context())
