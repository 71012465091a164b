"""What a group of operations is called, its formula, and the rule of its gradient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tracer.i18n.language import Language
from tracer.views.ideas.activations import activations
from tracer.views.ideas.flow import PLUMBING, Flow, kind
from tracer.views.ideas.groups import LAYER, LSTM, Group
from tracer.views.ideas.ideas import Case, Idea, recognised
from tracer.views.ideas.losses import losses
from tracer.views.ideas.lstm import cell_formula, cells_of
from tracer.views.ideas.rules import group_formula
from tracer.views.ideas.scopes import is_idea, scope_title
from tracer.views.ideas.titles import operation_title, title_text

IN, OUT = "in", "out"
"""What enters a box and leaves it, where it has no short name."""

MAX_NAME = 14
"""Maximum number of characters of an expression in the formula of a known function."""

MAX_TITLES = 3
"""Maximum number of titles in that of a group that was merged of others."""


@dataclass(frozen=True, slots=True)
class Named:
    """The title of a group, its formula, the values that it gives, and its rule if the group is a known function of `x`."""

    title: str
    formula: str
    exits: tuple[int, ...]
    rule: str = ""
    idea: Idea | None = None
    x: int = -1
    y: int = -1


def named(flow: Flow, group: Group, tell: Language) -> Named:
    """The name of a group."""
    exits = exits_of(flow, group)
    is_lstm = group.what == LSTM or (group.repeats > 1 and all(part.what == LSTM for part in group.parts))
    if is_lstm and (cells := cells_of(flow, group.ids)):
        return Named(tell("LSTM cell"), cell_formula(flow, cells[-1]), exits)
    if len(group.parts) > 1:
        return Named(_merged_title(flow, group, tell), _chain_formula(flow, group, tell), exits)
    formula = group_formula(flow, group, exits[0]) if len(exits) == 1 else ""
    idea, x, y = idea_of(flow, group)
    if idea is None:
        title = title_text(_plain_title(flow, group), tell) or tell.count(len(group.ids), "operation")
        return Named(title, formula, exits)
    names = {
        "x": _short(flow.labels[x], IN),
        "y": _short(flow.labels[y] if y >= 0 else "", ""),
        "out": _short(flow.labels[exits[0]], OUT),
    }
    title = title_text(idea.title, tell)
    is_checked = x in flow.step.gradients and all(user in group for user in flow.users[x])
    formula, rule = (_filled(text, names) for text in (idea.formula, idea.rule))
    return Named(title, formula, exits, rule if is_checked else "", idea, x, y)


def _short(name: str, otherwise: str) -> str:
    """A name in a formula: a long expression is called what it is to the box."""
    if len(name) > MAX_NAME and not name.isidentifier() and otherwise:
        return otherwise
    return f"({name})" if " " in name else name


def _filled(text: str, names: Mapping[str, str]) -> str:
    """A formula with its names; an expression is in brackets unless it is the argument of a function.

    >>> _filled("max({x}, 0)", {"x": "(a + b)"}), _filled("g * ({x} > 0)", {"x": "(a + b)"}), _filled("{x} * g", {"x": "(a + b)"})
    ('max(a + b, 0)', 'g * (a + b > 0)', '(a + b) * g')
    """
    filled = text.format(**names)
    for name in names.values():
        filled = filled.replace(f"({name}", f"({name[1:-1]}") if name.startswith("(") else filled
    return filled


def exits_of(flow: Flow, group: Group) -> tuple[int, ...]:
    """The values of a group that other groups use, or the loss."""
    inside = set(group.ids)
    return tuple(id for id in group.ids if id == flow.step.loss_id or not inside.issuperset(flow.users.get(id, ())))


def idea_of(flow: Flow, group: Group) -> tuple[Idea | None, int, int]:
    """The known function that a group computes, its input, and the other input; -1 for none."""
    nodes, exits = flow.step.nodes, exits_of(flow, group)
    inputs = [id for id in dict.fromkeys(each for id in group.ids for each in flow.inputs(id)) if id not in group]
    if group.what == LAYER or len(exits) != 1 or any(nodes[id].op == "parameter" for id in inputs):
        return None, -1, -1
    carrying = [id for id in inputs if flow.carries(id)]
    others = [id for id in inputs if id not in carrying and (nodes[id].op == "data" or id in flow.given or nodes[id].size > 1)]
    arrays = [id for id in others if _is_of_data(flow, id) or (nodes[id].name and nodes[id].shape)]
    if len(carrying) != 1 or len(arrays) > 1 or not all(nodes[id].is_kept for id in (*carrying, *arrays, exits[0])):
        return None, -1, -1
    x, y = carrying[0], arrays[0] if arrays else -1
    step = flow.step
    g = nodes[step.gradients[exits[0]]] if exits[0] in step.gradients else None
    # The gradient of x follows the rule only if it comes from this group alone.
    is_alone = all(user in group for user in flow.users.get(x, ()))
    gradient = nodes[step.gradients[x]] if x in step.gradients and is_alone else None
    case = Case(
        nodes[x].value, nodes[y if y >= 0 else x].value, nodes[exits[0]].value, frozenset(kind(nodes[id]) for id in group.ids),
        g.value if g is not None and g.is_kept else None,
        gradient.value if gradient is not None and gradient.is_kept else None,
    )  # fmt: skip
    return recognised(case, activations(case) if y < 0 else losses(case)), x, y


def _is_of_data(flow: Flow, id: int) -> bool:
    nodes = flow.step.nodes
    return nodes[id].op == "data" or any(_is_of_data(flow, each) for each in nodes[id].operands)


def _plain_title(flow: Flow, group: Group) -> str:
    """The title of a group that is no known function: that of its scope, its layer, its operation, or their number."""
    nodes = [flow.step.nodes[id] for id in group.ids]
    if is_idea(group.scope) or (
        group.scope and {id for id in flow.ids if flow.step.nodes[id].scope == group.scope} <= set(group.ids)
    ):
        return scope_title(group.scope)
    main = [node for node in nodes if kind(node) not in PLUMBING] or nodes
    kinds = {kind(node) for node in main}
    if kinds & {"convolution", "conv2d"}:
        return "convolution"
    if group.what == LAYER:
        is_product = kinds & {"matmul", "dot", "mm"} and kinds & {"add", "iadd"}
        return "dense" if is_product or kinds & {"addmm", "linear"} else "linear"
    if flow.step.loss_id in group and len(main) > 1:
        return "loss"
    names = dict.fromkeys(operation_title(kind(node)) for node in main)
    between = ", " if all(name.replace(" ", "").isalnum() for name in names) else " "
    return between.join(names) if len(names) <= MAX_TITLES else ""


def _merged_title(flow: Flow, group: Group, tell: Language) -> str:
    """The titles of the parts; equal ones once with their number, and the number of operations of many."""
    counts: dict[str, int] = {}
    for part in group.parts:
        title = named(flow, part, tell).title
        counts[title] = counts.get(title, 0) + 1
    titles = [title if count == 1 else f"{title} x{count}" for title, count in counts.items()]
    own = scope_title(group.scope)
    if own:
        return tell("{what}: {which}", what=own, which=tell.count(len(group.ids), "operation")) if own.isdigit() else own
    if group.repeats > 1:
        titles = [f"{title} x{count // group.repeats}" if count > group.repeats else title for title, count in counts.items()]
    return ", ".join(titles) if len(titles) <= MAX_TITLES else tell.count(len(group.ids), "operation")


def _chain_formula(flow: Flow, group: Group, tell: Language) -> str:
    """The formula of a layer and the function that follows it; of more, none."""
    if len(group.parts) != 2 or group.repeats > 1:
        return ""
    first, second = (named(flow, part, tell) for part in group.parts)
    if second.idea is None or len(first.exits) != 1 or second.x != first.exits[0] or not first.formula:
        return ""
    name = second.idea.title
    return f"{name}({first.formula})" if name.isidentifier() else ""
