"""The backward passes of a step, what they start from, and the gradients that each found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from tracer.graph.record import Phase
from tracer.torch.snapshots import unseen

if TYPE_CHECKING:
    from tracer.torch.tape import StepTape

aten = torch.ops.aten


@dataclass(slots=True, eq=False)
class Pass:
    """A backward pass: the scalar that it starts from, the gradients it found, and the number of updates before it."""

    loss: int
    gradients: dict[int, int] = field(default_factory=dict)
    group: int = 0


class Passes:
    """The backward passes of a step. Those between two updates add up their gradients: they are those of the sum of their losses.

    `other` is the pass of a program that only calls `autograd.grad`.
    """

    def __init__(self, tape: StepTape) -> None:
        self._tape = tape
        self.all: list[Pass] = []
        self.other: Pass | None = None
        self.updates = 0

    def begin(self, roots: Sequence[torch.Tensor], seeds: Sequence[torch.Tensor | None], *, is_loss: bool) -> Pass:
        """A backward pass from these tensors, with these gradients of them."""
        losses = []
        for root, seed in zip(roots, seeds, strict=True):
            loss = self._tape.id_of(root)
            self._tape.learn_output(root, loss)
            if root.shape != ():
                with unseen():
                    weighted = root if seed is None else root * seed
                    total = weighted.sum()
                if seed is not None:
                    loss = self._tape.compute(aten.mul.Tensor, loss, self._tape.id_of(seed), value=weighted)
                loss = self._tape.compute(aten.sum.default, loss, value=total)
            losses.append(loss)
        found = Pass(self._sum(losses), group=self.updates)
        if is_loss:
            self.all.append(found)
        elif not self.all:
            self.other = found
        return found

    def drop_cleared(self, leaves: Iterable[torch.Tensor]) -> None:
        """Forget the passes whose gradients were cleared before they were used."""
        tape = self._tape
        current = [each for each in self.all if each.group == self.updates]
        reached = {of for each in current for of in each.gradients}
        for leaf in leaves if current else ():
            if tape.memories.operation_of(leaf) not in reached:
                continue
            grad = None if leaf.grad is None else tape.memories.operation_of(leaf.grad)
            if grad is None or tape.operations[grad].kind.removeprefix("aten.") in ("zero_", "_foreach_zero_"):
                self.all = [each for each in self.all if each.group != self.updates]
                return

    def learn_gradient(self, of: int, gradient: int) -> None:
        """The program itself gave a parameter its gradient."""
        if self.all and of not in self._tape.gradients:
            self._tape.gradients[of] = self.all[-1].gradients[of] = gradient

    def close(self) -> dict[int, dict[int, int]]:
        """The losses of the step with their gradients: one for each group of passes between two updates."""
        passes = self.all or ([self.other] if self.other is not None else [])
        groups: dict[int, list[Pass]] = {}
        for each in passes:
            groups.setdefault(each.group, []).append(each)
        losses: dict[int, dict[int, int]] = {}
        for together in groups.values():
            loss, gradients = self._sum([each.loss for each in together]), self._added(together)
            if len(together) > 1 and together[0].loss in gradients:
                gradients.setdefault(loss, gradients[together[0].loss])  # 1, as that of each of them
            losses.setdefault(loss, {}).update(gradients)
        return losses

    def __bool__(self) -> bool:
        return bool(self.all) or self.other is not None

    def _sum(self, losses: Sequence[int]) -> int:
        """The sum of losses."""
        total = losses[0]
        for each in losses[1:]:
            total = self._tape.compute(aten.add.Tensor, total, each)
        return total

    def _added(self, passes: Sequence[Pass]) -> dict[int, int]:
        """The gradients of the sum of the losses of several passes. Those of leaves PyTorch itself adds up."""
        found: dict[int, int] = {}
        for each in passes:
            for of, gradient in each.gradients.items():
                if of in found and found[of] != gradient and not self._tape.operations[of].is_leaf:
                    gradient = self._tape.compute(aten.add.Tensor, found[of], gradient, phase=Phase.BACKWARD, gradient_of=of)
                found[of] = gradient
        return found


NEAR = 6
"""As many views of one value may follow each other."""


def leads_to(start: Any, end: Any) -> bool:
    """Whether an autograd node hands its gradients to another one, by a few others: views of one value follow each other."""
    nodes = {start}
    for _ in range(NEAR):
        nodes = {following for node in nodes for following, _ in node.next_functions if following is not None}
        if end in nodes:
            return True
    return False
