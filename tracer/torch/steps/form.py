"""What steps have in common whose tapes differ in values and numbers only: it is made once, and each step adds its own."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tracer.graph.missing import MissingValue
from tracer.graph.record import Literal, Node, Step
from tracer.recording.nodes import RecordedNodes
from tracer.torch.formulas import ForeignOperation


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """The nodes of a step without their values. `order` are the operations of the tape that they stand for, `quoted` the nodes
    whose formulas are parts of names, `losses` the gradients of each of several losses, `calls` what makes the formula of each
    that is no leaf.
    """

    order: tuple[int, ...]
    nodes: tuple[Node, ...]
    loss_id: int
    gradients: Mapping[int, int]
    updates: Mapping[int, int]
    losses: Mapping[int, Mapping[int, int]]
    quoted: frozenset[int]
    calls: tuple[ForeignOperation | None, ...]

    def step(
        self,
        index: int,
        contents: Sequence[np.ndarray | MissingValue],
        own: Mapping[int, Own],
        metrics: Mapping[str, float],
    ) -> Step:
        """A step of this form with these values. `own` has the nodes whose numbers are not those of the form, `metrics` are those
        of the program.
        """
        numbers = {loss: _number(contents[loss]) for loss in (self.loss_id, *self.losses)}
        named = {self.nodes[loss].name: numbers[loss] for loss in self.losses if self.nodes[loss].name}
        nodes = RecordedNodes(ValuesOfStep(self, contents, own))
        measured = {"step": index, "loss": numbers[self.loss_id], **named, **metrics}
        return Step(index, nodes, self.loss_id, self.gradients, self.updates, measured, self.losses)


def _number(content: np.ndarray | MissingValue) -> float:
    return float(content) if isinstance(content, np.ndarray) else math.nan


@dataclass(frozen=True, slots=True)
class Own:
    """What a node has for itself: its inputs and parameters, which may have numbers."""

    inputs: tuple[int | Literal, ...]
    parameters: Mapping[str, Any]

    def formula(self, call: ForeignOperation | None) -> str:
        """The formula with these numbers."""
        return replace(call, inputs=self.inputs).template(len(self.inputs), self.parameters) if call is not None else ""


@dataclass(frozen=True, slots=True)
class ValuesOfStep:
    """The values of a step, of which its nodes are made when one of them is first read."""

    form: Form
    contents: Sequence[np.ndarray | MissingValue]
    own: Mapping[int, Own]

    @property
    def structure(self) -> Form | None:
        """The form, if the nodes of the step differ from it in their values only."""
        return None if self.own else self.form

    def __len__(self) -> int:
        return len(self.contents)

    def nodes(self) -> tuple[Node, ...]:
        """The nodes of the step."""
        found = []
        for node, content in zip(self.form.nodes, self.contents, strict=True):
            own = self.own.get(node.id)
            inputs, parameters = (node.inputs, node.parameters) if own is None else (own.inputs, own.parameters)
            formula = node.formula if own is None else own.formula(self.form.calls[node.id])
            value = plain_array(content) if isinstance(content, np.ndarray) else content
            found.append(
                Node(
                    node.id, node.op, inputs, parameters, value, node.shape, node.dtype, node.phase,
                    node.name, formula, node.scope, node.source, node.gradient_of, node.rule_of,
                )
            )  # fmt: skip
        return tuple(found)


def plain_array(array: np.ndarray) -> np.ndarray:
    """A value as a read-only array without gaps, whatever the strides of the tensor were."""
    array = array.ravel().reshape(array.shape)
    array.setflags(write=False)
    return array
