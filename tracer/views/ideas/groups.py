"""The operations of a flow in groups that are one idea each: a layer, an activation, a loss."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tracer.views.ideas.flow import PLUMBING, PRODUCTS, Flow, kind
from tracer.views.ideas.scopes import LAYERS, idea_scope, scope_title

LAYER, FUNCTION, OPERATION, LSTM = "layer", "function", "operation", "lstm"
"""What a group is: sums of products with parameters, a function of one value, anything else, or the cell of an LSTM."""

SUMS = {"add", "iadd"}
MAX_SEARCH = 24
"""How many operations on a function of one value may end."""


@dataclass(frozen=True, slots=True)
class Group:
    """Operations that are drawn as one box, in order: their ids, what they are, and the function of the code they are in.

    `parts` are the groups that it was merged of; `repeats` is the number of equal ones it stands for.
    """

    ids: tuple[int, ...]
    what: str
    scope: str = ""
    parts: tuple[Group, ...] = ()
    repeats: int = 1

    def __contains__(self, id: int) -> bool:
        return id in self.ids


def merged(groups: Sequence[Group], what: str = OPERATION, scope: str = "", repeats: int = 1) -> Group:
    """One group of the operations of several."""
    ids = tuple(sorted(id for group in groups for id in group.ids))
    parts = tuple(part for group in groups for part in (group.parts or (group,)))
    return Group(ids, what, scope, parts, repeats)


def idea_groups(flow: Flow) -> list[Group]:
    """The finest groups, in an order in which values only flow forward."""
    groups = _by_scope(flow)
    groups = _layers(flow, groups)
    groups = _functions(flow, groups)
    return ordered(flow, _without_plumbing(flow, groups))


def _by_scope(flow: Flow) -> list[Group]:
    """Runs of operations in one call of a function that is an idea; all others alone."""
    groups: list[Group] = []
    for id in flow.ids:
        scope = idea_scope(flow.step.nodes[id].scope)
        if scope and groups and groups[-1].scope == scope:
            groups[-1] = replace(groups[-1], ids=(*groups[-1].ids, id))
        else:
            groups.append(Group((id,), _what(scope), scope))
    return groups


def _what(scope: str) -> str:
    name = scope_title(scope).lower()
    return LAYER if name in LAYERS else FUNCTION if name else OPERATION


def _layers(flow: Flow, groups: Sequence[Group]) -> list[Group]:
    """Join sums of products, of which at least one factor is a parameter, and what is added to them."""
    nodes, of = flow.step.nodes, {id: group for group in groups for id in group.ids}

    def is_parameter(id: int) -> bool:
        node = nodes[id]
        if kind(node) in PLUMBING and not node.is_leaf and len(node.operands) == 1:
            return is_parameter(node.operands[0])
        return node.op == "parameter"

    def is_layer(id: int) -> bool:
        node = nodes[id]
        inputs = flow.inputs(id)
        if of.get(id) is None or of[id].scope:
            return False
        if kind(node) in PRODUCTS:
            return any(map(is_parameter, inputs))
        return kind(node) in ("multiply", "mul") and any(map(is_parameter, inputs)) and not all(map(is_parameter, inputs))

    parent: dict[int, int] = {id: id for id in flow.ids if is_layer(id)}
    for id in flow.ids:
        if kind(nodes[id]) not in SUMS or of[id].scope:
            continue
        terms = flow.inputs(id)
        products = [term for term in terms if term in parent and flow.users[term] == (id,)]
        others = [term for term in terms if term not in products and not is_parameter(term)]
        if products and not others:
            parent[id] = id
            for term in products:
                parent[term] = id
    members: dict[int, list[int]] = defaultdict(list)
    for id in parent:
        root = id
        while parent[root] != root:
            root = parent[root]
        members[root].append(id)
    joined = {id: Group(tuple(sorted(ids)), LAYER) for ids in members.values() for id in ids}
    return list(dict.fromkeys(joined.get(id) or of[id] for id in flow.ids))


def _functions(flow: Flow, groups: Sequence[Group]) -> list[Group]:
    """Join what computes one value from one other: 1 / (1 + exp(-z)), the mean of the squared differences."""
    nodes = flow.step.nodes
    single = {group.ids[0] for group in groups if len(group.ids) == 1 and group.what == OPERATION}
    free = [id for id in flow.ids if id in single]
    taken: set[int] = set()
    found: list[Group] = []
    for position, start in enumerate(free):
        if start not in taken and (ids := _function_from(flow, free[position : position + MAX_SEARCH], taken)):
            taken.update(ids)
            found.append(Group(ids, FUNCTION, _common_scope([nodes[id].scope for id in ids])))
    return found + [group for group in groups if taken.isdisjoint(group.ids)]


def _function_from(flow: Flow, candidates: Sequence[int], taken: set[int]) -> tuple[int, ...]:
    """The operations from the first on that compute one value from the one that carries a gradient into it; or none."""
    nodes, start = flow.step.nodes, candidates[0]
    entries = [id for id in flow.inputs(start) if flow.carries(id)]
    known = set(entries)
    inside: list[int] = []
    best: tuple[int, ...] = ()
    for id in candidates:
        inputs = flow.inputs(id)
        carrying = [each for each in inputs if flow.carries(each)]
        if id in taken or nodes[id].phase is not nodes[start].phase or kind(nodes[id]) in PRODUCTS:
            continue
        if len(entries) != 1 or not carrying or not known.issuperset(carrying):
            continue
        if any(nodes[each].op == "parameter" for each in inputs):
            continue
        known.add(id)
        inside.append(id)
        if len(_exits(flow, inside)) == 1:
            best = tuple(inside)
    return best


def _exits(flow: Flow, ids: Sequence[int]) -> list[int]:
    """The values that are used outside of these operations."""
    inside = set(ids)
    return [id for id in ids if id == flow.step.loss_id or not inside.issuperset(flow.users.get(id, ()))]


def _without_plumbing(flow: Flow, groups: Sequence[Group]) -> list[Group]:
    """Join what only moves or reshapes a value, or stops its gradient, to the group that uses it, if only one does."""
    nodes = flow.step.nodes
    home = {id: number for number, group in enumerate(groups) for id in group.ids}
    members = {number: list(group.ids) for number, group in enumerate(groups)}
    for number, group in reversed(list(enumerate(groups))):
        (id, *more) = group.ids
        if more or not (kind(nodes[id]) in PLUMBING or id not in flow.step.gradients):
            continue
        users = {home[user] for user in flow.users.get(id, ())}
        if len(users) == 1 and (user := users.pop()) != number:
            for each in members[number]:
                home[each] = user
            members[user] += members.pop(number)
    return [replace(groups[number], ids=tuple(sorted(ids))) for number, ids in members.items()]


def _common_scope(scopes: Sequence[str]) -> str:
    first, *others = scopes
    return first if all(scope == first for scope in others) else ""


def ordered(flow: Flow, groups: Iterable[Group]) -> list[Group]:
    """The groups in an order in which values only flow forward, else in that of the program; those in a cycle are merged."""
    groups = sorted(groups, key=lambda group: group.ids)
    home = {id: number for number, group in enumerate(groups) for id in group.ids}
    flows = {(home[each], head) for id, head in home.items() for each in flow.inputs(id) if each in home and home[each] != head}
    if all(tail < head for tail, head in flows):
        return groups
    import networkx  # takes longer to load than a small step takes to draw

    graph = networkx.DiGraph()
    graph.add_nodes_from(range(len(groups)))
    graph.add_edges_from(flows)
    cycles = [sorted(cycle) for cycle in networkx.strongly_connected_components(graph) if len(cycle) > 1]
    if cycles:
        inside = {number for cycle in cycles for number in cycle}
        single = [group for number, group in enumerate(groups) if number not in inside]
        return ordered(flow, [*single, *(merged([groups[number] for number in cycle]) for cycle in cycles)])
    return [groups[number] for number in networkx.lexicographical_topological_sort(graph, key=lambda number: groups[number].ids)]
