"""Finds the operation that made a result of a run NaN or infinite.

A result is the loss, the gradient of a parameter, or a value that an update leaves behind. From the first result that is not
finite the search goes back along the elements that carry into it. A number that is not finite and that no result is computed
from, such as a missing measurement behind a mask, is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np

from tracer.analysis.carrying import MAX_ELEMENTS, can_compute_again, carriers, is_nan, not_finite
from tracer.graph.losses import losses_of
from tracer.graph.paths import new_name
from tracer.graph.record import Literal, Node, Phase, Step, Trace

Flags: TypeAlias = Callable[[Any], np.ndarray]


class Cause(StrEnum):
    """Why a value is not finite."""

    COMPUTED = "computed"
    """The operation made it of finite numbers, or NaN of an infinity."""

    ENTERED = "entered"
    """It is an input of the step."""

    WRITTEN = "written"
    """It is a number in the code, such as the -inf of a mask."""


@dataclass(frozen=True, slots=True)
class Culprit:
    """The node that made a result NaN or infinite.

    `index` is an element that carries into the result, None if its values were not kept. `way` are the ids of the nodes from the
    culprit to the result, with both. `is_certain` is False if values were not kept that decide which of several inputs carries.
    `nan_made` is where the infinity of the culprit becomes NaN on the way, if it does.
    """

    step: Step
    node: Node
    cause: Cause
    index: tuple[int, ...] | None
    result: Node
    way: tuple[int, ...]
    is_certain: bool = True
    nan_made: Target | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A node from which the search goes back, with an element or all of them."""

    node: Node
    index: tuple[int, ...] | None = None


def results_of(step: Step) -> list[Node]:
    """The results of a step in order: losses, the gradients of parameters, their new values, and the optimizer's new state."""
    ids = {*losses_of(step), *(step.gradients[node.id] for node in step.parameters if node.id in step.gradients)}
    ids.update(step.updates.values())
    state = {new_name(node.name) for node in step.nodes if node.op == "state"}
    used: set[int] = set()
    for node in reversed(step.nodes):
        if node.phase is not Phase.UPDATE:
            break
        if (node.id not in used or node.name in state) and not node.is_leaf:
            ids.add(node.id)
        used.update(node.operands)
    return [step.nodes[id] for id in sorted(ids)]


def culprit_of_step(step: Step, *, only_nan: bool = False, target: Target | None = None) -> Culprit | None:
    """The culprit of the first result of a step, or of a target, that is not finite (with `only_nan`: that has a NaN)."""
    for result in [Target(node) for node in results_of(step)] if target is None else [target]:
        node = result.node
        if node.is_finite or (only_nan and not node.summary.nans):
            continue
        found = _culprit(step, result, only_nan=only_nan)
        if found is not None:
            return found
    return None


def first_culprit(
    trace: Trace, *, only_nan: bool = False, target_in: Callable[[Step], Target | None] | None = None
) -> Culprit | None:
    """The culprit of the first step with a result that is not finite; with `target_in`, a target that it finds in a step."""
    for position in range(trace.finite_steps, len(trace.steps)):
        step = trace.steps[position]
        target = target_in(step) if target_in is not None else None
        if target_in is None or target is not None:
            found = culprit_of_step(step, only_nan=only_nan, target=target)
            if found is not None:
                return found
    return None


@dataclass(frozen=True, slots=True)
class _Place:
    """An element of a node, and where it carries into; None is an element of unknown position."""

    node: int
    element: int | None
    into: _Place | None
    is_certain: bool


@dataclass(frozen=True, slots=True)
class _Origin:
    """A place where the search ends."""

    place: _Place
    cause: Cause
    is_nan: bool


def _culprit(step: Step, target: Target, *, only_nan: bool) -> Culprit | None:
    origins = list(_origins(step, target, is_nan if only_nan else not_finite))
    # An infinity that was written or entered may be intended, as in a mask. Then the operation that made NaN of it is to blame.
    unintended = [origin for origin in origins if origin.cause is Cause.COMPUTED or origin.is_nan]
    if not unintended and not only_nan and target.node.summary.nans:
        unintended = list(_origins(step, target, is_nan))
    if not origins:
        return None  # the element that was asked for is finite
    first = min(unintended or origins, key=lambda origin: origin.place.node)
    node = step.nodes[first.place.node]
    index = None if first.place.element is None else tuple(int(at) for at in np.unravel_index(first.place.element, node.shape))
    places = list(_way(first.place))
    way = tuple(place.node for place in places)
    return Culprit(step, node, first.cause, index, target.node, way, first.place.is_certain, _nan_made(step, places))


def _way(place: _Place) -> Iterator[_Place]:
    here: _Place | None = place
    while here is not None:
        yield here
        here = here.into


