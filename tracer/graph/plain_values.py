"""Converts values to JSON for other programs: JSON types, and text for everything else.

The conversion is lossy. Trace files use the lossless encoding of `tracer.store.plain_json`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np


def plain(data: Any) -> Any:
    """Convert data to JSON types; numbers that JSON lacks become text: "nan", "inf", "-inf", "1+2j".

    Arrays and tuples become lists. Any other object becomes its text.

    >>> plain({"loss": float("inf"), "at": (1, 2j), "x": np.float32(0.5), 3: np.eye(2)})
    {'loss': 'inf', 'at': [1, '2j'], 'x': 0.5, '3': [[1.0, 0.0], [0.0, 1.0]]}
    """
    if isinstance(data, float):
        number = float(data)
        return number if math.isfinite(number) else str(number)
    if data is None or isinstance(data, (bool, int, str)):
        return data
    if isinstance(data, Mapping):
        return {str(key): plain(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [plain(each) for each in data]
    if isinstance(data, (np.ndarray, np.generic)):
        return plain(data.tolist())
    return str(data).strip("()") if isinstance(data, complex) else str(data)


def json_text(data: Any, indent: int | None = None) -> str:
    """Serialize a value as JSON, on one line or indented.

    >>> json_text({"loss": float("inf"), "at": (1, 2)})
    '{"loss": "inf", "at": [1, 2]}'
    """
    return json.dumps(plain(data), allow_nan=False, indent=indent)


def json_numbers(numbers: list[Any]) -> list[Any]:
    """For each of these numbers, what `str` turns into its JSON, as `json_text` writes it: the number itself, or that text.

    >>> json_numbers([0.1, float("nan"), True, 2j])
    [0.1, '"nan"', 'true', '"2j"']
    """
    if {float, int}.issuperset(map(type, numbers)) and _have_finite_sum(numbers):
        return numbers
    return [number if _is_its_own_json(number) else json_text(number) for number in numbers]


def _is_its_own_json(number: Any) -> bool:
    return type(number) is int or (type(number) is float and math.isfinite(number))


def _have_finite_sum(numbers: list[float]) -> bool:
    """Whether the sum is finite: then all of them are."""
    try:
        return math.isfinite(sum(numbers))
    except OverflowError:  # an integer beyond the largest float
        return False
