"""A check in words: a table of what was compared, and what is wrong."""

from __future__ import annotations

from collections.abc import Sequence

from tracer.checking.findings import Check, Comparison, Difference, Fault
from tracer.views.notation import counted, shape_text

HEADINGS = ("parameter", "shape", "method", "numbers", "error", "verdict")


def check_table(check: Check) -> list[str]:
    """A line for each parameter: shape, method, how many numbers, the largest relative error, and the verdict."""
    rows = [HEADINGS, *(_row(each) for each in check.comparisons)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def verdict_line(check: Check, examples: int = 1, asked: int = 1) -> str:
    """One line: what was found to be right, or how much is wrong, at which of the sets of parameters that were asked for."""
    rules = counted(check.rules, "rule")
    if check.passed:
        allowed = max((each.worst.allowed for each in check.comparisons if each.worst is not None), default=0.0)
        sets = f" at {counted(examples, 'set')} of parameters" if examples > 1 else ""
        return f"right: all agree to {allowed:.0e}{sets}, and so does each of {rules} by itself"
    wrong = sum(not each.passed for each in check.comparisons)
    wrong_rules = sum(bool(fault.input) for fault in check.faults)
    sets = f", first at set {examples} of {asked} (again with the same --seed and --examples {examples})" if asked > 1 else ""
    return f"wrong: {wrong} of {counted(len(check.comparisons), 'gradient')}, {wrong_rules} of {rules}{sets}"


def report(check: Check) -> str:
    """All that is to be said of a check: table, verdict, and what is wrong."""
    return "\n".join([*check_table(check), verdict_line(check), *failure_lines(check)])


def failure_lines(check: Check) -> list[str]:
    """What is wrong, the worst number first; then each node at which something is."""
    lines = []
    worst = check.worst
    if worst is not None and not worst.passed and worst.worst is not None:
        lines.append(f"the {gradient_text(worst)} {_numbers(worst.worst)} by {worst.method}")
    return lines + [fault_text(fault) for fault in check.faults]


def gradient_text(comparison: Comparison) -> str:
    """What was compared, as one says it."""
    return f"{'gradient' if comparison.order == 1 else 'second derivative'} with respect to {comparison.name}"


def fault_text(fault: Fault) -> str:
    """A node at which something is wrong: where it stands, and what it is."""
    where = f" ({fault.source}: {fault.source.text})" if fault.source else ""
    subject = f"the rule of {fault.op} for its input {fault.input} " if fault.input else "it "
    text = f"node {fault.node}, {fault.label}{where}: {subject}{fault.what}"
    return text if fault.difference is None else f"{text}: it {_numbers(fault.difference)}"


def _numbers(difference: Difference) -> str:
    if difference.index is None:
        return f"is {difference.found!r} in a random sum over all numbers, expected {difference.expected!r}"
    place = f" at {list(difference.index)}" if difference.index else ""
    return f"is {difference.found!r}{place}, expected {difference.expected!r}"


def _row(comparison: Comparison) -> Sequence[str]:
    name = comparison.name if comparison.order == 1 else f"{comparison.name}, 2nd order"
    numbers = f"{comparison.entries:,}{f' of {comparison.size:,}' if comparison.entries < comparison.size else ''}"
    sums = f" + {counted(comparison.projections, 'sum')}" if comparison.projections else ""
    return (
        name, shape_text(comparison.shape), comparison.method, numbers + sums, f"{comparison.error:.1e}",
        "right" if comparison.passed else "WRONG",
    )  # fmt: skip
