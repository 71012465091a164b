"""Holds the backward passes of torch.autograd.Functions against differences of their forward passes, in float64."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from tracer.graph.losses import passes
from tracer.graph.record import Literal, Node, Phase, Step
from tracer.ops.foreign.names import UNINITIALIZED
from tracer.torch.computing.arrays import seen_at
from tracer.torch.computing.calls import call, generator_state
from tracer.torch.computing.overloads import overload_named
from tracer.torch.snapshots import array_of, unseen
from tracer.torch.tape import WRITTEN

STEPS = (1e-5, 1e-6)
"""Relative sizes of the differences; where they disagree there is a kink between, and nothing is said."""

TOLERANCE = 1e-4
"""The relative error that is allowed, of the sum of the magnitudes."""


@dataclass(frozen=True, slots=True)
class WrongFunction:
    """A value whose gradient from a torch.autograd.Function is not the derivative of what its forward pass computes.

    `function` is the name of its backward pass, with the line where that begins; `gradient` is the last node of it. `found` and
    `expected` are the derivatives along a random direction, of the sum of the results times their gradients.
    """

    step: Step
    node: Node
    gradient: Node
    function: str
    found: float
    expected: float


@dataclass(frozen=True, slots=True)
class FunctionCheck:
    """The number of gradients of Functions that are right, of those that nothing is said of, and the wrong ones."""

    right: int
    not_judged: int
    wrong: tuple[WrongFunction, ...]


def check_functions(step: Step) -> FunctionCheck:
    """Check what each torch.autograd.Function of a step gives back, from the gradients that arrive at it."""
    right, not_judged = 0, 0
    wrong: list[WrongFunction] = []
    with unseen():
        for each in passes(step):
            replay = _Replay(each)
            for of, function in replay.functions.items():
                judged = replay.judge(of)
                if judged is None:
                    not_judged += 1
                elif judged.is_right:
                    right += 1
                else:
                    gradient = step.nodes[each.gradients[of]]
                    wrong.append(WrongFunction(step, step.nodes[of], gradient, function, judged.found, judged.expected))
    return FunctionCheck(right, not_judged, tuple(wrong))


@dataclass(frozen=True, slots=True)
class _Judged:
    found: float
    expected: float
    is_right: bool


class _Replay:
    """A step in float64. `functions` are the names by the values whose gradients come from a Function only."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self._opaque: set[int] = set()
        by_rule: dict[int, str] = {}
        rules: dict[int, set[int]] = defaultdict(set)
        for node in step.nodes:
            if node.phase is Phase.BACKWARD and node.rule_of is not None and node.gradient_of is not None:
                rules[node.gradient_of].add(node.rule_of)
                if "function" in node.parameters:
                    by_rule[node.rule_of] = node.parameters["function"]
        self._native = {rule for found in rules.values() for rule in found} - by_rule.keys()
        self.functions = {
            of: by_rule[next(iter(found))]
            for of, found in rules.items()
            if len(found) == 1 and found <= by_rule.keys() and of in step.gradients
        }
        self._values: dict[int, np.ndarray] = {}
        for node in step.nodes if self.functions else ():
            if node.phase is not Phase.UPDATE:
                self._values[node.id] = self._computed(node, self._values)

    def _inside(self, of: int) -> list[Node]:
        """What a Function computes from a value: up to its results, which have gradients."""
        reached: set[int] = {of}
        found = []
        for node in self._step.nodes[of + 1 :]:
            if (
                node.phase not in (Phase.FORWARD, Phase.LOSS)
                or node.id in self._native
                or not reached.intersection(node.operands)
            ):
                continue
            found.append(node)
            if node.id not in self._step.gradients:
                reached.add(node.id)
        return found

    def judge(self, of: int) -> _Judged | None:
        """Whether the gradient of a value is right; None if that cannot be told."""
        base, gradient = self._values[of], self._values[self._step.gradients[of]]
        inside = self._inside(of)
        results = {node.id: self._values[self._step.gradients[node.id]] for node in inside if node.id in self._step.gradients}
        used = {self._step.gradients[id] for id in (of, *results)} | {node.id for node in inside}
        if not results or used & self._opaque or base.dtype != np.float64 or gradient.shape != base.shape:
            return None
        direction = np.random.default_rng(of).choice([-1.0, 1.0], base.shape)
        found, size = float(np.sum(gradient * direction)), float(np.sum(np.abs(gradient)))
        largest = max(float(np.max(np.abs(base), initial=0.0)), 1e-3)
        slopes, scale = [], 1.0
        for relative in STEPS:
            ends = []
            for sign in (1, -1):
                moved = {**self._values, of: base + sign * relative * largest * direction}
                for node in inside:
                    moved[node.id] = self._computed(node, moved)
                terms = [np.sum(moved[id] * arriving) for id, arriving in results.items()]
                ends.append(float(sum(terms)))
                scale = max(scale, *(float(np.sum(np.abs(moved[id] * arriving))) for id, arriving in results.items()))
            slopes.append((ends[0] - ends[1]) / (2 * relative * largest))
        allowed = TOLERANCE * size + 1e2 * np.finfo(np.float64).eps * scale / (STEPS[-1] * largest)
        if not np.isfinite([found, *slopes]).all() or abs(slopes[0] - slopes[1]) > 0.1 * abs(found - slopes[1]) + allowed:
            return None
        return _Judged(found, slopes[1], bool(abs(found - slopes[1]) <= allowed))

    def _computed(self, node: Node, values: Mapping[int, np.ndarray]) -> np.ndarray:
        """The value of a node in float64; as it was recorded if it is not computed so."""
        recorded = node.value.astype(np.float64) if node.value.dtype.kind == "f" else node.value
        if node.is_leaf:
            return recorded
        try:
            if node.op == WRITTEN:
                found = seen_at(node.parameters["options"]["places"], [values[of] for of in node.operands])
            else:
                found = _called(node, values)
        except Exception:  # not every operation takes float64
            found = None
        if found is None or found.shape != recorded.shape or found.dtype != recorded.dtype:
            self._opaque.add(node.id)
            return recorded
        return found


def _called(node: Node, values: Mapping[int, np.ndarray]) -> np.ndarray | None:
    schema = overload_named(node.op)
    if schema.short in UNINITIALIZED:
        return None
    inputs: Sequence[Any] = [
        each.value if isinstance(each, Literal) else torch.from_numpy(np.array(values[each])) for each in node.inputs
    ]
    with generator_state(node.parameters, inputs):
        return array_of(call(schema, node.parameters, inputs, wide=True)[int(node.parameters.get("output", 0))])
