"""Where a program stops gradients, changes them before an update, and what parameters it leaves without one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from tracer.analysis.reaching import reached
from tracer.analysis.step_gradients import Note, ParameterGradient, Verdict
from tracer.graph.record import Node, Phase, Step
from tracer.i18n.message import Message
from tracer.torch.checking.causes import memory_before
from tracer.torch.checking.flow import Flow
from tracer.torch.checking.labels import name_of, place_of, text_of
from tracer.torch.steps.flow import FORWARD
from tracer.torch.tape import WRITTEN


class Stops:
    """The values that are used without their gradients, and the first operation that uses each so, where losses depend on it."""

    def __init__(self, step: Step, flow: Flow, losses: Iterable[int]) -> None:
        self._step = step
        self._flow = flow
        self._to_losses = reached(losses, lambda id: step.nodes[id].operands)
        self._found: dict[int, Node] = {}
        for node in step.nodes:
            is_of_program = node.id not in flow.function_inside and "of_update" not in node.parameters and node.source is not None
            if node.phase in FORWARD and node.id in self._to_losses and is_of_program:
                self._learn(node)

    def _learn(self, node: Node) -> None:
        live = self._flow.live(node)
        for position in node.parameters.get("stopped", ()):
            of = node.inputs[position]
            if isinstance(of, int) and position not in live and of in self._flow.carrying:
                self._found.setdefault(of, node)

    def notes(self) -> Iterator[Note]:
        """A note for each place."""
        places: dict[tuple[str, str, bool], list[str]] = defaultdict(list)
        for of, node in self._found.items():
            places[place_of(node), text_of(node), bool(node.parameters.get("no_grad"))].append(name_of(self._step.nodes[of]))
        for (place, text, is_no_grad), names in places.items():
            values = ", ".join(names)
            if is_no_grad:
                yield Note(place, Message("gradient_no_grad", {"values": values, "text": text}))
            else:
                yield Note(place, Message("gradient_detached", {"values": values, "text": text}))

    def without_gradient(self, reached: set[int]) -> Iterator[ParameterGradient]:
        """The parameters that no loss sends a gradient to, and why."""
        written = {memory_before(self._step.nodes, of)[-1].id for of in self._step.gradients if not self._step.nodes[of].is_leaf}
        for node in self._step.nodes:
            if node.op == "parameter" and node.id not in reached:
                verdict, reason = self._why(node, written)
                yield ParameterGradient(self._step.index, name_of(node), node.shape, node.size, verdict, reason=reason)

    def _why(self, node: Node, written: set[int]) -> tuple[Verdict, Message]:
        """Why a parameter has no gradient on any way that is on record."""
        gradient = self._step.gradients.get(node.id)
        if gradient is not None and self._step.nodes[gradient].phase is Phase.BACKWARD:
            return Verdict.UNKNOWN, Message("gradient_unknown_way")
        if gradient is not None:
            return Verdict.CHANGED, Message("gradient_set")
        if node.id in written:
            return Verdict.UNKNOWN, Message("gradient_not_on_record")
        if node.id not in self._to_losses:
            return Verdict.STOPPED, Message("gradient_no_dependence")
        at = next((self._found[of] for of in sorted(_after(self._step, self._flow, node.id)) if of in self._found), None)
        if at is None:
            return Verdict.STOPPED, Message("gradient_not_asked")
        return Verdict.STOPPED, Message("gradient_stopped_at", {"place": place_of(at)})


def edit_notes(step: Step) -> Iterator[Note]:
    """The lines that change gradients between backward and update, each with the number of parameters."""
    changed: dict[tuple[str, str], set[int]] = defaultdict(set)
    for node in step.nodes:
        of: int | None = node.parameters.get("used_for")
        if of is None:
            continue
        for at in _computed_from(step, node, step.gradients.get(of, -1)):
            if at.source is not None and at.op != WRITTEN:
                changed[place_of(at), text_of(at)].add(of)
    for (place, text), parameters in changed.items():
        yield Note(place, Message("gradient_edited", {"count": len(parameters), "text": text}))


def _computed_from(step: Step, node: Node, start: int) -> Iterator[Node]:
    """The operations of the update between the gradient on record and the one that was used."""
    waiting, seen = [node.id], {start}
    while waiting:
        at = step.nodes[waiting.pop()]
        if at.id not in seen and at.phase is Phase.UPDATE and not at.is_leaf:
            seen.add(at.id)
            yield at
            waiting += at.operands


def _after(step: Step, flow: Flow, start: int) -> set[int]:
    """The values that gradients flow back from to one."""
    found = {start}
    for node in step.nodes[start + 1 :]:
        if node.phase in FORWARD and any(node.inputs[position] in found for position in flow.live(node)):
            found.add(node.id)
    return found
