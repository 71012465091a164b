"""Reads numeric tables: CSV files separated by commas, semicolons or tabs, with or without a header line."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np

from tracer.errors import UsageError


def read_table(path: str | Path, columns: int, *, least_rows: int = 1) -> np.ndarray:
    """Read a CSV file as float64 [rows, columns]. Empty lines are skipped; a first line without numbers is a header.

    Raises UsageError, with the line, if a cell is no finite number, if a row has another number of columns, or if there
    are fewer rows than `least_rows`.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"the table {path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is no table: it is not UTF-8 text") from None
    rows: list[list[float]] = []
    may_be_header = True
    try:
        for line, cells in _cells(text):
            if may_be_header and not any(_is_number(cell) for cell in cells):
                may_be_header = False
                continue
            may_be_header = False
            if len(cells) != columns:
                has = f"{len(cells)} column{'' if len(cells) == 1 else 's'}"
                raise UsageError(f"{path}, line {line} has {has}, {columns} are needed")
            rows.append([_parse_number(cell, f"{path}, line {line}, column {column}") for column, cell in enumerate(cells, 1)])
    except csv.Error as error:
        raise UsageError(f"{path} is no table: {error}") from None
    if len(rows) < least_rows:
        has = f"{len(rows) or 'no'} row{'' if len(rows) == 1 else 's'} of numbers"
        raise UsageError(f"{path} has {has}, at least {least_rows} {'is' if least_rows == 1 else 'are'} needed")
    return np.array(rows).reshape(len(rows), columns)


def _cells(text: str) -> list[tuple[int, list[str]]]:
    """The line number (from 1) and the cells of every non-empty line."""
    lines = text.splitlines()
    first = next((line for line in lines if line.strip()), "")
    delimiter = next((character for character in ",;\t" if character in first), ",")
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
    return [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(cell.strip() for cell in row)]


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell  # float() accepts 1_000


def _parse_number(cell: str, where: str) -> float:
    if not cell:
        raise UsageError(f"{where} is empty: a number is needed")
    if not _is_number(cell) or not math.isfinite(float(cell)):
        raise UsageError(f"{where} is {cell[:40]!r}: a finite number is needed")
    return float(cell)
