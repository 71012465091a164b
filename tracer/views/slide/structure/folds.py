"""Coarser and coarser groups of a step, until a slide has room for them: activations, repeated cells, functions, neighbours."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace

from tracer.analysis.repetition import pattern_at
from tracer.graph.record import Phase
from tracer.views.ideas.flow import Flow, kind
from tracer.views.ideas.groups import FUNCTION, LAYER, LSTM, OPERATION, Group, idea_groups, merged, ordered
from tracer.views.ideas.lstm import MULTIPLY, with_lstm_cells
from tracer.views.ideas.naming import idea_of

MAX_BOXES = 8
"""Maximum number of boxes on a slide."""

MAX_PERIOD = 16
"""Maximum number of groups in a cell that is repeated."""

MIN_MERGED = 5
"""Number of groups down to which the neighbours of cells are joined before coarser groups are tried."""

MAX_CHUNKS = 60
"""Maximum number of groups that are joined two by two."""

MIN_REPEATS = 3
"""Minimum number of equal cells that are folded into one box."""


ELEMENTWISE = {"add", "iadd", "subtract", "sub", "multiply", "mul", "divide", "div", "tanh", "negative", "neg"}


def foldings(flow: Flow) -> Iterator[list[Group]]:
    """The groups of a step, finer ones first, with at most MAX_BOXES each; the last are one box."""
    if not flow.ids:
        return
    ideas = _with_known_functions(flow, idea_groups(flow))
    chains = _with_functions(flow, ideas)
    cells = _cells(flow, chains)
    coarser = [_by_scope(flow, chains, depth) for depth in _depths(flow)]
    last = coarser[-1] if coarser else chains
    for groups in itertools.chain((ideas, chains), _finer(flow, ideas, chains), (cells,)):
        if len(groups) <= MAX_BOXES:
            yield groups
    if len(cells) < len(chains):
        yield from _reduced(flow, cells, MIN_MERGED)
    for groups in (*coarser, _fold_repeats(flow, last)):
        if len(groups) <= MAX_BOXES:
            yield groups
    yield from _reduced(flow, last, 1)


def _finer(flow: Flow, ideas: Sequence[Group], chains: Sequence[Group]) -> Iterator[list[Group]]:
    """Groups of what is computed element by element, and with the cells of an LSTM in one box each, or all in one."""
    yield _with_elementwise(flow, chains)
    lstm = with_lstm_cells(flow, ideas)
    if len(lstm) < len(ideas):
        yield lstm
        yield _fold_repeats(flow, lstm)


def _reduced(flow: Flow, groups: Sequence[Group], least: int) -> Iterator[list[Group]]:
    """These groups with neighbours joined, from MAX_BOXES down to `least`."""
    groups = _in_chunks(flow, groups)
    while len(groups) > least:
        groups = _merge_smallest(flow, groups)
        if len(groups) <= MAX_BOXES:
            yield groups


def _phases(flow: Flow, group: Group) -> set[Phase]:
    return {flow.step.nodes[id].phase for id in group.ids}


def _in_chunks(flow: Flow, groups: Sequence[Group]) -> list[Group]:
    """At most MAX_CHUNKS groups: of more, equally many neighbours are joined."""
    size = -(-len(groups) // MAX_CHUNKS)
    if size == 1:
        return list(groups)
    return ordered(flow, [merged(groups[start : start + size]) for start in range(0, len(groups), size)])


def _with_known_functions(flow: Flow, groups: Sequence[Group]) -> list[Group]:
    """Part a function that is unknown from its first or last operation if the rest is known: softmax(scores / 8), tanh(z) * c."""
    result: list[Group] = []
    for group in groups:
        if group.what == FUNCTION and not group.scope and len(group.ids) > 2 and idea_of(flow, group)[0] is None:
            *before, last = group.ids
            first, rest = Group(group.ids[:1], OPERATION), Group(group.ids[1:], FUNCTION)
            if idea_of(flow, rest)[0] is not None:
                result += [first, rest]
                continue
            first, rest = Group(tuple(before), FUNCTION), Group((last,), OPERATION)
            if _is_product(flow, rest) and idea_of(flow, first)[0] is not None:
                result += [first, rest]
                continue
        result.append(group)
    return ordered(flow, result)


def _with_functions(flow: Flow, groups: Sequence[Group]) -> list[Group]:
    """Join a function of one value to the layer that alone gives it: `relu(x @ W + b)`."""
    home = {id: number for number, group in enumerate(groups) for id in group.ids}
    result: dict[int, Group] = dict(enumerate(groups))
    at = {number: number for number in result}
    for number, group in enumerate(groups):
        if group.what != FUNCTION or _phases(flow, group) != {Phase.FORWARD} or _is_product(flow, group):
            continue
        inputs = {home[each] for id in group.ids for each in flow.inputs(id) if each in home and each not in group}
        if len(inputs) != 1:
            continue
        (before,) = inputs
        users = {home[user] for id in groups[before].ids for user in flow.users.get(id, ())} - {before}
        if users == {number} and result[at[before]].what == LAYER:
            place = at[before]
            result[place] = merged([result[place], group], LAYER)
            at[number] = place
            del result[number]
    return ordered(flow, result.values())


def _is_product(flow: Flow, group: Group) -> bool:
    """Whether a group only multiplies two arrays."""
    (id, *more) = group.ids
    arrays = [each for each in flow.inputs(id) if flow.step.nodes[each].size > 1]
    return not more and kind(flow.step.nodes[id]) in MULTIPLY and len(arrays) > 1


def _with_elementwise(flow: Flow, groups: Sequence[Group]) -> list[Group]:
    """Join what is computed element by element to what alone uses it: `f * c + i * g`, `o * tanh(c)`."""
    result = dict(enumerate(groups))
    home = {id: number for number, group in enumerate(groups) for id in group.ids}
    for number, group in reversed(list(enumerate(groups))):
        users = {home[user] for id in group.ids for user in flow.users.get(id, ())} - {number}
        if len(users) == 1 and _is_elementwise(flow, group) and _is_elementwise(flow, result[(user := users.pop())]):
            result[user] = Group(tuple(sorted((*group.ids, *result[user].ids))), OPERATION)
            home.update(dict.fromkeys(group.ids, user))
            del result[number]
    return ordered(flow, result.values())


def _is_elementwise(flow: Flow, group: Group) -> bool:
    """Whether a group of the forward pass is no layer, has no parameters, and every operation is done for each element."""
    nodes = [flow.step.nodes[id] for id in group.ids]
    is_plain = group.what in (FUNCTION, OPERATION) and not group.parts and not group.repeats > 1
    return is_plain and all(kind(node) in ELEMENTWISE and node.phase is Phase.FORWARD for node in nodes)


def _cells(flow: Flow, groups: Sequence[Group]) -> list[Group]:
    """Join the groups of each of several equal cells into one box."""
    result: list[Group] = []
    start = 0
    for length, times, first in _patterns(flow, groups):
        result += groups[start:first]
        result += [merged(groups[first + length * cell : first + length * (cell + 1)]) for cell in range(times)]
        start = first + length * times
    return ordered(flow, [*result, *groups[start:]])


def _fold_repeats(flow: Flow, groups: Sequence[Group]) -> list[Group]:
    """Join all equal cells that follow each other into one box."""
    result: list[Group] = []
    start = 0
    for length, times, first in _patterns(flow, groups):
        result += groups[start:first]
        result.append(replace(merged(groups[first : first + length * times]), repeats=times))
        start = first + length * times
    return ordered(flow, [*result, *groups[start:]])


def _patterns(flow: Flow, groups: Sequence[Group]) -> Iterator[tuple[int, int, int]]:
    """The length of a cell, how often it is repeated, and where the first begins; those that cover most first found win."""
    signatures = [_signature(flow, group) for group in groups]
    start = 0
    while start < len(groups):
        length, times = pattern_at(signatures, start, MAX_PERIOD, MIN_REPEATS)
        if times > 1:
            yield length, times, start
        start += length * times


def _signature(flow: Flow, group: Group) -> Hashable:
    """The operations and shapes of a group, equal for cells that repeat; of an LSTM cell, whose first may differ, its shape."""
    if group.what == LSTM:
        return LSTM, flow.step.nodes[group.ids[-1]].shape
    return tuple((kind(flow.step.nodes[id]), flow.step.nodes[id].shape) for id in group.ids)


def _depths(flow: Flow) -> range:
    """The depths of scopes, deepest first."""
    deepest = max((flow.step.nodes[id].scope.count("/") + 1 for id in flow.ids if flow.step.nodes[id].scope), default=0)
    return range(deepest, 0, -1)


def _by_scope(flow: Flow, groups: Sequence[Group], depth: int) -> list[Group]:
    """Join neighbours that are in one call of a function of the user's, that many levels deep."""
    result: list[Group] = []
    for group in groups:
        scopes = {"/".join(flow.step.nodes[id].scope.split("/")[:depth]) for id in group.ids}
        scope = scopes.pop() if len(scopes) == 1 else ""
        if scope and result and result[-1].scope == scope:
            result[-1] = merged([result[-1], group], scope=scope)
        else:
            result.append(replace(group, scope=scope or group.scope))
    return ordered(flow, result)


def _merge_smallest(flow: Flow, groups: Sequence[Group]) -> list[Group]:
    """Join the two neighbours that have the fewest operations together: those of the loss first, then those in a chain."""
    before: dict[int, set[int]] = defaultdict(set)
    after: dict[int, set[int]] = defaultdict(set)
    home = {id: number for number, group in enumerate(groups) for id in group.ids}
    for id, number in home.items():
        for each in flow.inputs(id):
            if each in home and home[each] != number:
                before[number].add(home[each])
                after[home[each]].add(number)

    def cost(at: int) -> tuple[bool, bool, bool, bool, int]:
        one, other = groups[at], groups[at + 1]
        phases = _phases(flow, one) | _phases(flow, other)
        is_chain = after[at] == {at + 1} and before[at + 1] == {at}
        is_junction = len(before[at]) > 1 or len(before[at + 1]) > 1
        return len(phases) > 1, phases != {Phase.LOSS}, not is_chain, is_junction, len(one.ids) + len(other.ids)

    at = min(range(len(groups) - 1), key=cost)
    both = merged(groups[at : at + 2])
    return ordered(flow, [*groups[:at], both, *groups[at + 2 :]])
