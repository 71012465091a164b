"""The check of a user's own function: what it takes and returns, whether it can be checked at all, and its gradients."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tracer.arguments import DTYPES, numeric_array, whole_number
from tracer.checking.gradients import check_step
from tracer.checking.perturbation import perturbed
from tracer.checking.results import Check
from tracer.errors import UsageError
from tracer.graph.record import Literal, Node, Step
from tracer.recording.function import argument_names, trace


def check_gradients(
    function: Callable[..., Any],
    *arrays: Any,
    second_order: bool = False,
    seed: int = 0,
    tolerance: float | None = None,
    exhaustive: bool = False,
) -> Check:
    """Check the gradients of any function of arrays, which returns one number, with respect to all its arguments.

    `arrays` are floating, of any shape. The function is called three times. Raises UsageError where it cannot be checked:
    a result that is no single number, an argument that is not floating or not finite, a function that returns something
    else when it is called again, or one that takes numbers out of the record.

    >>> def product(x, y):
    ...     return np.sum(np.tanh(x) * y)
    >>> check = check_gradients(product, [0.5, -1.0], [2.0, 3.0])
    >>> check.passed, [(each.name, str(each.method)) for each in check.comparisons]
    (True, [('x', 'complex step'), ('y', 'complex step')])
    """
    checked = checked_arguments(function, arrays)
    check_tolerance(tolerance)
    seed = whole_number("the seed", seed, least=0)
    step = trace(function, *checked)
    check_repeats(step, trace(function, *checked), function_name(function))
    rng = np.random.default_rng(seed)
    moved = [perturbed(array, rng) for array in checked]
    check_stays_on_record(step, trace(function, *moved))
    return check_step(step, second_order=second_order, seed=seed, exhaustive=exhaustive, tolerance=tolerance)


def check_tolerance(tolerance: Any) -> None:
    """Raise UsageError unless it is None or a number above 0."""
    if tolerance is not None and not (isinstance(tolerance, (int, float)) and 0 < tolerance < np.inf):
        raise UsageError(f"the tolerance is a relative error above 0, this is {tolerance!r}")


def function_name(function: Callable[..., Any]) -> str:
    """A function as messages call it."""
    name = getattr(function, "__name__", type(function).__name__)
    return "the function" if name == "<lambda>" else str(name)


def checked_arguments(function: Callable[..., Any], arrays: Sequence[Any]) -> list[np.ndarray]:
    """The arguments as floating arrays; raises UsageError, which names it, for one that has no derivative."""
    if not callable(function):
        raise UsageError(f"a function is needed first, this is {type(function).__name__}")
    if not arrays:
        raise UsageError(f"{function_name(function)} was given no arguments to differentiate")
    checked = []
    names = argument_names(function, len(arrays))
    for name, value in zip(names, arrays, strict=True):
        what = f"the argument {name!r} of {function_name(function)}"
        if is_strategy(value):
            raise UsageError(f"{what} is a strategy: assert_gradients draws arrays from it, check_gradients takes arrays")
        array = numeric_array(value, what, None)
        array = array.astype(array.dtype.newbyteorder("="), copy=False)
        if str(array.dtype) not in DTYPES:
            others = [other for other in names if other != name]
            bound = f", or bind it, as in lambda {', '.join(others)}: f({', '.join(names)})" if others else ""
            raise UsageError(f"{what} is {array.dtype}, which has no derivative to check: make it {' or '.join(DTYPES)}{bound}")
        if not np.all(np.isfinite(array)):
            place = [int(i) for i in np.argwhere(~np.isfinite(array))[0]]
            raise UsageError(f"{what} holds {array[tuple(place)]} at {place}: gradients are checked at finite numbers")
        checked.append(array)
    return checked


def is_strategy(value: Any) -> bool:
    """Whether a value is a Hypothesis strategy, without loading Hypothesis to tell."""
    module = sys.modules.get("hypothesis.strategies")
    return module is not None and isinstance(value, module.SearchStrategy)


def check_repeats(first: Step, second: Step, name: str) -> None:
    """Raise UsageError unless two recordings of the same arguments are the same, to the last bit."""
    if _structure(first) != _structure(second):
        raise UsageError(f"{name} is not deterministic: called again with the same arguments, it computes something else")
    for one, other in zip(first.nodes, second.nodes, strict=True):
        if one.value.tobytes() == other.value.tobytes() and _literals(one) == _literals(other):
            continue
        if one.rule_of is not None:
            op = first.nodes[one.rule_of].op
            raise UsageError(f"a derivative rule of {op} is not deterministic: run again, it gives another result")
        where = f", first at {one.source}: {one.source.text}" if one.source else ""
        raise UsageError(
            f"{name} is not deterministic: called again with the same arguments, it returned {second.loss!r} and not"
            f" {first.loss!r}{where}; draw random numbers outside of it"
        )


def check_stays_on_record(step: Step, moved: Step) -> None:
    """Raise UsageError where a constant of the record moves with the arguments: it was taken out of the graph.

    Recordings that differ in structure tell nothing: the code may branch.
    """
    if _structure(step) != _structure(moved):
        return
    for one, other in zip(step.nodes[: step.loss_id + 1], moved.nodes, strict=False):
        left = one.op == "constant" and one.value.tobytes() != other.value.tobytes()
        if left or _literals(one) != _literals(other):
            where = f"{one.source}: {one.source.text}: " if one.source else ""
            raise UsageError(
                f"{where}this computes with numbers that were taken out of the record (.value, .item()) and depend on the"
                " arguments: the gradient takes them for constants; where that is meant, write .detach()"
            )


def _structure(step: Step) -> list[tuple[str, tuple[int, ...], tuple[int, ...]]]:
    return [(node.op, node.operands, node.shape) for node in step.nodes]


def _literals(node: Node) -> list[str]:
    return [repr(x.value) for x in node.inputs if isinstance(x, Literal)]
