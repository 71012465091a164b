"""Converts values to JSON for other programs: JSON's own types, and text for what JSON lacks.

It is not read back. What a trace file stores comes back bit for bit, and has an encoding of its own: `tracer.store.plain_json`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np


def plain(data: Any) -> Any:
    """The same in types that JSON knows; numbers that it does not know are texts: "nan", "inf", "-inf", "1+2j".

    Arrays and tuples are lists, and anything else is its text: a schedule, say, as it is written down in code.

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
    """A value as JSON on one line, or indented.

    >>> json_text({"loss": float("inf"), "at": (1, 2)})
    '{"loss": "inf", "at": [1, 2]}'
    """
    return json.dumps(plain(data), allow_nan=False, indent=indent)
