"""How numbers, arrays, shapes and nodes are written in all views."""

from __future__ import annotations

import copy
import functools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from tracer.graph.expression import Derivative, Element, Expression, Infix, Name, Slot, Text, infix
from tracer.graph.formula import formula, parse, parse_template, short_expression
from tracer.graph.missing import combined
from tracer.graph.record import Node, Phase, Step
from tracer.graph.summary import Summary
from tracer.i18n.language import ENGLISH, Language
from tracer.i18n.message import Message
from tracer.ops.foreign.names import generator_of, needs_no_row
from tracer.ops.foreign.summed import sums_behind_views, without_kept_axes
from tracer.views.noise import NOISE, Noise

DIGITS = 4
"""Default number of significant digits."""

MAX_FULL_SIZE = 16
"""Maximum size of an array that is written in full."""

MAX_FOLDED_LENGTH = 72
"""Maximum length of a view, such as `reshape(h, (4, 100))`, that is only written in the formulas that use it."""

_KINDS = {"f": "f", "i": "i", "u": "u", "c": "c"}


def number_text(number: Any, digits: int = DIGITS) -> str:
    """A number with `digits` significant digits; integers in full.

    >>> number_text(0.123456), number_text(-0.0), number_text(12345), number_text(float("nan")), number_text(True)
    ('0.1235', '0', '12345', 'nan', 'True')
    >>> number_text(1 - 2.5j)
    '1-2.5j'
    """
    if type(number) is float:  # most numbers, and this is fast
        return f"{number + 0.0:.{digits}g}"
    if isinstance(number, (bool, np.bool_, int, np.integer)):
        return str(number)
    if isinstance(number, (complex, np.complexfloating)):
        imaginary = number_text(number.imag, digits)
        return f"{number_text(number.real, digits)}{'' if imaginary.startswith('-') else '+'}{imaginary}j"
    return f"{float(number) + 0.0:.{digits}g}"


def metric_text(value: Any, digits: int = DIGITS) -> str:
    """The value of a metric: a number as `number_text` formats it, anything else as `str` does.

    >>> metric_text(0.123456), metric_text("low")
    ('0.1235', 'low')
    """
    return number_text(value, digits) if isinstance(value, (int, float)) else str(value)


def shape_text(shape: Sequence[int]) -> str:
    """A shape without spaces.

    >>> shape_text((10, 2)), shape_text((4,)), shape_text(())
    ('(10,2)', '(4,)', '()')
    """
    return f"({','.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def phase_text(phase: Phase, tell: Language = ENGLISH) -> str:
    """The name of a phase."""
    names = {
        Phase.INIT: tell("init"),
        Phase.FORWARD: tell("forward"),
        Phase.LOSS: tell("loss"),
        Phase.BACKWARD: tell("backward"),
        Phase.UPDATE: tell("update"),
    }
    return names[phase]


def kind_text(node: Node, tell: Language = ENGLISH) -> str:
    """The kind of a leaf, the operation of any other node."""
    kinds = {
        "parameter": tell("parameter"),
        "data": tell("data"),
        "hyperparameter": tell("hyperparameter"),
        "state": tell("state"),
        "constant": tell("constant"),
    }
    return kinds.get(node.op, node.op)


def dtype_text(dtype: str) -> str:
    """A dtype in two or three letters.

    >>> dtype_text("float32"), dtype_text("bfloat16"), dtype_text("uint8"), dtype_text("bool")
    ('f32', 'bf16', 'u8', 'bool')
    """
    if dtype == "bfloat16":
        return "bf16"
    try:
        kind = np.dtype(dtype)
    except TypeError:  # a dtype that is unknown on this platform
        return dtype
    return f"{_KINDS[kind.kind]}{kind.itemsize * 8}" if kind.kind in _KINDS else str(dtype)


def array_text(value: np.ndarray, digits: int = DIGITS, noise: np.ndarray | None = None) -> str:
    """A small array on one line; `noise` marks the elements that are rounding noise.

    >>> array_text(np.array([[1.1, -0.25], [0.0, 3.0]]))
    '[[1.1 -0.25] [0 3]]'
    >>> array_text(np.array([1.1, 1e-17]), noise=np.array([False, True]))
    '[1.1 ~0]'
    """
    return array_form(value.shape) % tuple(number_texts(value, digits, noise))


@functools.lru_cache
def array_form(shape: tuple[int, ...]) -> str:
    """The text of an array with a gap for each number.

    >>> array_form((2, 1)), array_form(())
    ('[[%s] [%s]]', '%s')
    """
    return f"[{' '.join([array_form(shape[1:])] * shape[0])}]" if shape else "%s"


def number_texts(value: np.ndarray, digits: int = DIGITS, noise: np.ndarray | None = None) -> list[str]:
    """The numbers of an array in order; `~0` for elements that `noise` marks.

    >>> number_texts(np.array([[1.1, -0.0], [np.nan, 3]]))
    ['1.1', '0', 'nan', '3']
    """
    if value.dtype.kind == "f":
        texts = (_gaps(value.size, digits) % tuple((value.ravel() + 0.0).tolist())).split()
    else:
        texts = [number_text(number, digits) for number in value.ravel().tolist()]
    return texts if noise is None else [NOISE if is_noise else text for text, is_noise in zip(texts, noise.flat, strict=True)]


