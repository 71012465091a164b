"""Finds where two ranks of a distributed training part that ought to agree.

What ought to agree are parameters, the state of optimizers, buffers, results of collectives that give every rank the same, and
what is computed from these alone; gradients when the optimizer uses them, and parameters after the update. Data, local gradients
and random numbers ought to differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tracer.analysis.diff import TraceDifference, difference_of_values
from tracer.graph.record import Node, Step, Trace

RANK, RANKS = "rank", "ranks"
"""Names of the hyperparameters that say which of how many processes a trace is of."""

COLLECTIVES = ("c10d", "_c10d_functional", "_c10d_functional_autograd")
SAME_FOR_ALL = ("allreduce", "all_reduce", "broadcast", "allgather", "all_gather")
SHARDED = ("_allgather_base", "all_gather_into_tensor", "allgather_into_tensor", "reduce_scatter", "_reduce_scatter")
"""Beginnings of the names of collectives: whose result is the same on all ranks, and those that tell of sharded parameters."""

SHARD = "shard"
"""The parameter of a leaf of which other ranks have other parts."""

GENERATOR = "generator"
"""The beginning of the names of leaves with the states of random number generators, which may differ."""

WITHOUT_VALUE = ("empty", "new_empty", "rand", "normal", "bernoulli", "multinomial", "native_dropout", "uniform", "exponential")
"""Beginnings of the names of operations whose results differ in any two processes: memory as it was, and random numbers."""


@dataclass(frozen=True, slots=True)
class ReplicaComparison:
    """The first operation at which two ranks part, None if there is none; how many were compared, and how many passed over."""

    found: TraceDifference | None
    compared: int
    passed_over: int


def are_replicas(one: Trace, other: Trace) -> bool:
    """Whether two traces are of different ranks of one training."""
    mine, theirs = one.hyperparameters, other.hyperparameters
    return (
        one.scenario == other.scenario
        and isinstance(mine.get(RANKS), int)
        and mine.get(RANKS) == theirs.get(RANKS)
        and mine.get(RANK) != theirs.get(RANK)
    )


def compare_replicas(one: Trace, other: Trace, tolerance: float = 0.0) -> ReplicaComparison:
    """The first operation at which two ranks part that ought to agree."""
    compared = passed_over = 0
    for mine, theirs in zip(one.steps, other.steps):
        ought = ought_to_agree(mine, theirs)
        for node, its in zip(mine.nodes, theirs.nodes):
            if (node.op, _inputs(node)) != (its.op, _inputs(its)):
                found = TraceDifference(mine.index, node.id, "inputs", node.inputs, its.inputs)
                if node.op != its.op:
                    found = TraceDifference(mine.index, node.id, "op", node.op, its.op)
                return ReplicaComparison(found, compared, passed_over)
            if not ought[node.id]:
                passed_over += 1
                continue
            compared += 1
            if node.shape != its.shape:
                found = TraceDifference(mine.index, node.id, "shape", node.shape, its.shape)
                return ReplicaComparison(found, compared, passed_over)
            difference = difference_of_values(mine.index, node, its, tolerance)
            if difference is not None:
                return ReplicaComparison(difference, compared, passed_over)
        if len(mine.nodes) != len(theirs.nodes):
            shorter = min(len(mine.nodes), len(theirs.nodes))
            difference = TraceDifference(mine.index, shorter, "nodes", len(mine.nodes), len(theirs.nodes))
            return ReplicaComparison(difference, compared, passed_over)
    if len(one.steps) != len(other.steps):
        shorter = min(len(one.steps), len(other.steps))
        difference = TraceDifference(shorter, None, "steps", len(one.steps), len(other.steps))
        return ReplicaComparison(difference, compared, passed_over)
    return ReplicaComparison(None, compared, passed_over)


def _inputs(node: Node) -> Sequence[object]:
    """The inputs of a node; without numbers if it puts sharded parameters together, as one of them is the rank."""
    return node.operands if node.op.startswith("fsdp.") else node.inputs


def ought_to_agree(one: Step, other: Step) -> Sequence[bool]:
    """Of every node of a step, whether it ought to have the same value on both ranks."""
    shards = {node.id for node in one.nodes if node.parameters.get(SHARD)}
    is_sharded = any(_collective(node).startswith(SHARDED) for node in one.nodes)
    overwritten = _sources_of_broadcasts(one)
    results: set[int] = set()
    for parameter, updated in one.updates.items():
        if not is_sharded and parameter not in shards:
            results |= {updated, one.gradients.get(parameter, updated)}
    found: list[bool] = []
    for node, its in zip(one.nodes, other.nodes):
        if node.is_leaf:
            agrees = _leaf_agrees(node, its, is_sharded=is_sharded) and node.id not in overwritten
        else:
            agrees = node.id in results or (_result_agrees(node, found) and _same_call(node, its))
        found.append(agrees)
    return found + [False] * (len(one.nodes) - len(found))


def _leaf_agrees(node: Node, its: Node, *, is_sharded: bool) -> bool:
    if node.op == "data" or node.name.startswith(GENERATOR):
        return node.shape == its.shape and difference_of_values(0, node, its, 0.0) is None
    return node.op == "constant" or not (is_sharded or node.parameters.get(SHARD))


def _result_agrees(node: Node, found: Sequence[bool]) -> bool:
    collective = _collective(node)
    if collective:
        return collective.startswith(SAME_FOR_ALL) or (collective.startswith("wait") and all(found[id] for id in node.operands))
    name = node.op.partition(".")[2]
    if name.startswith(WITHOUT_VALUE):
        return False
    operands = node.operands[1:2] if name.startswith("copy_") and len(node.operands) == 2 else node.operands
    return all(found[id] for id in operands)


def _same_call(node: Node, its: Node) -> bool:
    """Whether both ranks call an operation alike: where parameters are sharded, each takes its own part of what all have."""
    return node.parameters.keys() == its.parameters.keys() and repr(dict(node.parameters)) == repr(dict(its.parameters))


def _collective(node: Node) -> str:
    """The name of a collective without its namespace; empty for other operations."""
    namespace, _, name = node.op.partition(".")
    return name if namespace in COLLECTIVES else ""


def _sources_of_broadcasts(step: Step) -> set[int]:
    """The nodes that a broadcast is made from: they are what a rank had before it got that of another."""
    found: set[int] = set()
    for node in reversed(step.nodes):
        if node.id in found or _collective(node).startswith("broadcast"):
            found.update(node.operands)
    return found
