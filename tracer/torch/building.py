"""Makes the nodes of a PyTorch step of its tape: what the loss and the updates depend on, sorted into phases, with names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from tracer.analysis.reaching import reached
from tracer.graph.record import PHASES, Node, Phase
from tracer.graph.strides import HELD_IN
from tracer.recording.naming import nodes_of
from tracer.recording.source import Files
from tracer.recording.tape import Context, Entry, Marks
from tracer.torch.formulas import ForeignOperation
from tracer.torch.operation import Operation, foreign_operation, parameters_of
from tracer.torch.steps.flow import Flow
from tracer.torch.steps.form import Form
from tracer.torch.steps.generators import with_generators
from tracer.torch.tape import StepTape


def _of_each_loss(losses: dict[int, dict[int, int]], operations: Sequence[Operation]) -> dict[int, dict[int, int]]:
    """The gradients of each loss without sums that PyTorch made with those of an earlier one, which were not cleared."""
    found: dict[int, dict[int, int]] = {}
    earlier: set[int] = set()
    for loss, gradients in losses.items():
        found[loss] = {of: id for of, id in gradients.items() if earlier.isdisjoint(operations[id].operands)}
        earlier.update(gradients.values())
    return found


@dataclass(frozen=True, slots=True)
class Ends:
    """What a step is for: its losses with their gradients, and the parameters with their new values."""

    losses: dict[int, dict[int, int]]
    updates: dict[int, int]

    @classmethod
    def of(cls, tape: StepTape) -> Ends:
        """The ends of a step that is complete and has at least one loss. Closes its tape."""
        tape.leaves_of_step.settle()
        return cls(_of_each_loss(tape.passes.close(), tape.operations), tape.leaves_of_step.updates())


def form_of(tape: StepTape, ends: Ends, files: Files) -> Form:
    """The form of the step on a tape."""
    return _Building(tape, ends, files).form()


class _Building:
    def __init__(self, tape: StepTape, ends: Ends, files: Files) -> None:
        self._tape = tape
        self._files = files
        self._operations = tape.operations
        self._losses = ends.losses
        self._updates = ends.updates
        self._loss = next(iter(self._losses))
        self._gradients: dict[int, int] = {}
        for found in self._losses.values():  # of a value that several losses reach, that of the first
            self._gradients = {**found, **self._gradients}
        if not tape.passes.updates:
            self._updates = {**self._updates_as_new_tensors(), **self._updates}
        self._live = self._reaching([
            *self._losses, *self._gradients, *self._gradients.values(), *self._updates, *self._updates.values(),
            *(id for id, each in enumerate(self._operations) if each.phase is Phase.UPDATE and each.name),
            *(id for id in tape.without_gradient if self._operations[id].is_leaf),
        ])  # fmt: skip
        self._live |= with_generators(self._operations, self._live)
        self._of_update: set[int] = set()
        """The operations of an update that the loss or a gradient depends on."""
        self._sort_phases()
        self._owner = self._owners()
        self._values_of: dict[Operation, list[int]] = defaultdict(list)
        """The values that an operation is the gradient of."""
        for of, gradient in tape.gradients.items():
            if of in self._live and _is_like(self._operations[of], self._operations[gradient]):
                self._values_of[self._operations[gradient]].append(of)
        rank = {phase: position for position, phase in enumerate(PHASES)}
        self._order = sorted(self._live, key=lambda id: (rank[self._operations[id].phase], id))
        self._place = {id: position for position, id in enumerate(self._order)}
        self._flow = Flow(tape, self._order, self._of_update)

    def _reaching(self, ends: Iterable[int]) -> set[int]:
        """The operations that these depend on, and these."""
        return reached(ends, lambda id: self._operations[id].operands)

    def _updates_as_new_tensors(self) -> dict[int, int]:
        """Parameters that are replaced by new tensors: the last of the same form that is computed from one and its gradient."""
        found = {}
        for of, gradient in self._gradients.items():
            if self._operations[of].kind != "parameter":
                continue
            from_value, from_gradient = {of}, {gradient}
            for id in range(gradient + 1, len(self._operations)):
                each = self._operations[id]
                for known in (from_value, from_gradient):
                    if each.phase is Phase.UPDATE and known.intersection(each.operands):
                        known.add(id)
                if id in from_value and id in from_gradient and _is_like(each, self._operations[of]):
                    found[of] = id
        return found

    def _sort_phases(self) -> None:
        """Give every operation a phase that is not before those of its inputs."""
        operations, losses = self._operations, list(self._losses)
        to_loss = self._reaching(losses)
        to_gradients = self._reaching([*losses, *(id for id in self._live if operations[id].phase is Phase.BACKWARD)])
        last = self._tape.last_in_module
        for id in sorted(self._live):
            each = operations[id]
            if each.is_leaf:
                continue
            if each.phase is Phase.UPDATE and id in to_gradients:
                self._of_update.add(id)
                each.phase, each.scope = Phase.FORWARD, ""
            if each.phase is Phase.BACKWARD and id in to_loss:
                each.phase = Phase.FORWARD  # a derivative that the loss is made of
            if each.phase is Phase.FORWARD and id in to_loss and ((id > last and not each.in_module) or id in losses):
                each.phase = Phase.LOSS
            if each.phase is Phase.FORWARD and any(operations[of].phase is Phase.LOSS for of in each.operands):
                each.phase = Phase.LOSS
            latest = max((operations[of].phase for of in each.operands), key=PHASES.index, default=Phase.INIT)
            if PHASES.index(latest) > PHASES.index(each.phase):
                each.phase = latest

    def _owners(self) -> dict[int, str]:
        """The parameter that an operation of an update is for: the only one that its inputs have to do with; else empty."""
        owner = {id: each.name for id, each in enumerate(self._operations) if each.kind == "parameter" and each.is_leaf}
        owner |= {of: owner[id] for id, of in self._gradients.items() if id in owner}
        for id, each in enumerate(self._operations):
            if each.is_leaf and each.kind == "state" and each.name.endswith(")"):
                owner[id] = each.name.partition("(")[2][:-1]
            elif each.phase is Phase.UPDATE and not each.is_leaf:
                found = {owner[of] for of in each.operands if owner.get(of)}
                owner[id] = found.pop() if len(found) == 1 else ""
        return owner

    def form(self) -> Form:
        marks = self._marks()
        entries = [self._entry(id) for id in self._order]
        nodes = nodes_of(cast("Sequence[Entry]", entries), marks, self._files)
        losses = self._gradients_by_loss()
        if losses and all(nodes[loss].name for loss in losses):  # gradients are named after their losses
            marks.losses = losses
            nodes = nodes_of(cast("Sequence[Entry]", entries), marks, self._files)
        finished = tuple(self._finished(node, nodes) for node in nodes)
        loss = self._place[self._loss]
        calls = tuple(op if isinstance(op, ForeignOperation) else None for op, *_ in entries)
        return Form(tuple(self._order), finished, loss, marks.gradients, marks.updates, losses, _quoted(finished, marks), calls)

    def _entry(self, id: int) -> tuple[Any, ...]:
        each = self._operations[id]
        inputs = tuple(self._place[of] if isinstance(of, int) else of for of in each.inputs)
        parameters = parameters_of(each) | self._flow.parameters_of(id, self._place)
        # What a checkpoint or a sharded layer computes again is on the tape after what was computed from it.
        gradient_of, rule_of = (twin if twin is not None and twin < self._place[id] else None for twin in self._twins(each))
        scope = each.scope if each.invocation is None else ""  # a scope of its own: see _finished
        context = Context(each.phase, scope, "", each.invocation, gradient_of, rule_of)
        op = each.kind if each.is_leaf else foreign_operation(each, self._operations)
        value = each.snapshot.array() if op == "constant" else each.snapshot.without_value()
        return op, inputs, parameters, value, context, each.offset

    def _twins(self, each: Operation) -> tuple[int | None, int | None]:
        """The value that a backward operation is for, and the operation whose derivative it computes."""
        if each.phase is not Phase.BACKWARD or each.is_leaf:
            return None, None
        of, rule = each.gradient_of, each.rule_of
        if of is None and each.node is not None:
            of = self._tape.by_sequence.get(each.node)
        values = self._values_of.get(each)
        if values and of not in values:
            of = values[-1]  # a transpose shares the memory of the parameter, and so does its gradient
        found = self._place.get(of) if of is not None else None
        return (self._place[self._loss] if found is None else found), self._place.get(rule) if rule is not None else None

    def _marks(self) -> Marks:
        marks, place, operations = Marks(), self._place, self._operations
        last: dict[tuple[Any, int], int] = {}
        for position, id in enumerate(self._order):
            each = operations[id]
            if each.invocation is not None and each.output == 0 and each.phase in (Phase.FORWARD, Phase.LOSS):
                last[each.invocation, each.offset] = position
        for position, id in enumerate(self._order):
            each = operations[id]
            if each.name:
                marks.names[position] = each.name
            elif (each.invocation, each.offset) in self._tape.frames.without_names:
                marks.unnamed.add(position)
                if position == place[self._loss]:
                    marks.names[position] = "loss"
            elif each.invocation is not None and last.get((each.invocation, each.offset)) != position:
                marks.unnamed.add(position)
            if each.fallback_name:
                marks.fallback_names[position] = each.fallback_name
        marks.gradients = self._placed(self._gradients)
        for part, (of, rule) in self._tape.contributions.items():
            if rule is None or not {part, of, rule} <= place.keys() or max(place[of], place[rule]) >= place[part]:
                continue
            if _is_like(operations[part], operations[of]):
                marks.contributions.setdefault(place[part], (place[of], place[rule]))
        for of, updated in self._updates.items():
            if of in place and updated in place:
                marks.updates[place[of]] = place[updated]
                if operations[of].name:
                    marks.names[place[updated]] = operations[of].name
        return marks

    def _gradients_by_loss(self) -> dict[int, dict[int, int]]:
        """The gradients of each loss, if there are several."""
        found = {self._place[loss]: self._placed(gradients) for loss, gradients in self._losses.items()}
        return found if len(found) > 1 and all(loss in gradients for loss, gradients in found.items()) else {}

    def _placed(self, gradients: Mapping[int, int]) -> dict[int, int]:
        """Gradients by the ids of nodes."""
        place, operations = self._place, self._operations
        return {
            place[of]: place[gradient]
            for of, gradient in gradients.items()
            if of in place and gradient in place and _is_like(operations[of], operations[gradient])
            if place[of] < place[gradient]  # not of what a checkpoint computes again after its gradient has come
        }

    def _finished(self, node: Node, nodes: Sequence[Node]) -> Node:
        """A node with the dtype of its tensor, and the path of its module; a backward node has that of the operation it
        differentiates.
        """
        at = node
        while at.phase is Phase.BACKWARD:
            twin = at.rule_of if at.rule_of is not None else at.gradient_of
            if twin is None or twin >= at.id:
                break
            at = nodes[twin]
        scope = self._scope(self._order[at.id]) or _within_main(node.scope)
        of_tensor = self._operations[self._order[node.id]].snapshot.type.dtype
        dtype = of_tensor if of_tensor in HELD_IN else node.dtype
        if scope == node.scope and dtype == node.dtype:
            return node
        return Node(
            node.id, node.op, node.inputs, node.parameters, node.content, node.shape, dtype, node.phase, node.name,
            node.formula, scope, node.source, node.gradient_of, node.rule_of,
        )  # fmt: skip

    def _scope(self, id: int) -> str:
        """The module of an operation as a path of scopes; for an operation of an optimizer, with the parameter it is for."""
        each = self._operations[id]
        if each.phase is Phase.UPDATE and each.scope:
            return "/".join([each.scope, *([self._owner[id]] if self._owner.get(id) else [])])
        return scope_of(each.scope)


def _quoted(nodes: Sequence[Node], marks: Marks) -> frozenset[int]:
    """The nodes without a name whose formulas are parts of names, as in `dL/d(x * 0.5)`."""

    def unnamed(ids: Iterable[int]) -> list[int]:
        return [id for id in ids if not nodes[id].name]

    starts = [*marks.gradients, *(id for pair in marks.contributions.values() for id in pair)]
    return frozenset(reached(unnamed(starts), lambda id: unnamed(nodes[id].operands)))


def _within_main(scope: str) -> str:
    """The path of functions without `main`, as which programs begin.

    >>> _within_main("main/train"), _within_main("main"), _within_main("mainly"), _within_main("train/main")
    ('train', '', 'mainly', 'train/main')
    """
    return scope.removeprefix("main").lstrip("/") if f"{scope}/".startswith("main/") else scope


def scope_of(path: str) -> str:
    """The path of a module as scopes, its numbered submodules in one piece.

    >>> scope_of("blocks.0.attention.projection"), scope_of("0.1"), scope_of("fc"), scope_of("Net")
    ('blocks.0/attention/projection', '0/1', 'fc', 'Net')
    """
    parts: list[str] = []
    for part in path.split(".") if path else ():
        if part.isdigit() and parts and not parts[-1].rpartition(".")[2].isdigit():
            parts[-1] += f".{part}"
        else:
            parts.append(part)
    return "/".join(parts)


def _is_like(first: Operation, second: Operation) -> bool:
    return (first.snapshot.type.shape, first.snapshot.type.dtype) == (second.snapshot.type.shape, second.snapshot.type.dtype)