@functools.lru_cache
def _gaps(count: int, digits: int) -> str:
    """Gaps for floats: filling them at once is faster than formatting one after the other."""
    return " ".join([f"%.{digits}g"] * count)


def number_of(node: Node, index: tuple[int, ...], noise: Noise, digits: int = DIGITS) -> str:
    """An element of a node's value, or `~0` if it is rounding noise."""
    return NOISE if noise.at(node, index) else number_text(node.value.item(index), digits)


def summary_text(summary: Summary, shape: Sequence[int], dtype: str, digits: int = DIGITS) -> str:
    """A large array on one line: shape, dtype, size; minimum, maximum and mean of the finite elements; percentage of zeros.

    >>> from tracer.graph.summary import summary_of
    >>> summary_text(summary_of(np.arange(32.0)), (4, 8), "float32")
    '(4,8) f32 n=32 min=0 max=31 mean=15.5 zero=3%'
    >>> summary_text(summary_of(np.array([1.0, np.nan] * 10)), (20,), "float64")
    '(20,) f64 n=20 min=1 max=1 mean=1 zero=0% nan=10'
    >>> summary_text(summary_of(np.array([0.1, 0.2, -0.3])), (3,), "float64")
    '(3,) f64 n=3 min=-0.3 max=0.2 mean=~0 zero=0%'
    """
    text = f"{shape_text(shape)} {dtype_text(dtype)} n={summary.count}"
    if not summary.count:
        return text
    if summary.finite_count:
        low, high = extremes_text(summary, dtype, digits)
        text += f" min={low} max={high} mean={statistic_text(summary, summary.mean, dtype, digits)}"
    text += f" zero={zeros_text(summary)}"
    nan, infinite = summary.nans, summary.infinities
    return text + (f" nan={nan}" if nan else "") + (f" inf={infinite}" if infinite else "")


def extremes_text(summary: Summary, dtype: str, digits: int = DIGITS) -> tuple[str, str]:
    """The smallest and the largest finite element; those of a boolean array as `True` and `False`."""
    ends = (summary.minimum, summary.maximum)
    low, high = (number_text(bool(end) if dtype == "bool" else end, digits) for end in ends)
    return low, high


def statistic_text(summary: Summary, statistic: float, dtype: str, digits: int = DIGITS) -> str:
    """The mean or standard deviation of an array, or `~0` if it is rounding noise."""
    return NOISE if summary.is_noise(statistic, dtype) else number_text(statistic, digits)


def zeros_text(summary: Summary) -> str:
    """The percentage of zeros in an array.

    >>> from tracer.graph.summary import summary_of
    >>> zeros_text(summary_of(np.array([0, 0, 1])))
    '67%'
    """
    return f"{100 * summary.zeros / summary.count:.0f}%"


def content_text(node: Node, noise: Noise, digits: int = DIGITS, full_size: int = MAX_FULL_SIZE) -> str:
    """The value of a node in full if it has up to `full_size` elements and was kept, else its summary."""
    if 0 < node.size <= full_size and node.is_kept:
        return array_text(node.value, digits, noise.of(node))
    return summary_text(node.summary, node.shape, node.dtype, digits)


def reasons_text(reasons: Iterable[Message], tell: Language = ENGLISH) -> str:
    """Why values are missing, each reason once."""
    return tell("; ").join(map(tell.message, combined(reasons)))


