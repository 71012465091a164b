"""Checks the gradients of a user-supplied function, after validating its arguments and that it can be checked."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tracer.arguments import DTYPES, checks_keywords, numeric_array, whole_number
from tracer.checking.gradients import check_step
from tracer.checking.perturbation import perturb
from tracer.checking.plain_run import with_plain_run
from tracer.checking.results import Check
from tracer.errors import UsageError
from tracer.graph.record import Literal, Node, Step
from tracer.recording.function import argument_names, step_of_call


@checks_keywords
def check_gradients(
    function: Callable[..., Any],
    *arrays: Any,
    second_order: bool = False,
    seed: int = 0,
    tolerance: float | None = None,
    exhaustive: bool = False,
) -> Check:
    """Check the gradients of a scalar function with respect to all its arguments.

    `arrays` are floating-point arrays of any shape. `second_order` also checks second derivatives, `exhaustive` compares every
    element, and `tolerance` replaces the default relative tolerance. `seed` determines the random projections and samples. The
    function is also called with plain arrays, and has to return the same. Raises UsageError if it cannot be checked: the
    result is not a scalar, an argument is not floating-point or not finite, the function is not deterministic, or it takes
    values out of the graph.

    >>> def product(x, y):
    ...     return np.sum(np.tanh(x) * y)
    >>> check = check_gradients(product, [0.5, -1.0], [2.0, 3.0])
    >>> check.passed, [(each.name, str(each.method)) for each in check.comparisons]
    (True, [('x', 'complex step'), ('y', 'complex step')])
    """
    checked = checked_arguments(function, arrays)
    check_tolerance(tolerance)
    seed = whole_number("the seed", seed, least=0)
    step = step_of_call(function, *checked)
    check_deterministic(step, step_of_call(function, *checked), function_name(function))
    rng = np.random.default_rng(seed)
    perturbed = [perturb(array, rng) for array in checked]
    nearby = step_of_call(function, *perturbed)
    check_constants(step, nearby)
    check = check_step(step, second_order=second_order, seed=seed, exhaustive=exhaustive, tolerance=tolerance)
    return with_plain_run(check, step, function, checked, perturbed if same_structure(step, nearby) else None, rng)


def check_tolerance(tolerance: Any) -> None:
    """Raise UsageError unless the tolerance is None or a positive number."""
    if tolerance is not None and not (isinstance(tolerance, (int, float)) and 0 < tolerance < np.inf):
        raise UsageError(f"the tolerance is a relative error above 0, this is {tolerance!r}")


def function_name(function: Callable[..., Any]) -> str:
    """The name of a function in messages."""
    name = getattr(function, "__name__", type(function).__name__)
    return "the function" if name == "<lambda>" else str(name)


def checked_arguments(function: Callable[..., Any], arrays: Sequence[Any]) -> list[np.ndarray]:
    """The arguments as floating-point arrays. Raises UsageError if one is not floating-point or not finite."""
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
    """True if a value is a Hypothesis strategy. Does not import Hypothesis."""
    module = sys.modules.get("hypothesis.strategies")
    return module is not None and isinstance(value, module.SearchStrategy)


def check_deterministic(first: Step, second: Step, name: str) -> None:
    """Raise UsageError unless two recordings with the same arguments are identical, bit for bit."""
    if not same_structure(first, second):
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
            f" {first.loss!r}{where}; draw random numbers outside of it, or from `rng` of a scenario"
        )


def check_constants(step: Step, perturbed: Step) -> None:
    """Raise UsageError if a recorded constant changes with the arguments: its value was taken out of the graph.

    Recordings of different structure are not compared: the code may branch.
    """
    if not same_structure(step, perturbed):
        return
    for one, other in zip(step.nodes[: step.loss_id + 1], perturbed.nodes, strict=False):
        constant_changed = one.op == "constant" and one.value.tobytes() != other.value.tobytes()
        if constant_changed or _literals(one) != _literals(other):
            where = f"{one.source}: {one.source.text}: " if one.source else ""
            raise UsageError(
                f"{where}this computes with numbers that were taken out of the record (.value, .item(), float()) and depend on"
                " the arguments: the gradient takes them for constants; where that is meant, write .detach()"
            )


def same_structure(one: Step, other: Step) -> bool:
    """True if two steps have the same operations on the same nodes and shapes."""
    return _structure(one) == _structure(other)


def _structure(step: Step) -> list[tuple[str, tuple[int, ...], tuple[int, ...]]]:
    return [(node.op, node.operands, node.shape) for node in step.nodes]


def _literals(node: Node) -> list[str]:
    return [repr(x.value) for x in node.inputs if isinstance(x, Literal)]
