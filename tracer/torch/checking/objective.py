"""The loss of a recorded step as a function of values in it, by computing the forward pass again in float64."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from tracer.torch.checking.slopes import Slope, slope
from tracer.torch.checking.sweep import Pass
from tracer.torch.checking.values import apply


def inner(one: torch.Tensor, other: torch.Tensor) -> tuple[float, float]:
    """The sum of the products of two tensors, and the sum of their magnitudes. Of complex numbers the real part counts."""
    product = one.conj() * other if one.is_complex() else one * other
    return float(product.real.sum() if product.is_complex() else product.sum()), float(product.abs().sum())


class Objective:
    """The loss, as gradients flow: what is stopped stays as it is. `cuts` are values whose gradients are given: in place of what
    depends on them, the sum of their elements times these is added. So it is with the inputs of operations in `own`, whose
    derivative is not that of their values: by node and position.
    """

    def __init__(self, one: Pass, cuts: Mapping[int, torch.Tensor], own: Mapping[tuple[int, int], torch.Tensor]) -> None:
        self._own = own
        self._pass = one
        self._cuts = cuts
        self._order = [one.step.nodes[id] for id in sorted(one.nodes)]
        self.computed = 0
        """The numbers that were computed so far."""

    def along(self, direction: Mapping[int, torch.Tensor], enough: float) -> Slope:
        """The derivative along a direction of leaves, by differences."""
        values = self._pass.values

        def moved(length: float) -> tuple[float, float]:
            return self._value({of: values[of] + length * each for of, each in direction.items()})

        return slope(moved, enough)

    def _value(self, moved: dict[int, torch.Tensor]) -> tuple[float, float]:
        one = self._pass
        for node in self._order:
            if node.is_leaf:
                continue
            instead = {
                position: moved[of]
                for position in one.flow.live(node)
                if isinstance(of := node.inputs[position], int) and of in moved and of not in self._cuts
                if (node.id, position) not in self._own
            }
            if instead:
                self.computed += node.size
                moved[node.id] = apply(node, one.values.inputs_of(node, instead))
        loss = one.step.loss_id
        total, size = inner(torch.ones_like(one.values[loss]), moved.get(loss, one.values[loss]))
        start = one.recorded(loss)
        if start is not None:
            total, size = inner(start, moved.get(loss, one.values[loss]))
        taken = list(self._cuts.items())
        for (id, position), part in self._own.items():
            of = one.step.nodes[id].inputs[position]
            if isinstance(of, int) and of not in self._cuts:
                taken.append((of, part))
        for of, gradient in taken:
            if of in moved:
                # The part that does not change is left out, so that it rounds nothing.
                value, magnitude = inner(gradient, moved[of] - one.values[of])
                total, size = total + value, size + magnitude
        return total, size
