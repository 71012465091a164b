"""The modules of a step: its layers and its loss, with repeated ones folded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tracer.analysis.repetition import pattern_at
from tracer.graph.record import Node, Phase, Step
from tracer.ops.data_movement import DataMovement
from tracer.ops.foreign.lookup import operation_named
from tracer.views.notation import Labels

MAX_PATTERN_LENGTH = 6
"""Maximum number of modules in a repeated pattern, such as a layer and its activation."""

MIN_REPEATS = 4
"""Minimum number of repetitions for which all but the first and the last are folded."""

MAX_UNFOLDED = 8
"""Maximum number of modules in repetitions that are all drawn."""

MAX_MODULES = 120
"""Maximum number of modules; of more, the middle is folded, whatever they are."""


@dataclass(frozen=True, slots=True)
class Module:
    """Consecutive operations with the same outer scope, or a fold of several modules: `folded` has their scopes."""

    scope: str
    ids: tuple[int, ...]
    folded: tuple[str, ...] = ()


def modules_of(step: Step, labels: Labels | None = None) -> list[Module]:
    """The modules of forward and loss, in order, at the smallest scope depth that gives more than one forward module."""
    modules: list[Module] = []
    for modules in modules_by_depth(step, labels):
        if sum(step.nodes[module.ids[0]].phase is Phase.FORWARD for module in modules) > 1:
            break
    return with_selections(step, modules)


def modules_by_depth(step: Step, labels: Labels | None = None) -> Iterator[list[Module]]:
    """The modules of forward and loss, in order, at each depth of scopes, outer scopes first."""
    labels = labels or Labels(step.nodes)
    ids = labels.rows(node.id for node in step.nodes if node.phase in (Phase.FORWARD, Phase.LOSS) and not node.is_leaf)
    nodes = [step.nodes[id] for id in ids]
    deepest = max((node.scope.count("/") + 1 for node in nodes), default=1)
    for depth in range(1, deepest + 1):
        yield _runs(nodes, depth)


def with_selections(step: Step, modules: Sequence[Module]) -> list[Module]:
    """The modules; with each the parts of data that are selected just before it, and only for it: `x[t]` of a loop over `t`."""
    if all(module.scope for module in modules):
        return list(modules)
    users: dict[int, set[int]] = defaultdict(set)
    for node in step.nodes:
        if node.phase in (Phase.FORWARD, Phase.LOSS):
            for operand in node.operands:
                users[operand].add(node.id)
    found: list[Module] = []
    pending: tuple[int, ...] = ()
    for module, following in zip(modules, [*modules[1:], None]):
        ids = pending + module.ids
        if not module.scope and following is not None and _is_selected_for(step, ids, following, users):
            pending = ids
        else:
            found.append(Module(module.scope, ids))
            pending = ()
    return found


def _is_selected_for(step: Step, ids: Sequence[int], module: Module, users: Mapping[int, set[int]]) -> bool:
    """Whether these operations only move elements of leaves, and only a module of the same phase uses them."""
    inside = set(ids)
    for id in ids:
        op = operation_named(step.nodes[id].op)
        if op is None or not issubclass(op, DataMovement) or not users[id]:
            return False
        if not all(operand in inside or step.nodes[operand].is_leaf for operand in step.nodes[id].operands):
            return False
        if not users[id] <= inside | set(module.ids):
            return False
    return step.nodes[ids[0]].phase is step.nodes[module.ids[0]].phase


def _runs(nodes: Sequence[Node], depth: int) -> list[Module]:
    # Runs in program order, so that the arrows between them form no cycle.
    runs: list[tuple[str, Phase, list[int]]] = []
    for node in nodes:
        scope = "/".join(node.scope.split("/")[:depth])
        if not runs or runs[-1][:2] != (scope, node.phase):
            runs.append((scope, node.phase, []))
        runs[-1][2].append(node.id)
    return [Module(scope, tuple(ids)) for scope, _, ids in runs]


def fold_repeats(step: Step, modules: Sequence[Module]) -> list[Module]:
    """Fold repeated modules with the same operations and shapes into one between the first and the last."""
    signatures = [_signature(step, module) for module in modules]
    found: list[Module] = []
    start = 0
    while start < len(modules):
        length, times = pattern_at(signatures, start, MAX_PATTERN_LENGTH, MIN_REPEATS)
        if times < MIN_REPEATS or length * times <= MAX_UNFOLDED:
            found.append(modules[start])
            start += 1
            continue
        found += modules[start : start + length]
        found.append(_fold(modules[start + length : start + length * (times - 1)]))
        found += modules[start + length * (times - 1) : start + length * times]
        start += length * times
    if len(found) > MAX_MODULES:
        half = MAX_MODULES // 2
        found = [*found[:half], _fold(found[half:-half]), *found[-half:]]
    return found


def _fold(modules: Sequence[Module]) -> Module:
    names = tuple(name for module in modules for name in (module.folded or (module.scope,)))
    return Module("", tuple(id for module in modules for id in module.ids), names)


def _signature(step: Step, module: Module) -> Hashable:
    """The operations and shapes of a module, equal for modules that repeat."""
    return tuple((step.nodes[id].op, step.nodes[id].shape) for id in module.ids)
