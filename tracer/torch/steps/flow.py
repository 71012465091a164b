"""Where gradients flow back and where not, as plain data of the nodes: for those who hold gradients against differences."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tracer.graph.record import Literal, Phase

if TYPE_CHECKING:
    from tracer.torch.tape import StepTape

FLOW = ("stopped", "no_grad", "of_update", "results_of", "gradient", "used_for")
"""The names of the entries."""

FORWARD = (Phase.FORWARD, Phase.LOSS)


class Flow:
    """What the nodes of a step have on record of the flow of gradients.

    - `stopped`: the positions of inputs that depend on what gradients are computed for, and through which none flows; `no_grad`
      if that was so because none were recorded then, and `of_update` if an optimizer did it.
    - `results_of`: the torch.autograd.Functions that a value is a result of, each with its inputs, and the positions of those
      that its backward pass gave no gradient to.
    - `gradient`: the gradient of a value if that is a leaf: computed by something else than PyTorch.
    - `used_for`: the parameter whose `grad` it was when an optimizer read that, if that is not what backward gave.
    """

    def __init__(self, tape: StepTape, order: Sequence[int], of_update: Collection[int]) -> None:
        self._of_update = of_update
        self._operations = tape.operations
        self._functions = tape.functions
        self._gradients = {of: gradient for of, gradient in tape.gradients.items() if tape.operations[gradient].is_leaf}
        self._used = {used: of for of, used in tape.used_gradients.items() if of in tape.gradients and tape.gradients[of] != used}
        self._moving: set[int] = set()
        """The operations whose values depend on what gradients are computed for."""
        for id in order:
            each = tape.operations[id]
            is_start = each.is_leaf and (each.kind == "parameter" or id in tape.gradients or id in self._functions.by_result)
            if is_start or self._moving.intersection(each.operands):
                self._moving.add(id)

    def _is_materialized(self, id: int | Literal) -> bool:
        """Whether a value was only written down, by PyTorch: one that was seen conjugated or negated before."""
        if not isinstance(id, int) or self._operations[id].kind != "aten.clone" or self._operations[id].call.stopped:
            return False
        return any(self._operations[of].snapshot.type.lazy for of in self._operations[id].operands)

    def parameters_of(self, id: int, place: Mapping[int, int]) -> dict[str, Any]:
        """The entries for the parameters of the node of an operation. `place` leads to the ids of nodes."""
        each = self._operations[id]
        found: dict[str, Any] = {}
        if each.phase in FORWARD:
            stopped = [
                position
                for position in each.call.stopped
                if each.inputs[position] in self._moving
                and not (each.grad_enabled and self._is_materialized(each.inputs[position]))
            ]
            if stopped:
                found["stopped"] = stopped
                if not each.grad_enabled:
                    found["no_grad"] = True
                if id in self._of_update:
                    found["of_update"] = True
        if id in self._functions.by_result:
            found["results_of"] = [
                {
                    "function": one.function,
                    "inputs": [None if of is None else place.get(of) for of in one.inputs],
                    "without_gradient": self._functions.without_gradient(one),
                }
                for one in self._functions.by_result[id]
            ]
        gradient = self._gradients.get(id)
        if gradient is not None and place.get(gradient, id) < place[id]:
            found["gradient"] = place[gradient]
        if id in self._used and self._used[id] in place:
            found["used_for"] = place[self._used[id]]
        return found
