"""How numbers, arrays, shapes and nodes are written, in every view alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tracer.expression import expression
from tracer.graph import Node, Step
from tracer.naming import short_expression

DIGITS = 4
"""Significant digits of a number, unless asked for others."""

FULL = 16
"""Elements up to which an array is written in full."""

_KINDS = {"f": "f", "i": "i", "u": "u", "c": "c"}


def number_text(number: Any, digits: int = DIGITS) -> str:
    """A number with so many significant digits; whole numbers of an integer type in full.

    >>> number_text(0.123456), number_text(-0.0), number_text(12345), number_text(float("nan")), number_text(True)
    ('0.1235', '0', '12345', 'nan', 'True')
    """
    if isinstance(number, (bool, np.bool_, int, np.integer)):
        return str(number)
    return f"{float(number) + 0.0:.{digits}g}"


def measured_text(value: Any, digits: int = DIGITS) -> str:
    """What a metric measured: a number as numbers are written, anything else as it writes itself.

    >>> measured_text(0.123456), measured_text("low")
    ('0.1235', 'low')
    """
    return number_text(value, digits) if isinstance(value, (int, float)) else str(value)


def shape_text(shape: Sequence[int]) -> str:
    """A shape without blanks.

    >>> shape_text((10, 2)), shape_text((4,)), shape_text(())
    ('(10,2)', '(4,)', '()')
    """
    return f"({','.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def counted(count: int, word: str) -> str:
    """A count and its word.

    >>> counted(1, "step"), counted(235146, "parameter")
    ('1 step', '235,146 parameters')
    """
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def dtype_text(dtype: str) -> str:
    """A dtype in two or three letters.

    >>> dtype_text("float32"), dtype_text("uint8"), dtype_text("bool")
    ('f32', 'u8', 'bool')
    """
    kind = np.dtype(dtype)
    return f"{_KINDS[kind.kind]}{kind.itemsize * 8}" if kind.kind in _KINDS else str(dtype)


def is_small(value: np.ndarray) -> bool:
    """Whether an array is written in full: at most 4 x 4, or as many elements."""
    return 0 < value.size <= FULL


def array_text(value: np.ndarray, digits: int = DIGITS) -> str:
    """A small array on one line.

    >>> array_text(np.array([[1.1, -0.25], [0.0, 3.0]]))
    '[[1.1 -0.25] [0 3]]'
    """
    if value.ndim == 0:
        return number_text(value.item(), digits)
    return f"[{' '.join(array_text(part, digits) for part in value)}]"


def summary_text(value: np.ndarray, digits: int = DIGITS) -> str:
    """A large array in one line: shape, dtype, count, extremes and mean of its finite numbers, share of zeros.

    >>> summary_text(np.arange(32, dtype=np.float32).reshape(4, 8))
    '(4,8) f32 n=32 min=0 max=31 mean=15.5 zero=3%'
    >>> summary_text(np.array([1.0, np.nan] * 10))
    '(20,) f64 n=20 min=1 max=1 mean=1 zero=0% nan=10'
    """
    text = f"{shape_text(value.shape)} {dtype_text(str(value.dtype))} n={value.size}"
    if not value.size:
        return text
    nan, infinite = np.count_nonzero(np.isnan(value)), np.count_nonzero(np.isinf(value))
    finite = value[np.isfinite(value)] if nan or infinite else value
    if finite.size:
        mean = number_text(mean_of(finite), digits)
        text += f" min={number_text(finite.min(), digits)} max={number_text(finite.max(), digits)} mean={mean}"
    text += f" zero={100 * (value.size - np.count_nonzero(value)) / value.size:.0f}%"
    return text + (f" nan={nan}" if nan else "") + (f" inf={infinite}" if infinite else "")


def mean_of(value: np.ndarray) -> float:
    """The mean in double precision; infinite where the sum overflows, and no warning then."""
    with np.errstate(all="ignore"):
        return float(np.mean(value, dtype=np.float64))


def norm_of(value: np.ndarray) -> float:
    """The square root of the sum of squares, scaled by the largest so that it overflows only where it must.

    >>> norm_of(np.array([3e200, 4e200])) / 1e200, norm_of(np.zeros(2))
    (5.0, 0.0)
    """
    with np.errstate(all="ignore"):
        largest = float(np.max(np.abs(value), initial=0.0))
        if largest == 0 or not np.isfinite(largest):
            return largest
        return largest * float(np.sqrt(np.sum(np.square(value / largest), dtype=np.float64)))


def value_text(value: np.ndarray, digits: int = DIGITS) -> str:
    """An array in full where it is small, else its summary."""
    return array_text(value, digits) if is_small(value) else summary_text(value, digits)


class Labels:
    """What the nodes of a step are called in formulas: their name, a short expression, or their number."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._nodes = nodes
        self._labels: list[str] = []
        for node in nodes:
            self._labels.append(node.name or short_expression(node.id, self.formula(node)))

    def __getitem__(self, id: int) -> str:
        return self._labels[id]

    def is_written_out(self, id: int) -> bool:
        """Whether formulas hold the expression of this node in place of a name; never a long one, so depth is bounded."""
        node = self._nodes[id]
        return not node.name and not node.is_leaf and not self._labels[id].startswith("#")

    def formula(self, node: Node) -> str:
        """The formula with the labels of the inputs put in: `x @ W1 + b1`."""
        return expression(node.formula, node.inputs, self._labels.__getitem__)

    def equation(self, node: Node) -> str:
        """The node as it would stand in the code: `h1 = x @ W1 + b1`, without the name where there is none."""
        formula = self.formula(node)
        if not formula:
            return self[node.id]
        name = self[node.id]
        return formula if name == formula else f"{name} = {formula}"

    def shapes(self, node: Node) -> str:
        """The shapes that go in and the one that comes out: `(2,2)@(2,4)+(4,) -> (2,4)`."""
        out = shape_text(node.shape)
        return out if node.is_leaf else f"{self._shapes_in(node).replace(' ', '')} -> {out}"

    def _shapes_in(self, node: Node) -> str:
        if not _is_infix(node):
            return ", ".join(shape_text(self._nodes[operand].shape) for operand in node.operands)

        def of_input(id: int) -> str:
            inner = self._nodes[id]
            return self._shapes_in(inner) if self.is_written_out(id) and _is_infix(inner) else shape_text(inner.shape)

        return expression(node.formula, node.inputs, of_input)


def _is_infix(node: Node) -> bool:
    return node.formula.startswith("{0} ") and node.formula.endswith(" {1}")


def index_text(index: Sequence[int]) -> str:
    """The position of an element behind a name: `[0,2]`; nothing for a number."""
    return f"[{','.join(map(str, index))}]" if index else ""


def node_number(step: Step, id: int) -> str:
    """Step and node as one number, as wide for every node of the step: `0.05`."""
    width = max(2, len(str(len(step.nodes) - 1)))
    return f"{step.index}.{id:0{width}d}"
