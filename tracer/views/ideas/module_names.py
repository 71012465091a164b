"""What a module of a picture is called, and short names for its values: the same ideas as on a slide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from tracer.graph.expression import Derivative, Expression, Name, Text, infix
from tracer.graph.formula import formula
from tracer.graph.losses import passes
from tracer.graph.record import Node, Phase, Step
from tracer.i18n.language import Language
from tracer.views.ideas.flow import PLUMBING, Flow, flow_of, kind
from tracer.views.ideas.groups import LAYER, OPERATION, Group, idea_groups
from tracer.views.ideas.naming import Named, named
from tracer.views.ideas.scopes import is_idea, scope_title
from tracer.views.ideas.titles import title_text
from tracer.views.notation import Labels
from tracer.views.simplifying import simplified

MAX_OPERATIONS = 600
"""Maximum number of operations before and in the loss of which ideas are looked for: of more that takes longer than to draw."""

MAX_TITLES = 2
"""Maximum number of ideas in the title of a module."""


class ModuleNames:
    """The names of the modules of a step and of their values."""

    def __init__(self, step: Step, labels: Labels, tell: Language) -> None:
        self._labels, self._tell, self._step = labels, tell, step
        self._groups: list[Group] = []
        computed = sum(node.phase in (Phase.FORWARD, Phase.LOSS) and not node.is_leaf for node in step.nodes)
        self._flow: Flow | None = None
        if computed <= MAX_OPERATIONS and passes(step):
            self._flow = flow_of(step)
            self._groups = idea_groups(self._flow)
        self._ideas = {id: name for group in self._groups for id, name in self._exits(group)}

    def _exits(self, group: Group) -> Iterable[tuple[int, str]]:
        found = self._named(group)
        return ((id, found.title) for id in found.exits) if _is_idea(group, found) else ()

    def _named(self, group: Group) -> Named:
        assert self._flow is not None
        return named(self._flow, group, self._tell)

    def title(self, scope: str, ids: Sequence[int], max_length: int) -> str:
        """The title of a module: the user's function that it is, else its ideas; empty if it has neither.

        A layer that has a number or a path, and a function in which the loss is, have their ideas before it: `dense (layers.0)`.
        """
        is_named = scope_title(scope).isidentifier() and self._step.nodes[ids[0]].phase is Phase.FORWARD
        if is_idea(scope) or is_named:
            return scope
        ideas = self._title_of_ideas(scope, set(ids))
        if not ideas:
            return scope
        both = f"{ideas} ({scope})" if scope else ideas
        return both if len(both) <= max_length else scope or ideas

    def _title_of_ideas(self, scope: str, ids: set[int]) -> str:
        titles: dict[str, None] = {}
        for group in self._groups:
            part = self._part(group, ids)
            if part is None:
                continue
            found = self._named(part)
            if scope and not _is_idea(part, found):
                return ""
            titles[found.title] = None
        return title_text(", ".join(titles), self._tell) if len(titles) <= MAX_TITLES else ""

    def _part(self, group: Group, ids: set[int]) -> Group | None:
        """What of a group is in a module; None if that only moves values for the rest of it, or is nothing."""
        inside = tuple(id for id in group.ids if id in ids)
        if not inside or len(inside) == len(group.ids):
            return group if inside else None
        kinds = [kind(self._step.nodes[id]) for id in inside]
        outside = [kind(self._step.nodes[id]) for id in group.ids if id not in ids]
        if PLUMBING.issuperset(kinds) and not PLUMBING.issuperset(outside):
            return None
        is_whole = PLUMBING.issuperset(outside)
        return replace(group, ids=inside, what=group.what if is_whole else OPERATION, scope=group.scope if is_whole else "")

    def tree(self, id: int, max_length: int) -> Expression:
        """A value as an expression of this length: its name or what it is computed from, else what computes it."""
        tree = simplified(self._labels.tree(id))
        return Text(self._ideas[id]) if len(tree.text) > max_length and id in self._ideas else tree

    def derivative(self, id: int, loss: str, max_length: int) -> str:
        """The gradient of a value, as text: `dL/dh1`, `dL/d(dense)`."""
        tree = self.tree(id, max_length)
        return f"d{loss}/d({tree.text})" if isinstance(tree, Text) else Derivative(tree, loss).text

    def equation(self, node: Node, max_length: int) -> str:
        """The equation of a value: with ideas for long operands, else its name alone; empty if it has none and is too long."""
        text = simplified(self._labels.equation_tree(node)).text
        if len(text) <= max_length:
            return text
        computed = simplified(formula(node.formula, node.inputs, lambda id: self.tree(id, max_length // 2)))
        short = infix(("=",), (Name(node.name), computed)).text if node.name else computed.text
        return short if len(short) <= max_length else node.name


def _is_idea(group: Group, found: Named) -> bool:
    return found.idea is not None or group.what == LAYER or is_idea(group.scope)
