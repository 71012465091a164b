"""The box of a node in a diagram, as a Graphviz label: name and shape, formula, value, and its gradient beside it."""

from __future__ import annotations

import textwrap
from html import escape

import numpy as np

from tracer.graph import Node, Step
from tracer.summary import Summary, summary_of
from tracer.views.notation import DIGITS, Labels, extremes_text, number_text, shape_text, zeros_text
from tracer.views.palette import ELSEWHERE, GRADIENT_TEXT, QUIET_TEXT, Kind, kind_of

ROWS, COLUMNS = 4, 4
"""Rows and columns up to which an array stands in its box in full."""

CORNERS = 64
"""Elements up to which a larger array shows its corners; beyond that, a summary."""

NUMBERS, CAPTIONS = 10, 9
"""Sizes of type in points."""

FORMULA_WIDTH = 36
GLUE = "\u00a0"
"""A blank at which no line is broken: an equals sign never stands alone."""

BESIDE = 44
"""Characters that value and gradient may take side by side; wider ones stand below each other."""

LONGEST_NAME = 60


def grid_lines(value: np.ndarray, digits: int = DIGITS) -> list[str]:
    """The lines of an array in a box: all of a small one, the corners of a larger, a summary of a large one.

    >>> grid_lines(np.array([[1.5, -2.0], [0.25, 100.0]]))
    [' 1.5  -2', '0.25 100']
    >>> grid_lines(np.arange(10))
    ['0 1 ... 9']
    >>> grid_lines(np.zeros((100, 100)))
    ['min 0  max 0', 'mean 0  zero 100%']
    """
    if value.ndim == 0:
        return [number_text(value.item(), digits)]
    if value.size == 0:
        return ["empty"]
    if value.ndim > 2 or value.size > CORNERS:
        return _summary_lines(summary_of(value), str(value.dtype), digits)
    table = value.reshape(1, -1) if value.ndim == 1 else value
    rows = [_row(row, digits) for row in _elided_rows(table)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [" ".join(f"{text:>{width}}" for text, width in zip(row, widths)) for row in rows]
    return lines if len(table) <= ROWS else [*lines[:-1], "...", lines[-1]]


def _elided_rows(table: np.ndarray) -> list[np.ndarray]:
    return list(table) if len(table) <= ROWS else [*table[: ROWS - 2], table[-1]]


def _row(row: np.ndarray, digits: int) -> list[str]:
    texts = [number_text(number, digits) for number in row]
    return texts if len(texts) <= COLUMNS else [*texts[: COLUMNS - 2], "...", texts[-1]]


def _summary_lines(summary: Summary, dtype: str, digits: int = DIGITS) -> list[str]:
    if dtype == "bool":
        return [f"{summary.count - summary.zeros} of {summary.count} true"]
    lines = []
    if summary.finite_count:
        low, high = extremes_text(summary, dtype, digits)
        lines = [f"min {low}  max {high}", f"mean {number_text(summary.mean, digits)}  zero {zeros_text(summary)}"]
    return lines if summary.is_finite else [*lines, f"NaN or infinite: {summary.count - summary.finite_count}"]


def content_lines(node: Node) -> list[str]:
    """The lines of a node's value in a box; of one that is large or was not kept, its summary."""
    if node.size > CORNERS or not node.is_kept:
        return _summary_lines(node.summary, node.dtype)
    return grid_lines(node.value)


def node_box(step: Step, node: Node, labels: Labels) -> str:
    """The full box: value and, where one was computed, the gradient beside it."""
    gradient_id = step.gradients.get(node.id)
    gradient = step.nodes[gradient_id] if gradient_id is not None and gradient_id != node.id else None
    formula = labels.formula(node)
    name = labels[node.id]
    rows = [_heading(name, node, formula if formula != name else "")]
    lines = content_lines(node)
    value = _caption("value") + _mono(lines)
    if gradient is None:
        rows.append(_cell(value, span=2))
    else:
        gradient_lines = content_lines(gradient)
        below = _caption("gradient", GRADIENT_TEXT) + _mono(gradient_lines, GRADIENT_TEXT)
        if max(map(len, lines)) + max(map(len, gradient_lines)) <= BESIDE:
            rows.append(_cell(value) + _cell(below))
        else:
            rows += [_cell(value, span=2), _cell(below, span=2)]
    return _table(rows, kind_of(node))


def reference_box(node: Node, labels: Labels) -> str:
    """The small box of a node that is drawn in full elsewhere: its name, and its shape or its one number."""
    number = "" if node.shape else content_lines(node)[0]
    return _table([_heading(labels[node.id], node, "" if number == labels[node.id] else number)], ELSEWHERE)


def note_box(text: str) -> str:
    """A small box that says something of what is not drawn."""
    return _table([_cell(_mono([text], QUIET_TEXT))], ELSEWHERE)


def fold_box(count: int, what: str, kind: Kind) -> str:
    """The box that stands for operations which are not drawn one by one."""
    return _table([_cell(_mono(_wrapped(shortened(what)))), _cell(_mono([f"{count} operations, folded"], QUIET_TEXT))], kind)


def _heading(name: str, node: Node, formula: str = "") -> str:
    bold = '<BR ALIGN="LEFT"/>'.join(f"<B>{_text(line)}</B>" for line in _wrapped(shortened(name), 30))
    shape = f'<FONT COLOR="{QUIET_TEXT}">  {_text(shape_text(node.shape))}</FONT>' if node.shape else ""
    first = f'<FONT FACE="Courier" POINT-SIZE="{NUMBERS}">{bold}{shape}<BR ALIGN="LEFT"/></FONT>'
    return _cell(first + (_mono(_wrapped(f"={GLUE}{formula}")) if formula else ""), span=2)


def shortened(name: str, most: int = LONGEST_NAME) -> str:
    """A name of bearable length: its beginning and its end.

    >>> shortened("abcdefghij", 9), shortened("abc")
    ('abcd...ij', 'abc')
    """
    if len(name) <= most:
        return name
    end = (most - 3) // 3
    return f"{name[: most - 3 - end]}...{name[-end:]}"


def _wrapped(text: str, width: int = FORMULA_WIDTH) -> list[str]:
    lines = [line.replace(GLUE, " ") for line in textwrap.wrap(text, width, break_on_hyphens=False)] or [""]
    return lines if len(lines) <= 4 else [*lines[:3], "..."]


def _caption(text: str, colour: str = QUIET_TEXT) -> str:
    return f'<FONT POINT-SIZE="{CAPTIONS}" COLOR="{colour}">{text}</FONT><BR ALIGN="LEFT"/>'


def _mono(lines: list[str], colour: str = "#111111") -> str:
    body = "".join(f'{_text(line)}<BR ALIGN="LEFT"/>' for line in lines)
    return f'<FONT FACE="Courier" POINT-SIZE="{NUMBERS}" COLOR="{colour}">{body}</FONT>'


def _text(text: str) -> str:
    printable = "".join(character if character.isprintable() else "?" for character in text)
    return escape(printable).replace(" ", "&#160;")


def _cell(content: str, span: int = 1) -> str:
    return f'<TD ALIGN="LEFT" BALIGN="LEFT" VALIGN="TOP" COLSPAN="{span}">{content}</TD>'


def _table(rows: list[str], kind: Kind) -> str:
    style = f' STYLE="{kind.style}"' if kind.style else ""
    body = "".join(f"<TR>{row}</TR>" for row in rows)
    return (
        f'<TABLE BORDER="{kind.width}"{style} CELLBORDER="0" CELLSPACING="0" CELLPADDING="4"'
        f' BGCOLOR="{kind.fill}" COLOR="{kind.border}">{body}</TABLE>'
    )
