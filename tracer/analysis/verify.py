"""Re-executes every recorded operation on its recorded inputs, and compares the results bit for bit."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tracer.analysis.adapters import Computing, adapter_of
from tracer.analysis.verification_plan import NUMBERS, VerificationPlan, loaded, not_computable, plan_of, values_if_exact
from tracer.graph.missing import StoredValue
from tracer.graph.record import Literal, Node, Step, Trace
from tracer.graph.strides import HELD_IN
from tracer.graph.structures.shared import PerStructure, contents_of
from tracer.graph.summary import rounding_unit
from tracer.i18n.message import Message
from tracer.store.fingerprint import fingerprint

ULPS = 64
"""The tolerance for a trace from another machine: units in the last place of the largest number involved, per operation."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """A node whose recorded value differs from the computed one.

    `index` is the element that differs most, `ulps` by how much (see ULPS). If the values cannot be compared, `reason` says why:
    another shape, or an error in the operation. If there is neither, the node is a parameter that differs from the update of
    the step before.
    """

    step: int
    node: int
    reason: Message | None = None
    index: tuple[int, ...] | None = None
    recorded: Any = None
    computed: Any = None
    ulps: float = 0.0


@dataclass(slots=True)
class Verification:
    """The result of a verification: counts of steps and operations, and the deviations.

    `is_same_arithmetic` is True if the trace was recorded on a machine that rounds as this one does. `exact` operations agreed
    bit for bit; `not_kept` had values that were not stored, for the reasons `why_missing`; `unknown` are the names of
    operations that are not registered, `uninstalled` those that need a library, by its name; `undetermined` those whose inputs do
    not tell their value, as memory that nothing was written into. `largest` is the largest difference in ulps.
    """

    is_same_arithmetic: bool
    steps: int = 0
    operations: int = 0
    exact: int = 0
    not_kept: int = 0
    why_missing: set[Message] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    uninstalled: dict[str, set[str]] = field(default_factory=dict)
    undetermined: set[str] = field(default_factory=set)
    largest: float = 0.0
    deviations: list[Deviation] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """True if every value is within tolerance."""
        return not self.deviations


def verify(trace: Trace, after_each: Any = None) -> Verification:
    """Re-execute all operations of a trace.

    If this machine rounds as the recording one did, values must agree bit for bit, otherwise to within ULPS. A parameter
    must equal the update of the step before. The first deviation of each step is reported. `after_each` is called after
    each step.
    """
    framework = _framework_of(trace)
    here = fingerprint() if framework is None else framework.fingerprint()
    verification = Verification(not trace.steps or trace.arithmetic in ("", here))
    plans = PerStructure(plan_of)
    before: _Read | None = None
    for step in trace.steps:
        plan = plans.of(step)
        verification.unknown |= plan.unknown
        for library, names in plan.uninstalled.items():
            verification.uninstalled.setdefault(library, set()).update(names)
        values = values_if_exact(step, plan)
        now = _Read(step, plan, contents_of(step) if values is None else values)
        found = [] if before is None else [*_changed_parameters(now, before)]
        if values is None:
            found += _deviations(step, plan, verification)
        else:
            verification.operations += len(plan.operations)
            verification.exact += len(plan.operations)
        verification.deviations += sorted(found, key=lambda deviation: deviation.node)[:1]
        verification.steps += 1
        before = now if framework is None else None  # a program of its own may do anything between its steps
        if after_each is not None:
            after_each()
    return verification


@dataclass(frozen=True, slots=True)
class _Read:
    """A step, and what it has for each node; None where it was not needed."""

    step: Step
    plan: VerificationPlan
    contents: Sequence[np.ndarray | StoredValue | None]


def _changed_parameters(now: _Read, before: _Read) -> Iterator[Deviation]:
    """The parameters that differ from the update of the step before, as far as values are stored."""
    if before.step.index + 1 != now.step.index:
        return
    updated = {before.plan.names[of]: before.contents[by] for of, by in before.step.updates.items()}
    for id in now.plan.parameters:
        update, content = updated.get(now.plan.names[id]), now.contents[id]
        if update is None or content is None or not (_is_kept(content) and _is_kept(update)):
            continue
        if loaded(content).tobytes() != loaded(update).tobytes():
            yield Deviation(now.step.index, id)


def _deviations(step: Step, plan: VerificationPlan, verification: Verification) -> Iterator[Deviation]:
    """Compute the operations of a step again; those whose result differs from the record."""
    contents = contents_of(step)
    stored = [(id, content) for id, content in enumerate(contents) if not isinstance(content, np.ndarray)]
    missing = {id: content.why_missing for id, content in stored if not content.is_kept}
    received: list[Any] = [None] * len(contents) + plan.literals  # what operations are given for a node, or as a literal
    for id in plan.leaves:
        if id not in missing:
            value = loaded(contents[id])
            received[id] = value.item() if id in plan.numbers else value
    exact = 0
    with np.errstate(all="ignore"):
        for operation in plan.operations:
            id = operation.id
            if missing and not operation.needs.isdisjoint(missing):
                verification.not_kept += 1
                verification.why_missing |= {reason for each in operation.needs if (reason := missing.get(each)) is not None}
                received[id] = None if id in missing else loaded(contents[id])
                continue
            recorded = received[id] = loaded(contents[id])
            if operation.adapter is not None:
                yield from _compute_elsewhere(step, step.nodes[id], operation.adapter.load(), verification)
                continue
            verification.operations += 1
            if operation.problem is not None:
                yield Deviation(step.index, id, operation.problem)
                continue
            inputs = [received[each] for each in operation.inputs]
            try:
                computed = operation.value(*inputs, **operation.parameters)
            except Exception as error:  # an operation may raise anything if the inputs in the file do not fit it
                yield Deviation(step.index, id, not_computable(error))
                continue
            if not isinstance(computed, np.ndarray):
                if NUMBERS.issuperset(map(type, inputs)):
                    received[id] = recorded.item()
                computed = np.asarray(computed)
            if (
                computed.dtype is operation.dtype
                and computed.shape == operation.shape
                and computed.tobytes() == recorded.tobytes()
            ):
                exact += 1
            else:
                yield from _compare(step, step.nodes[id], computed, inputs, verification)
    verification.exact += exact


def _is_kept(content: np.ndarray | StoredValue) -> bool:
    return isinstance(content, np.ndarray) or content.is_kept


def _framework_of(trace: Trace) -> Computing | None:
    """What computed a trace; None for this package. Raises UsageError for a framework that is not installed."""
    for step in trace.steps:
        for node in step.nodes:
            adapter = adapter_of(node.op)
            if adapter is not None:
                return adapter.load()
            if not node.is_leaf:
                return None
    return None


def _compute_elsewhere(step: Step, node: Node, framework: Computing, verification: Verification) -> Iterator[Deviation]:
    """Let a framework compute an operation of its own, and compare."""
    try:
        result = framework.compute(node, step.nodes)
    except LookupError:
        verification.unknown.add(node.op)
        return
    except Exception as error:  # an operation may raise anything if the inputs in the file do not fit it
        verification.operations += 1
        yield Deviation(step.index, node.id, not_computable(error))
        return
    if result is None:
        verification.undetermined.add(node.op)
        return
    verification.operations += 1
    inputs = [operand.value if isinstance(operand, Literal) else step.nodes[operand].value for operand in node.inputs]
    yield from _compare(step, node, result, inputs, verification)


def _compare(step: Step, node: Node, result: np.ndarray, inputs: list[Any], verification: Verification) -> Iterator[Deviation]:
    """The deviation of a result from the record, if there is one."""
    if result.shape != node.shape or str(result.dtype) != HELD_IN.get(node.dtype, node.dtype):
        yield Deviation(step.index, node.id, _other_array(result, node))
        return
    recorded = node.value
    if result.tobytes() == recorded.tobytes() or _differ_in_nan_only(result, recorded) or _is_of_python(node, inputs):
        verification.exact += 1
        return
    index, ulps = _largest_error(result, recorded, inputs, node.dtype)
    verification.largest = max(verification.largest, ulps)
    if verification.is_same_arithmetic or not ulps <= ULPS:
        yield Deviation(step.index, node.id, None, index, recorded[index].item(), result[index].item(), ulps)


PYTHON_FUNCTIONS: Mapping[str, Callable[..., float]] = {
    "arccos": math.acos, "arccosh": math.acosh, "arcsin": math.asin, "arcsinh": math.asinh, "arctan": math.atan,
    "arctan2": math.atan2, "arctanh": math.atanh, "cbrt": math.cbrt, "cos": math.cos, "cosh": math.cosh, "exp": math.exp,
    "exp2": math.exp2, "expm1": math.expm1, "hypot": math.hypot, "log": math.log, "log10": math.log10, "log1p": math.log1p,
    "log2": math.log2, "mod": operator.mod, "power": operator.pow, "sin": math.sin, "sinh": math.sinh, "sqrt": math.sqrt,
    "square": lambda number: number**2, "tan": math.tan, "tanh": math.tanh,
}  # fmt: skip
"""What Python computes these operations of numbers with: a program may, and its last digits are not always those of NumPy."""


def _is_of_python(node: Node, inputs: list[Any]) -> bool:
    """Whether a number is what Python's own function gives for the inputs, bit for bit."""
    function = PYTHON_FUNCTIONS.get(node.op)
    if function is None or node.shape or node.dtype != "float64" or any(np.shape(each) for each in inputs):
        return False
    try:
        result = function(*(np.asarray(each).item() for each in inputs))
    except (ValueError, TypeError, ArithmeticError):
        return False
    return isinstance(result, float) and np.asarray(result).tobytes() == node.value.tobytes()


