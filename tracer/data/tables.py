"""Reads tables of numbers: CSV files with commas, semicolons or tabs, with or without a line of headings."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np

from tracer.errors import UsageError


def read_table(path: str | Path, columns: int, *, least_rows: int = 1) -> np.ndarray:
    """The numbers of a CSV file as float64 [rows, columns]. Empty lines are passed over.

    A first line without any number is a heading. Raises UsageError, which names the line, where there are other cells
    than finite numbers, more or fewer columns, or fewer rows than `least_rows`.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"the table {path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is no table: it is not UTF-8 text") from None
    rows: list[list[float]] = []
    may_be_heading = True
    try:
        for line, cells in _cells(text):
            if may_be_heading and not any(_is_number(cell) for cell in cells):
                may_be_heading = False
                continue
            may_be_heading = False
            if len(cells) != columns:
                has = f"{len(cells)} column{'' if len(cells) == 1 else 's'}"
                raise UsageError(f"{path}, line {line} has {has}, {columns} are needed")
            rows.append([_number(cell, f"{path}, line {line}, column {column}") for column, cell in enumerate(cells, 1)])
    except csv.Error as error:
        raise UsageError(f"{path} is no table: {error}") from None
    if len(rows) < least_rows:
        has = f"{len(rows) or 'no'} row{'' if len(rows) == 1 else 's'} of numbers"
        raise UsageError(f"{path} has {has}, at least {least_rows} {'is' if least_rows == 1 else 'are'} needed")
    return np.array(rows).reshape(len(rows), columns)


def _cells(text: str) -> list[tuple[int, list[str]]]:
    """Every line that is not empty as its number, counted from 1, and its cells."""
    lines = text.splitlines()
    first = next((line for line in lines if line.strip()), "")
    delimiter = next((mark for mark in ",;\t" if mark in first), ",")
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
    return [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(cell.strip() for cell in row)]


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell  # Python's own way of writing 1_000, nobody else's


def _number(cell: str, where: str) -> float:
    if not cell:
        raise UsageError(f"{where} is empty: a number is needed")
    if not _is_number(cell) or not math.isfinite(float(cell)):
        raise UsageError(f"{where} is {cell[:40]!r}: a finite number is needed")
    return float(cell)
