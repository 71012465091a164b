"""A diagram of modules: a box per layer, loss, and optimizer of a parameter, with shapes on the arrows.

An arrow back is drawn where a gradient flows, and says which share of a sum of gradients it carries. A parameter that several
modules use is counted in the first of them. What many modules share is at the side: data with a small box beside each use,
parameters with the number of the terms of their gradient.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace

from tracer.graph.losses import losses_of, passes, symbol_of
from tracer.graph.record import Node, Step
from tracer.views.diagrams.alarms import alarms_of
from tracer.views.diagrams.arranging.columns import in_columns
from tracer.views.diagrams.arranging.shared import far_apart, side_column
from tracer.views.diagrams.diagram import Arrow, Box, Diagram
from tracer.views.diagrams.modules import Module, fold_repeats, modules_of
from tracer.views.diagrams.theme import Flow, Kind, Style, kind_of
from tracer.views.gradient_terms import gradient_terms
from tracer.views.grids import shortened
from tracer.views.ideas.module_names import ModuleNames
from tracer.views.notation import Labels, phase_text, shape_text

MAX_LINES = 5
"""Maximum number of lines in a list of equations or values; the rest are counted."""

MAX_OPTIMIZER_BOXES = 12
"""Maximum number of parameters with an optimizer box each; with more, the parameters of a module share one."""

MIN_CELLS = 3
"""Minimum number of modules of a name that are placed on one line."""

MAX_SOURCES = 2
"""Maximum number of modules from which arrows lead to a parameter; the gradients of more are counted."""

MAX_LENGTH = 40
"""Maximum length of a text in a box."""

MAX_NAME = 12
"""Length of an expression at an arrow: a longer one is called by what computes it."""


def module_diagram(step: Step, labels: Labels, style: Style) -> Diagram:
    """The diagram of the modules of a step, its data and its optimizers."""
    return _Builder(step, labels, style).build()


class _Builder:
    """Builds a diagram."""

    def __init__(self, step: Step, labels: Labels, style: Style) -> None:
        self._step, self._labels, self._style = step, labels, style
        self._names = ModuleNames(step, labels, style.tell)
        single = modules_of(step, labels)
        self._modules = fold_repeats(step, single)
        self._keys = {id: f"m{module.ids[0]}" for module in self._modules for id in module.ids}
        self._titles = {self._keys[module.ids[0]]: self._title(module) for module in self._modules}
        self._users: dict[int, list[str]] = defaultdict(list)
        """The boxes of the modules that use a leaf, in order."""
        self._uses: Counter[int] = Counter()
        """The number of modules that use a leaf, each in a fold counted."""
        for module in single:
            operands = dict.fromkeys(operand for id in module.ids for operand in labels.operands(step.nodes[id]))
            self._uses.update(operand for operand in operands if operand not in self._keys)
        self._single = {id: number for number, module in enumerate(single) for id in module.ids}
        """The number of the module of a node, each in a fold counted."""
        self._terms: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        """The number of terms of the gradients of a value, by the symbol of the loss."""
        self._sources: dict[int, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
        """The number of these terms that come from each box."""
        self._from: dict[int, set[int]] = defaultdict(set)
        """The modules that they come from."""
        for one in passes(step):
            loss = symbol_of(step, one)
            for term in gradient_terms(one):
                self._terms[term.value][loss] += 1
                self._from[term.value].add(self._single[term.user])
                self._sources[term.value][self._keys[term.user]][loss] += 1
        self._boxes: list[Box] = []
        self._arrows: list[Arrow] = []
        self._side: list[str] = []
        """The boxes at the side."""

    def build(self) -> Diagram:
        """The finished diagram."""
        flows: dict[tuple[str, str], dict[int, None]] = {}
        for module in self._modules:
            head = self._keys[module.ids[0]]
            for id in module.ids:
                for operand in self._labels.operands(self._step.nodes[id]):
                    tail = self._keys.get(operand)
                    if tail is None:
                        if head not in self._users[operand]:
                            self._users[operand].append(head)
                    elif tail != head:
                        flows.setdefault((tail, head), {})[operand] = None
        data = {id: heads for id, heads in self._users.items() if self._step.nodes[id].op == "data"}
        shared = far_apart(data, flows)
        for id in data:
            self._data(self._step.nodes[id], is_shared=id in shared)
        for module in self._modules:
            self._boxes.append(self._module_box(module))
        for (tail, head), ids in flows.items():
            self._arrows.append(Arrow(tail, head, Flow.VALUE, self._lines([self._value_text(id) for id in ids])))
            self._gradient_arrow(head, tail, ids, is_backward=True)
        self._parameters()
        self._arrows += self._lines_of_cells(flows)
        self._arrows += side_column(self._side)
        hidden = sum(len(module.ids) for module in self._modules if module.folded)
        diagram = Diagram(tuple(self._boxes), tuple(self._arrows), hidden=hidden)
        return in_columns(diagram, is_sideways=self._style.direction == "LR")

    def _lines_of_cells(self, flows: Container[tuple[str, str]]) -> Iterator[Arrow]:
        """Invisible arrows that keep the steps of a loop on one line: arrows with labels are not straight."""
        names = [module.scope.partition("#")[0] for module in self._modules]
        times = Counter(names)
        for (one, name), (other, following) in itertools.pairwise(zip(self._modules, names)):
            pair = self._keys[one.ids[0]], self._keys[other.ids[0]]
            if name == following and times[name] >= MIN_CELLS and pair in flows:
                yield Arrow(*pair, Flow.ORDER)

    def _gradient_arrow(self, tail: str, head: str, ids: Iterable[int], *, is_backward: bool = False) -> None:
        """Add an arrow for the terms of these values' gradients that come from a module, if there are any."""
        texts = [
            self._gradient_text(id, loss, count)
            for id in ids
            if tail in self._sources[id]
            for loss, count in self._sources[id][tail].items()
        ]
        if texts:
            self._arrows.append(Arrow(tail, head, Flow.GRADIENT, self._lines(texts), is_backward=is_backward))

    def _gradient_text(self, id: int, loss: str, count: int) -> str:
        """The gradient of a value; with the share of its terms if there are others."""
        name = shortened(self._names.derivative(id, loss, MAX_NAME), MAX_LENGTH - 10)
        gradient = f"{name} {self._shape(id)}".strip()
        terms = self._terms[id][loss]
        if count == terms:
            return gradient
        return self._style.tell("{gradient}, {some} of {all} terms", gradient=gradient, some=count, all=terms)

    def _lines(self, texts: Sequence[str]) -> tuple[str, ...]:
        lines = tuple(texts[:MAX_LINES])
        if len(texts) > MAX_LINES:
            lines += (self._style.tell("and {count} more", count=len(texts) - MAX_LINES),)
        return lines

    def _value_text(self, id: int) -> str:
        return f"{shortened(self._names.tree(id, MAX_NAME).text, MAX_LENGTH - 10)} {self._shape(id)}".strip()

    def _shape(self, id: int) -> str:
        """The shape of a value; empty for a scalar."""
        return shape_text(self._step.nodes[id].shape) if self._step.nodes[id].shape else ""

    def _data(self, node: Node, *, is_shared: bool) -> None:
        key, name = f"d{node.id}", shortened(self._labels[node.id], MAX_LENGTH)
        heads, shape = self._users[node.id], shape_text(node.shape)
        alarms = alarms_of(self._step, [node.id], self._style.tell)
        if not is_shared:
            self._boxes.append(Box(key, Kind.DATA, name, alarms=alarms))
            self._arrows += [Arrow(key, head, Flow.VALUE, (shape,)) for head in heads]
            return
        used = self._style.tell("used in {count} modules: {names}", count=self._uses[node.id], names=name)
        self._boxes.append(Box(key, Kind.DATA, name, shape, (used,), alarms=alarms))
        self._side.append(key)
        for head in heads:
            reference = f"{key}_{head}"
            self._boxes.append(Box(reference, Kind.ELSEWHERE, name, shape, tip=name, alarms=alarms))
            self._arrows.append(Arrow(reference, head, Flow.VALUE))

    def _title(self, module: Module) -> str:
        tell = self._style.tell
        if module.folded:
            return tell("folded")
        title = self._names.title(module.scope, module.ids, MAX_LENGTH)
        return shortened(title, MAX_LENGTH) or phase_text(self._step.nodes[module.ids[0]].phase, tell)

    def _module_box(self, module: Module) -> Box:
        tell, nodes = self._style.tell, [self._step.nodes[id] for id in module.ids]
        key, kind = self._keys[module.ids[0]], kind_of(nodes[0])
        lines = self._folded_lines(module) if module.folded else self._equations(nodes)
        lines += self._parameter_lines(key)
        operations = tell.count(len(nodes), "operation")
        tip = tell("{what}: {which}", what=self._titles[key], which=operations)
        return Box(
            key, kind, self._titles[key], operations, tuple(lines), tip=tip, alarms=alarms_of(self._step, module.ids, tell)
        )

    def _parameter_lines(self, key: str) -> list[str]:
        """The parameters that a module is the first to use, with their number; and those that it shares."""
        tell = self._style.tell
        used = [self._step.nodes[id] for id in self._users if key in self._users[id] and self._step.nodes[id].op == "parameter"]
        own = [node for node in used if self._users[node.id][0] == key]
        lines = []
        if own:
            names = self._lines([self._value_text(node.id) for node in own])
            total = tell.count(sum(node.size for node in own), "parameter")
            lines.append(tell("{what}: {which}", what=total, which=", ".join(names)) if len(names) <= 3 else total)
            lines += names if len(names) > 3 else ()
        for count in sorted({self._uses[node.id] for node in own} - {1}):
            names = self._labels_of(node for node in own if self._uses[node.id] == count)
            lines.append(tell("used in {count} modules: {names}", count=count, names=", ".join(names)))
        for home in dict.fromkeys(self._users[node.id][0] for node in used):
            if home != key:
                names = self._labels_of(node for node in used if self._users[node.id][0] == home)
                lines.append(tell("shares {names} with {module}", names=", ".join(names), module=self._titles[home]))
        return lines

    def _labels_of(self, nodes: Iterable[Node]) -> tuple[str, ...]:
        return self._lines([shortened(self._labels[node.id], MAX_LENGTH) for node in nodes])

    def _equations(self, nodes: Sequence[Node]) -> list[str]:
        """The equations of the named values of a module, and of its last value."""
        shown = [node for node in nodes if node.name or node is nodes[-1]]
        equations = filter(None, (self._names.equation(node, MAX_LENGTH) for node in shown))
        texts = list(itertools.islice(equations, MAX_LINES + 1))
        if len(texts) > MAX_LINES:  # the last one is the output of the module
            backwards = filter(None, (self._names.equation(node, MAX_LENGTH) for node in reversed(shown)))
            texts = [*texts[: MAX_LINES - 2], "...", next(backwards)]
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

    def _parameters(self) -> None:
        """Add a box for every parameter with an update or a gradient, with arrows from the modules its gradient comes from."""
        step = self._step
        ids = [node.id for node in step.parameters if node.id in step.updates or self._terms[node.id]]
        is_grouped = len(ids) > MAX_OPTIMIZER_BOXES
        groups: dict[tuple[str, bool, int], list[int]] = {}
        for id in ids:
            home = next(iter(self._users[id]), "")
            groups.setdefault((home, id in step.updates, 0 if is_grouped else id), []).append(id)
        for (_, is_updated, _), members in groups.items():
            key = f"o{members[0]}"
            sources = dict.fromkeys(tail for id in members for tail in self._sources[id])
            box = self._parameter_box(key, members, is_updated=is_updated, is_grouped=is_grouped)
            if len(sources) <= MAX_SOURCES:
                for tail in sources:
                    self._gradient_arrow(tail, key, members)
            else:
                box = replace(box, lines=(*box.lines, *self._sums(members)))
                self._side.append(key)
            self._boxes.append(box)

    def _sums(self, ids: Sequence[int]) -> Iterator[str]:
        """What the gradients of some parameters are sums of."""
        tell = self._style.tell
        yield from self._lines([
            tell("{gradient}: {terms} added up", gradient=self._gradient_text(id, loss, count), terms=tell.count(count, "term"))
            for id in ids
            for loss, count in self._terms[id].items()
        ])  # fmt: skip
        count = len(set().union(*(self._from[id] for id in ids)))
        yield tell("from {count} modules", count=count)

    def _parameter_box(self, key: str, ids: Sequence[int], *, is_updated: bool, is_grouped: bool) -> Box:
        """The box of the optimizer of some parameters, or of parameters that are not updated."""
        step, tell = self._step, self._style.tell
        scopes = {step.nodes[step.updates[id]].scope.partition("/")[0] for id in ids} if is_updated else set()
        title = "/".join([*sorted(scopes - {""}), *([] if is_grouped else [self._labels[ids[0]]])]) or tell("parameter")
        texts = []
        for id in ids:
            change = f"{self._labels[id]} -> {self._labels[step.updates[id]]}" if is_updated else ""
            text = shortened(change, MAX_LENGTH) or self._value_text(id)
            is_reached = self._terms[id] or id in losses_of(step)
            texts.append(text if is_reached else tell("{value}, no gradient flows to it", value=text))
        if len(ids) > 1:
            texts.insert(0, tell.count(len(ids), "parameter array"))
        kind = Kind.UPDATE if is_updated else Kind.PARAMETER
        shown = [*ids, *(step.updates[id] for id in ids if is_updated)]
        return Box(key, kind, shortened(title, MAX_LENGTH), lines=self._lines(texts), alarms=alarms_of(step, shown, tell))
