"""Turns groups of operations into the content of a slide: every number, arrow and rule is read from the record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tracer.graph.own_gradients import agreement_in
from tracer.graph.record import Node, Phase, Step
from tracer.i18n.language import Language
from tracer.ops.foreign.names import needs_no_row
from tracer.views.diagrams.theme import Kind
from tracer.views.gradient_terms import gradient_terms
from tracer.views.ideas.flow import Flow
from tracer.views.ideas.groups import Group
from tracer.views.ideas.naming import Named, exits_of, named
from tracer.views.ideas.rules import rule_formula, terms_by_use
from tracer.views.notation import number_text
from tracer.views.slide.structure.content import Box, Parameter, Row, Rule, Signal, Slide
from tracer.views.slide.structure.images import images_of
from tracer.views.slide.structure.samples import DIGITS, WHOLE, Numbers, Sample, number_at, numbers_of

MAX_FORMULA = 44
"""Maximum number of characters of a formula or rule in a box; a longer one is left out."""

MAX_PARAMETERS = 24
"""Maximum number of parameters for which there may be room."""

MAX_RULE = 26
"""Maximum number of characters of the rule of a parameter; a longer one is left out."""


@dataclass(frozen=True, slots=True)
class Amount:
    """How many numbers are shown at most: of a value on a wire, of a parameter, of what is given.

    `panels` is how many given values are shown at a box, `of_several` how many numbers of each value that shares a wire.
    """

    on_wire: int
    of_parameter: int
    given: int
    panels: int = 4
    of_several: int = 2


@dataclass(slots=True)
class Contents:
    """Makes slides of one step. `step` has the gradients that a program computes itself, `flow.step` is its backward pass."""

    step: Step
    flow: Flow
    sample: Sample
    tell: Language
    _terms: dict[tuple[int, int], int] = field(init=False)
    _names: dict[tuple[int, ...], Named] = field(default_factory=dict)
    _boxes: dict[tuple[int, ...], Box] = field(default_factory=dict)
    _shown: dict[tuple[int, int], tuple[Numbers, Numbers | None]] = field(default_factory=dict)
    _rules_of: dict[tuple[int, tuple[int, ...]], str] = field(default_factory=dict)
    _outside: Sequence[Node] = field(init=False)
    """What the forward pass computes that the loss does not use."""

    def __post_init__(self) -> None:
        self._terms = terms_by_use(gradient_terms(self.flow.step))
        inside = {*self.flow.ids, *self.flow.given}
        self._outside = [
            node
            for node in self.flow.step.nodes
            if node.id not in inside
            and node.phase in (Phase.FORWARD, Phase.LOSS)
            and not needs_no_row(node.op, node.parameters.get("output", 0))
            and not node.parameters.get("output")
        ]

    def slide(self, groups: Sequence[Group], amount: Amount) -> Slide:
        """The slide of these groups."""
        home = {id: number for number, group in enumerate(groups) for id in group.ids}
        boxes = tuple(self._box(group) for group in groups)
        loss = self.flow.step.loss_id
        signals = tuple(self._signal(id, home, amount) for id in self._crossing(home))
        parameters, more = self._parameters(home, boxes, amount.of_parameter)
        return Slide(
            self.step.index, self.sample, boxes, signals, parameters,
            self._signal(loss, home, amount), self._update(), max(1, len(self.step.losses)), amount.panels, more,
            amount.of_several, sum(node.size for node in self._used_parameters()),
        )  # fmt: skip

    def _crossing(self, home: dict[int, int]) -> list[int]:
        """The values that lead from one box into another, and the given ones that lead into a box, in order."""
        nodes = self.flow.step.nodes
        found = []
        for id, users in self.flow.users.items():
            node = nodes[id]
            if id in home:
                is_shown = any(home[user] != home[id] for user in users)
            else:
                is_shown = self._is_read(id) and (node.op == "data" or (id in self.flow.given and self._is_told(id)))
            if is_shown:
                found.append(id)
        return sorted(found, key=lambda id: (home.get(id, -1), id))

    def _is_read(self, id: int) -> bool:
        """Whether the numbers of a value are used: not those of an array that is only written into."""
        users = [self.flow.step.nodes[user] for user in self.flow.users.get(id, ())]
        return any(user.op != "write" or id in user.inputs[1:] for user in users)

    def _is_told(self, id: int) -> bool:
        """Whether a given value is an array with a name, or is computed from data."""
        return bool(self.flow.step.nodes[id].name and self.flow.step.nodes[id].shape) or self._is_of_data(id)

    def _is_of_data(self, id: int) -> bool:
        """Whether a given value is computed from data, not from constants only."""
        pending = [id]
        seen: set[int] = set()
        while pending:
            node = self.flow.step.nodes[pending.pop()]
            if node.op == "data":
                return True
            pending += [each for each in node.operands if each not in seen]
            seen.update(node.operands)
        return False

    def _signal(self, id: int, home: dict[int, int], amount: Amount) -> Signal:
        tail = home.get(id, -1)
        heads = tuple(sorted({home[user] for user in self.flow.users.get(id, ()) if home[user] != tail}))
        value, shown = self._elements(id, amount.on_wire if tail >= 0 else amount.given)
        returns = {home[user] for user in self.flow.users.get(id, ()) if (id, user) in self._terms} - {tail}
        images = images_of(self.flow, id, self.sample) if tail < 0 else ()
        name = self.flow.labels[id]
        return Signal(id, name, tail, heads, value, shown, tuple(sorted(returns)), self._elsewhere(id), images)

    def _elements(self, id: int, most: int) -> tuple[Numbers, Numbers | None]:
        """Some numbers of the sample of a value, and the same elements of its gradient."""
        step, labels = self.flow.step, self.flow.labels
        if (id, most) not in self._shown:
            gradient = step.nodes[step.gradients[id]] if id in step.gradients else None
            self._shown[id, most] = numbers_of(step.nodes[id], gradient, self.sample, labels, most)
        return self._shown[id, most]

    def _elsewhere(self, id: int) -> tuple[str, ...]:
        """The names of the last values that are computed from a value in the forward pass and that the loss does not use."""
        reached = {id}
        used: set[int] = set()
        for node in self._outside:
            if node.id > id and not reached.isdisjoint(node.operands):
                reached.add(node.id)
                used.update(node.operands)
        return tuple(self.flow.labels[each] for each in sorted(reached - used - {id}))

    def _box(self, group: Group) -> Box:
        key = (*group.ids, -group.repeats)
        if key not in self._boxes:
            found = self._named(group)
            step = self.flow.step
            is_loss = step.loss_id in group or all(step.nodes[id].phase is Phase.LOSS for id in group.ids)
            kind, rules = Kind.LOSS if is_loss else Kind.FORWARD, self._rules(group, found)
            self._boxes[key] = Box(group.ids, kind, found.title, _short(found.formula), rules, group.repeats)
        return self._boxes[key]

    def _named(self, group: Group) -> Named:
        key = (*group.ids, -group.repeats)
        if key not in self._names:
            self._names[key] = named(self.flow, group, self.tell)
        return self._names[key]

    def _rules(self, group: Group, found: Named) -> tuple[Rule, ...]:
        """The rules of the inputs that carry a gradient on."""
        rules = []
        for id in dict.fromkeys(each for inner in group.ids for each in self.flow.inputs(inner)):
            if id in group or self.flow.step.nodes[id].op == "parameter":
                continue
            contribution = self._contribution(group, id)
            if contribution is None or len(found.exits) != 1 or group.repeats > 1:
                continue
            text = found.rule if id == found.x else ""
            text = text or rule_formula(self.flow, group, found.exits[0], contribution)
            rules.append(Rule(id, contribution, _short(text)))
        return tuple(rules)

    def _contribution(self, group: Group, id: int) -> int | None:
        """The node of what flows back to a value through a group; None if nothing does, or if it is not a single node."""
        users = [user for user in self.flow.users.get(id, ()) if (id, user) in self._terms]
        inside = [user for user in users if user in group]
        if not inside:
            return None
        if len(users) == len(inside):
            return self.flow.step.gradients.get(id)
        return self._terms[id, inside[0]] if len(inside) == 1 else None

    @property
    def has_more_parameters(self) -> bool:
        """Whether there are more parameters than there may be room for."""
        return len(self._used_parameters()) > MAX_PARAMETERS

    def _used_parameters(self) -> list[Node]:
        return [node for node in self.flow.step.parameters if self.flow.users.get(node.id)]

    def _parameters(self, home: dict[int, int], boxes: Sequence[Box], rows: int) -> tuple[tuple[Parameter, ...], int]:
        """The first parameters that are used, and the number of the others."""
        used = self._used_parameters()
        found = []
        for node in used[:MAX_PARAMETERS]:
            users = self.flow.users[node.id]
            places = tuple(sorted({home[user] for user in users}))
            rule = self._parameter_rule(node, boxes[places[0]].ids) if len(places) == 1 else ""
            found.append(self._parameter(node, places, len(users), rule, rows))
        return tuple(found), len(used) - len(found)

    def _parameter(self, node: Node, boxes: tuple[int, ...], uses: int, rule: str, rows: int) -> Parameter:
        step, labels = self.flow.step, self.flow.labels
        gradient = step.nodes[step.gradients[node.id]] if node.id in step.gradients else None
        new = step.nodes[step.updates[node.id]] if node.id in step.updates else None
        shown, _ = numbers_of(node, gradient, WHOLE, labels, rows)
        table, note = [], self._note(node.id)
        # The new value comes of the program's own gradient, not of the true one.
        own = step.nodes[step.own_gradients[node.id]] if note else None
        for number in shown.numbers:
            others = [
                number_at(each, number.index, labels) if each is not None and each.is_kept and each.shape == node.shape else None
                for each in (gradient, new, own)
            ]
            table.append(Row(number.index, number, *others))
        return Parameter(node.id, labels[node.id], node.shape, boxes, uses, rule, tuple(table), shown.more, note)

    def _parameter_rule(self, node: Node, ids: tuple[int, ...]) -> str:
        """The rule of the gradient of a parameter that one box uses; empty if it is long."""
        step = self.flow.step
        if node.id not in step.gradients:
            return ""
        if (node.id, ids) not in self._rules_of:
            group = Group(ids, "")
            exits = exits_of(self.flow, group)
            rule = rule_formula(self.flow, group, exits[0], step.gradients[node.id]) if len(exits) == 1 else ""
            self._rules_of[node.id, ids] = rule if len(rule) <= MAX_RULE else ""
        return self._rules_of[node.id, ids]

    def _note(self, id: int) -> str:
        """What to say of the gradient that the program computes itself: nothing if it is the true one."""
        agreement = agreement_in(self.step, id)
        if agreement is None or agreement.is_same or self.step.nodes[id].size == 1:  # one number may differ by any factor
            return ""
        if agreement.factor is None:
            return self.tell("own gradient, differs")
        return self.tell("own gradient, {factor} times", factor=number_text(agreement.factor, DIGITS))

    def _update(self) -> tuple[str, ...]:
        """How parameters are updated: the optimizer and its settings, or the formula of the first update."""
        step = self.flow.step
        found = next(((id, new) for id, new in step.updates.items() if not step.nodes[new].is_leaf), None)
        if found is None:
            return ()
        parameter, new = (step.nodes[id] for id in found)
        optimizer, _, updated = new.scope.partition("/")
        if not updated or updated != parameter.name:
            return (self.flow.labels.equation(new),)
        settings = [
            f"{node.name} {number_text(node.value.item(), DIGITS)}"
            for node in step.nodes
            if node.op == "hyperparameter" and node.name and node.size == 1 and node.is_kept and node.name != "t"
        ]
        return (optimizer, *settings)


def _short(formula: str) -> str:
    """A formula if each of its lines is short, otherwise nothing."""
    return formula if all(len(line) <= MAX_FORMULA for line in formula.split("\n")) else ""
