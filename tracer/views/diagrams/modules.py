"""A diagram of modules: a box per layer, loss, and optimizer of a parameter, with shapes on the arrows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from tracer.graph.expression import Derivative
from tracer.graph.record import Node, Phase, Step
from tracer.views.diagrams.diagram import Arrow, Box, Diagram
from tracer.views.diagrams.theme import Flow, Kind, Style, kind_of
from tracer.views.grids import shortened
from tracer.views.notation import Labels, phase_text, shape_text

MAX_LINES = 5
"""Maximum number of lines in a list of equations or values; the rest are counted."""

MAX_OPTIMIZER_BOXES = 12
"""Maximum number of parameters with an optimizer box each; with more, the parameters of a module share one."""

MAX_LENGTH = 40
MAX_PATTERN_LENGTH = 6
"""Maximum number of modules in a repeated pattern, such as a layer and its activation."""

MIN_REPEATS = 4
"""Minimum number of repetitions for which all but the first and the last are folded."""

MAX_MODULES = 120
"""Maximum number of modules; of more, the middle is folded, whatever they are."""


@dataclass(frozen=True, slots=True)
class Module:
    """Consecutive operations with the same outer scope, or a fold of several modules: `folded` has their scopes."""

    scope: str
    ids: tuple[int, ...]
    folded: tuple[str, ...] = ()


def modules_of(step: Step) -> list[Module]:
    """The modules of forward and loss, in order, at the smallest scope depth that gives more than one forward module."""
    nodes = [node for node in step.nodes if node.phase in (Phase.FORWARD, Phase.LOSS) and not node.is_leaf]
    deepest = max((node.scope.count("/") + 1 for node in nodes), default=1)
    modules: list[Module] = []
    for depth in range(1, deepest + 1):
        modules = _runs(nodes, depth)
        if sum(step.nodes[module.ids[0]].phase is Phase.FORWARD for module in modules) > 1:
            break
    return modules


def _runs(nodes: Sequence[Node], depth: int) -> list[Module]:
    # Runs in program order, so that the arrows between them form no cycle.
    runs: list[tuple[str, Phase, list[int]]] = []
    for node in nodes:
        scope = "/".join(node.scope.split("/")[:depth])
        if not runs or runs[-1][:2] != (scope, node.phase):
            runs.append((scope, node.phase, []))
        runs[-1][2].append(node.id)
    return [Module(scope, tuple(ids)) for scope, _, ids in runs]


def fold_repeats(step: Step, modules: Sequence[Module]) -> list[Module]:
    """Fold repeated modules with the same operations and shapes into one between the first and the last."""
    signatures = [_signature(step, module) for module in modules]
    found: list[Module] = []
    start = 0
    while start < len(modules):
        length, times = _pattern(signatures, start)
        if times < MIN_REPEATS:
            found.append(modules[start])
            start += 1
            continue
        found += modules[start : start + length]
        found.append(_fold(modules[start + length : start + length * (times - 1)]))
        found += modules[start + length * (times - 1) : start + length * times]
        start += length * times
    if len(found) > MAX_MODULES:
        half = MAX_MODULES // 2
        found = [*found[:half], _fold(found[half:-half]), *found[-half:]]
    return found


def _fold(modules: Sequence[Module]) -> Module:
    names = tuple(name for module in modules for name in (module.folded or (module.scope,)))
    return Module("", tuple(id for module in modules for id in module.ids), names)


def _signature(step: Step, module: Module) -> Hashable:
    """The operations and shapes of a module, equal for modules that repeat."""
    return tuple((step.nodes[id].op, step.nodes[id].shape) for id in module.ids)


def _pattern(signatures: Sequence[Hashable], start: int) -> tuple[int, int]:
    """The pattern from `start` that covers the most modules, as its length and number of repetitions."""
    best = (1, 1)
    for length in range(1, MAX_PATTERN_LENGTH + 1):
        times = 1
        while signatures[start : start + length] == signatures[start + length * times : start + length * (times + 1)]:
            times += 1
        if times >= MIN_REPEATS and times * length > best[0] * best[1]:
            best = (length, times)
    return best


def modules(step: Step, labels: Labels, style: Style) -> Diagram:
    """The diagram of the modules of a step, its data and its optimizers."""
    return _Builder(step, labels, style).build()


class _Builder:
    """Builds a diagram."""

    def __init__(self, step: Step, labels: Labels, style: Style) -> None:
        self._step, self._labels, self._style = step, labels, style
        self._modules = fold_repeats(step, modules_of(step))
        self._keys = {id: f"m{module.ids[0]}" for module in self._modules for id in module.ids}
        self._boxes: list[Box] = []
        self._arrows: list[Arrow] = []

    def build(self) -> Diagram:
        """The finished diagram."""
        users: dict[int, list[str]] = defaultdict(list)
        flows: dict[tuple[str, str], dict[int, None]] = {}
        for module in self._modules:
            head = self._keys[module.ids[0]]
            for id in module.ids:
                for operand in self._step.nodes[id].operands:
                    tail = self._keys.get(operand)
                    if tail is None:
                        users[operand].append(head)
                    elif tail != head:
                        flows.setdefault((tail, head), {})[operand] = None
        for id, heads in users.items():
            if self._step.nodes[id].op == "data":
                self._data(self._step.nodes[id], heads)
        for module in self._modules:
            key = self._keys[module.ids[0]]
            self._boxes.append(self._module_box(module, [self._step.nodes[id] for id in users if key in users[id]]))
        for (tail, head), ids in flows.items():
            self._arrows.append(Arrow(tail, head, Flow.VALUE, self._lines([self._value_text(id) for id in ids])))
            back = [id for id in ids if id in self._step.gradients]
            if back:
                texts = [f"{Derivative(self._labels.tree(id)).text} {self._shape(id)}".strip() for id in back]
                self._arrows.append(Arrow(head, tail, Flow.GRADIENT, self._lines(texts), is_backward=True))
        self._optimizers(users)
        hidden = sum(len(module.ids) for module in self._modules if module.folded)
        return Diagram(tuple(self._boxes), tuple(self._arrows), hidden=hidden)

    def _lines(self, texts: Sequence[str]) -> tuple[str, ...]:
        lines = tuple(shortened(text, MAX_LENGTH) for text in texts[:MAX_LINES])
        if len(texts) > MAX_LINES:
            lines += (self._style.tell("and {count} more", count=len(texts) - MAX_LINES),)
        return lines

    def _value_text(self, id: int) -> str:
        return f"{shortened(self._labels[id], MAX_LENGTH - 10)} {self._shape(id)}".strip()

    def _shape(self, id: int) -> str:
        """The shape of a value; empty for a scalar."""
        return shape_text(self._step.nodes[id].shape) if self._step.nodes[id].shape else ""

    def _data(self, node: Node, heads: Sequence[str]) -> None:
        key = f"d{node.id}"
        self._boxes.append(Box(key, Kind.DATA, shortened(self._labels[node.id], MAX_LENGTH)))
        for head in dict.fromkeys(heads):
            self._arrows.append(Arrow(key, head, Flow.VALUE, (shape_text(node.shape),)))

    def _module_box(self, module: Module, leaves: Sequence[Node]) -> Box:
        tell, nodes = self._style.tell, [self._step.nodes[id] for id in module.ids]
        kind = kind_of(nodes[0])
        parameters = [node for node in leaves if node.op == "parameter"]
        lines = [] if module.folded else self._equations(nodes)
        if module.folded:
            lines += self._folded_lines(module)
        if parameters:
            names = self._lines([f"{node.name} {self._shape(node.id)}".strip() for node in parameters])
            count = tell.count(sum(node.size for node in parameters), "parameter")
            lines.append(tell("{what}: {which}", what=count, which=", ".join(names)) if len(names) <= 3 else count)
            lines += names if len(names) > 3 else ()
        operations = tell.count(len(nodes), "operation")
        title = tell("folded") if module.folded else shortened(module.scope, MAX_LENGTH) or phase_text(nodes[0].phase, tell)
        tip = tell("{what}: {which}", what=title, which=operations)
        return Box(self._keys[module.ids[0]], kind, title, operations, tuple(lines), tip=tip)

    def _equations(self, nodes: Sequence[Node]) -> list[str]:
        """The equations of the named values of a module, or of its last value."""
        named = [node for node in nodes if node.name] or [nodes[-1]]
        texts = [self._labels.equation(node) for node in named]
        if len(texts) > MAX_LINES:  # the last one is the output of the module
            texts = [*texts[: MAX_LINES - 2], "...", texts[-1]]
        return [shortened(text, MAX_LENGTH) for text in texts]

    def _folded_lines(self, module: Module) -> list[str]:
        """The modules in a fold: their number by kind, the first and the last."""
        names = [name or self._style.tell("without a scope") for name in module.folded]
        counts: dict[str, int] = {}
        for name in names:
            kind = name.partition("#")[0]
            counts[kind] = counts.get(kind, 0) + 1
        texts = [f"{shortened(kind, MAX_LENGTH)} x {count}" for kind, count in counts.items()]
        first, last = shortened(names[0], MAX_LENGTH), shortened(names[-1], MAX_LENGTH)
        return [*self._lines(texts), f"{first} ... {last}"]

    def _optimizers(self, users: dict[int, list[str]]) -> None:
        """Add the optimizer of every parameter, with an arrow from the module that uses it."""
        shared = len(self._step.updates) > MAX_OPTIMIZER_BOXES
        groups: dict[tuple[str, int], list[int]] = {}
        for id in self._step.updates:
            home = users[id][0] if users[id] else ""
            groups.setdefault((home, 0 if shared else id), []).append(id)
        for (home, _), ids in groups.items():
            scopes = {self._step.nodes[self._step.updates[id]].scope.partition("/")[0] for id in ids}
            title = "/".join([*sorted(scopes - {""}), *([] if shared else [self._labels[ids[0]]])])
            texts = [f"{self._labels[id]} -> {self._labels[self._step.updates[id]]}" for id in ids]
            if len(ids) > 1:
                texts.insert(0, self._style.tell.count(len(ids), "parameter array"))
            key = f"o{ids[0]}"
            self._boxes.append(Box(key, Kind.UPDATE, shortened(title, MAX_LENGTH), lines=self._lines(texts)))
            if home:
                known = [id for id in ids if id in self._step.gradients]
                gradients = [f"{self._labels[self._step.gradients[id]]} {self._shape(id)}".strip() for id in known]
                self._arrows.append(Arrow(home, key, Flow.GRADIENT, self._lines(gradients)))