class Labels:
    """The labels of a step's nodes in formulas: a name, a short expression, or a number.

    `noise` finds the elements that are rounding noise.
    """

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._nodes = nodes
        self.noise = Noise(nodes)
        self._labels: list[Expression | None] = []  # None for a name that was not asked for yet
        self._folded: set[int] = set()
        self._sums = sums_behind_views(nodes)
        self._summed = frozenset(self._sums.values())
        for node in nodes:
            self._labels.append(self._label(node))

    def of_step(self, nodes: Sequence[Node]) -> Labels:
        """These labels for the nodes of another step of the same structure."""
        found = copy.copy(self)
        found._nodes = nodes
        found.noise = self.noise.of_step(nodes)
        return found

    def _label(self, node: Node) -> Expression | None:
        if node.id in self._summed:
            self._folded.add(node.id)
            return self.formula_tree(node)
        if needs_no_row(node.op, node.parameters.get("output", 0)) and self._needs_no_name(node):
            computed = self.formula_tree(node)
            if len(computed.text) <= MAX_FOLDED_LENGTH:
                self._folded.add(node.id)
                return computed
        return None if node.name else short_expression(node.id, self.formula_tree(node))

    def _needs_no_name(self, node: Node) -> bool:
        """Whether a view has no name of the user's, nor is the gradient of something that has a row of its own."""
        if not node.name:
            return node.phase is not Phase.LOSS or bool(node.shape) or bool(node.parameters.get("output"))
        return node.gradient_of in self._folded and isinstance(parse(node.name), Derivative)

    def is_folded(self, id: int) -> bool:
        """True if a node is a view of another library's that is only written in the formulas that use it."""
        return id in self._folded

    def rows(self, ids: Iterable[int]) -> tuple[int, ...]:
        """These ids without those of nodes that are only written in formulas."""
        return tuple(id for id in ids if id not in self._folded)

    def operands(self, node: Node) -> tuple[int, ...]:
        """The ids of the input nodes; in place of those that are only written in formulas, the inputs of these that are new."""
        operands = node.operands
        if self._folded.isdisjoint(operands):
            return operands
        found: list[int] = []
        for operand in operands:
            if operand not in self._folded:
                found.append(operand)
                continue
            behind = self.operands(self._nodes[operand])
            found += [each for each in behind if each not in found and each not in operands]
        return tuple(found)

    def __getitem__(self, id: int) -> str:
        return self.tree(id).text

    def __iter__(self) -> Iterator[str]:
        return (self.tree(id).text for id in range(len(self._labels)))

    def tree(self, id: int) -> Expression:
        """The label of a node, as an expression."""
        label = self._labels[id]
        if label is None:
            label = self._labels[id] = parse(self._nodes[id].name)
        return label

    def element(self, id: int, index: Sequence[int]) -> str:
        """An element of a node: `W1[0,2]`, `(x @ W1)[0,2]`; for a scalar the label alone."""
        return self.element_tree(id, index).text

    def element_tree(self, id: int, index: Sequence[int]) -> Expression:
        """An element of a node, as an expression."""
        return Element(self.tree(id), tuple(index)) if index else self.tree(id)

    def is_inlined(self, id: int) -> bool:
        """True if formulas contain the expression of this node instead of a name. Only short ones are: depth is bounded."""
        node = self._nodes[id]
        return id in self._folded or (not node.name and not node.is_leaf and not isinstance(self.tree(id), Name))

    def formula(self, node: Node) -> str:
        """The formula with the labels of the inputs: `x @ W1 + b1`."""
        return self.formula_tree(node).text

    def formula_tree(self, node: Node) -> Expression:
        """The formula with the labels of the inputs, as an expression."""
        return self.shown(node, formula(node.formula, node.inputs, self.tree))

    def shown(self, node: Node, tree: Expression) -> Expression:
        """An expression of the formula of a node; a view that only drops the axes of a sum is shown as the sum."""
        return without_kept_axes(tree) if node.id in self._sums else tree

    def sum_of(self, node: Node) -> Node | None:
        """The sum that a node is a view of, if it only drops the axes of that."""
        return self._nodes[self._sums[node.id]] if node.id in self._sums else None

    def equation(self, node: Node) -> str:
        """The node as an assignment: `h1 = x @ W1 + b1`; without a name, the formula alone."""
        return self.equation_tree(node).text

    def equation_tree(self, node: Node) -> Expression:
        """The node as an assignment, as an expression."""
        label, computed = self.tree(node.id), self.formula_tree(node)
        return label if computed.text in ("", label.text) else infix(("=",), (label, computed))

    def shapes(self, node: Node) -> str:
        """The input shapes and the output shape: `(2,2)@(2,4)+(4,) -> (2,4)`."""
        out = shape_text(node.shape)
        if node.is_leaf:
            return out
        if not _is_infix(node):
            operands = (self.sum_of(node) or node).operands
            shown = (
                shape_text(self._nodes[operand].shape)
                for operand in operands
                if operand != generator_of(node.inputs, node.parameters)
            )
            return f"{','.join(shown)} -> {out}"
        return f"{self._shapes_in(node).text.replace(' ', '')} -> {out}"

    def _shapes_in(self, node: Node) -> Expression:
        def of_input(id: int) -> Expression:
            inner = self._nodes[id]
            return self._shapes_in(inner) if self.is_inlined(id) and _is_infix(inner) else Text(shape_text(inner.shape))

        return formula(node.formula, node.inputs, of_input)


def _is_infix(node: Node) -> bool:
    tree = parse_template(node.formula)
    return isinstance(tree, Infix) and tree.operands == (Slot(0), Slot(1))


def index_text(index: Sequence[int]) -> str:
    """The index of an element as a subscript: `[0,2]`; empty for a scalar."""
    return f"[{','.join(map(str, index))}]" if index else ""


def node_number(step: Step, id: int) -> str:
    """Step and node id as one number, zero-padded to the same width for every node of the step: `0:05`."""
    return number_in(step.index, id, len(step.nodes))


def number_in(step: int | str, id: int, count: int) -> str:
    """The number of a node of a step with `count` nodes.

    >>> number_in(0, 49, 120), number_in(3, 5, 60)
    ('0:049', '3:05')
    """
    return f"{step}:{id:0{max(2, len(str(count - 1)))}d}"