def _nan_made(step: Step, way: Sequence[_Place]) -> Target | None:
    """The first operation on a way that makes NaN of an infinity; None if it begins with NaN, or if another NaN came first."""
    if _is_nan_at(step.nodes[way[0].node], way[0].element):
        return None
    for place in way[1:]:
        node = step.nodes[place.node]
        if not _is_nan_at(node, place.element):
            continue
        if any(sources is not Cause.COMPUTED for _, sources in _sources(step, node, [place], is_nan)):
            return None
        at = place.element
        return Target(node, None if at is None else tuple(int(each) for each in np.unravel_index(at, node.shape)))
    return None


def _origins(step: Step, target: Target, flagged: Flags) -> Iterator[_Origin]:
    """The places where NaN or infinity began that carry into a target: a walk in reverse order of computation."""
    pending: dict[int, dict[int | None, _Place]] = {}
    element = None if target.index is None else int(np.ravel_multi_index(target.index, target.node.shape)) if target.index else 0
    pending[target.node.id] = {element: _Place(target.node.id, element, None, True)}
    for id in range(target.node.id, -1, -1):
        if id not in pending:
            continue
        node = step.nodes[id]
        for place, sources in _sources(step, node, _places(node, pending.pop(id), flagged), flagged):
            if isinstance(sources, Cause):
                yield _Origin(place, sources, _is_nan_at(node, place.element))
                continue
            for operand, at, is_certain in sources:
                waiting = pending.setdefault(operand, {})
                if len(waiting) < MAX_ELEMENTS:
                    waiting.setdefault(at, _Place(operand, at, place, place.is_certain and is_certain))


def _places(node: Node, waiting: dict[int | None, _Place], flagged: Flags) -> list[_Place]:
    """The elements of a node to follow. If their position is unknown and the value was kept: the first that are flagged."""
    found = {element: place for element, place in waiting.items() if element is not None}
    unknown = waiting.get(None)
    if unknown is None:
        return [place for element, place in found.items() if not node.is_kept or flagged(node.value)[element]]
    if not node.is_kept:
        return [*found.values(), unknown]
    for element in map(int, np.flatnonzero(flagged(node.value))[:MAX_ELEMENTS]):
        found.setdefault(element, _Place(node.id, element, unknown.into, unknown.is_certain))
    return list(found.values())


_Sources: TypeAlias = Cause | list[tuple[int, int | None, bool]]
"""Why an element is not finite, or the elements of other nodes that carry into it, and whether that is certain."""


def _sources(step: Step, node: Node, places: Sequence[_Place], flagged: Flags) -> Iterator[tuple[_Place, _Sources]]:
    if node.is_leaf:
        yield from ((place, Cause.ENTERED) for place in places)
        return
    known = [place for place in places if place.element is not None]
    found = _carriers(step, node, [place.element for place in known if place.element is not None], flagged) if known else None
    for place in places:
        if found is None or place.element is None:
            yield place, _sources_by_statistics(step, node, flagged)
            continue
        sources: list[tuple[int, int | None, bool]] = []
        is_written = False
        for position, element in found[place.element]:
            operand = node.inputs[position]
            if isinstance(operand, Literal):
                is_written = True
            else:
                sources.append((operand, element, True))
        yield place, sources or (Cause.WRITTEN if is_written else Cause.COMPUTED)


def _carriers(step: Step, node: Node, elements: Sequence[int], flagged: Flags) -> dict[int, list[tuple[int, int]]] | None:
    """What carries into some elements; None if that cannot be computed."""
    from tracer.analysis.computing_again import computable

    op = computable(step, node)
    if op is None or not all(step.nodes[operand].is_kept for operand in node.operands):
        return None
    inputs = [operand.value if isinstance(operand, Literal) else step.nodes[operand].value for operand in node.inputs]
    with np.errstate(all="ignore"):
        if not can_compute_again(op, inputs, node.parameters, node.shape):
            return None
        try:
            return carriers(op, inputs, node.parameters, node.shape, elements, flagged)
        except Exception:  # an operation of a user, or one from a file, may raise anything
            return None


def _sources_by_statistics(step: Step, node: Node, flagged: Flags) -> _Sources:
    """Without values, every input with a flagged element may carry, and the operation itself may make more of them."""
    operands = [step.nodes[operand] for operand in dict.fromkeys(node.operands)]
    suspects = [each for each in operands if (each.summary.nans if flagged is is_nan else not each.is_finite)]
    if suspects:
        return [(each.id, None, False) for each in suspects]
    numbers = [each.value for each in node.inputs if isinstance(each, Literal) and each.value is not None]
    return Cause.WRITTEN if any(flagged(number)[0] for number in numbers) else Cause.COMPUTED


def _is_nan_at(node: Node, element: int | None) -> bool:
    if element is None or not node.is_kept:
        return bool(node.summary.nans)
    return bool(is_nan(node.value)[element])
