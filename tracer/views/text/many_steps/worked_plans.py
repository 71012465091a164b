"""Worked elements of operations that are alike, and of the same one in many steps: the formula is built once."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from tracer.graph.record import Node
from tracer.i18n.language import Language
from tracer.views.notation import Labels
from tracer.views.text.many_steps.element_plans import ElementPlan, Outliner
from tracer.views.text.many_steps.likeness import likeness
from tracer.views.text.many_steps.number_texts import Numbers
from tracer.views.worked import MAX_INNER_LENGTH, worked_element

MAX_TEMPLATES = 32
"""Maximum number of templates of an element: one for each combination of signs, and of terms that are 0."""

_NONE = np.empty(0, dtype=np.intp)


@dataclass(slots=True)
class NodePlan:
    """The way to the first element of a node: the nodes by their slots, its name, and the plan of the nodes that it is like."""

    like: Hashable
    ids: tuple[int, ...]
    element: str
    plan: ElementPlan | None


class WorkedPlans:
    """Works out the first element of nodes, as `worked_element` does, in steps of one structure."""

    def __init__(self, digits: int, tell: Language) -> None:
        self._digits = digits
        self._tell = tell
        self._nodes: dict[int, NodePlan] = {}
        self._shared: dict[Hashable, ElementPlan] = {}

    def equation(self, nodes: Sequence[Node], node: Node, labels: Labels, numbers: Numbers) -> str:
        """The equation; empty if there is none. `labels` and `numbers` are those of the step."""
        if node.is_leaf or not node.size:
            return ""
        planned = self._planned(nodes, node, labels, numbers)
        return worked_element(nodes, node, labels, None, self._digits, tell=self._tell) if planned is None else planned

    def _planned(self, nodes: Sequence[Node], node: Node, labels: Labels, numbers: Numbers) -> str | None:
        """The equation by the plan; None if there is no plan, or if it does not apply to the numbers of the step."""
        known = self._nodes.get(node.id)
        if known is None:
            like, ids = likeness(nodes, node, labels)
            known = NodePlan(like, ids, labels.element(node.id, (0,) * len(node.shape)), self._shared.get(like))
        plan, ids = known.plan, known.ids
        if plan is None or not plan.suits(nodes, ids):
            plan = Outliner(nodes, labels, self._digits, ids).plan(node)
        if not (numbers.are_all_kept or all(nodes[ids[slot]].is_kept for slot in plan.needed)):
            return None  # less is written
        if plan is not known.plan:  # what it is like takes long to hash
            known.plan = plan
            self._shared.setdefault(known.like, plan)
        self._nodes[node.id] = known
        if not plan.is_fixed:
            return None
        chosen, zeros = plan.choice.terms_in(nodes, ids) if plan.choice is not None else (_NONE, 0)
        texts = [place.number(numbers, ids, chosen) for place in plan.places]
        signs = tuple([text[0] == "-" for text in texts])
        key = zeros, signs
        if key not in plan.templates:
            if len(plan.templates) == MAX_TEMPLATES:
                plan.templates.clear()
            if zeros not in plan.outlines:
                plan.outlines |= Outliner(nodes, labels, self._digits, ids).plan(node).outlines
            plan.templates[key] = plan.outlines[zeros].template(signs, self._tell)
        template = plan.templates[key]
        if template is None:
            return ""
        texts = [text.removeprefix("-") for text in texts]
        if template.parts and any(len(part.filled(texts)) > MAX_INNER_LENGTH for part in template.parts):
            return None
        result = numbers.at(node.id, (0,) * len(node.shape), 0)
        if template.formula is not None and template.formula.filled(texts) == result:
            return ""
        return f"{known.element} = {template.arithmetic.filled(texts)} = {result}"