def _other_array(computed: np.ndarray, node: Node) -> Message:
    return Message(
        "other_array",
        {
            "computed_dtype": str(computed.dtype),
            "computed_shape": computed.shape,
            "recorded_dtype": node.dtype,
            "recorded_shape": node.shape,
        },
    )


def _differ_in_nan_only(one: np.ndarray, other: np.ndarray) -> bool:
    """True if only the bits of NaNs differ: their sign and payload are not specified."""
    if one.dtype.kind not in "fc":
        return False
    return bool(np.isnan(one).any()) and np.array_equal(one, other, equal_nan=True)


def _largest_error(computed: np.ndarray, recorded: np.ndarray, inputs: list[Any], dtype: str) -> tuple[tuple[int, ...], float]:
    """The index of the largest error, and the error in units in the last place of the largest number involved."""
    if computed.dtype.kind not in "fc":
        index = np.unravel_index(int(np.argmax(computed != recorded)), computed.shape)
        return tuple(map(int, index)), math.inf
    distance = np.abs(computed - recorded)
    same = (computed == recorded) | (np.isnan(computed) & np.isnan(recorded))
    distance = np.where(same, 0, np.where(np.isfinite(distance), distance, np.inf))
    index = np.unravel_index(int(np.argmax(distance)), distance.shape)
    arrays = [np.asarray(each) for each in (recorded, *inputs) if each is not None]
    largest = max(float(np.max(np.abs(each[np.isfinite(each)]), initial=0.0)) for each in arrays)
    unit = float(np.spacing(np.asarray(max(largest, float(np.finfo(computed.dtype).tiny)), distance.dtype)))
    if dtype in HELD_IN:
        unit *= rounding_unit(dtype) / rounding_unit(HELD_IN[dtype])
    return tuple(map(int, index)), float(distance[index]) / unit
