"""Follows the gradients of a backward pass by hooks on the autograd nodes that it visits."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from tracer.graph.record import Phase
from tracer.torch.identity import has_memory
from tracer.torch.steps.passes import Pass
from tracer.torch.tape import StepTape, is_leaf_node

ACCUMULATING = 2**64 - 1
"""The sequence number of every autograd node that adds a gradient to `grad`."""


def nodes_behind(roots: Sequence[torch.Tensor]) -> list[Any]:
    """The autograd nodes that a backward pass from these tensors visits."""
    seen: dict[Any, None] = {}
    waiting = [root.grad_fn for root in roots if root.grad_fn is not None]
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen[node] = None
            waiting += [following for following, _ in node.next_functions if following is not None]
    return list(seen)


def leaves_of(nodes: Sequence[Any]) -> list[torch.Tensor]:
    """The leaves that these nodes add gradients to."""
    return [node.variable for node in nodes if is_leaf_node(node)]


@contextmanager
def hooked(tape: StepTape, nodes: Sequence[Any]) -> Iterator[None]:
    """Tell the tape of the gradients that these nodes take and give."""
    handles = []
    for node in nodes:
        handles.append(node.register_prehook(functools.partial(tape.arrives, node)))
        if not is_leaf_node(node):
            handles.append(node.register_hook(functools.partial(_leave_node, tape, node)))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def followed(
    tape: StepTape, roots: Sequence[torch.Tensor], seeds: Sequence[torch.Tensor | None], *, is_loss: bool, is_kept: bool
) -> Iterator[Pass]:
    """Follow a backward pass. `is_kept` tells that its gradients are part of what the loss is made of, not of the loss."""
    nodes = nodes_behind(roots)
    if is_loss:
        tape.passes.drop_cleared(leaves_of(nodes))
    before, phase = dict(tape.gradients), tape.phase
    tape.entered_nodes.clear()
    if is_kept:
        found = Pass(-1)
        for root in roots:
            tape.learn_output(root, tape.id_of(root))
    else:
        found = tape.passes.begin(roots, seeds, is_loss=is_loss)
    outer, tape.running, tape.arrived = tape.running, found.gradients, {}
    tape.phase = Phase.BACKWARD
    try:
        with hooked(tape, nodes):
            yield found
    finally:
        tape.phase = phase if is_kept else Phase.UPDATE
        if is_loss:
            learn_leaves(tape, leaves_of(nodes))
        if is_kept:
            tape.gradients = before  # of something else than the loss
        tape.running, tape.arrived = outer, {}


def learn_leaves(tape: StepTape, leaves: Sequence[torch.Tensor]) -> None:
    """The gradients of these leaves are in their attribute `grad`."""
    for leaf in leaves:
        if leaf.grad is not None and has_memory(leaf) and has_memory(leaf.grad):
            of, gradient = tape.leaves_of_step.used_by_forward(leaf), tape.id_of(leaf.grad)
            tape.mark_hooks(gradient, of, ACCUMULATING)
            tape.learn_gradient(of, gradient)


def _leave_node(tape: StepTape, node: Any, results: Any, _: Any) -> None:
    tape.leaves(node, results)
