"""A lossless JSON encoding of plain data: tuples stay tuples, floats keep their bits.

JSON for other programs, which is not read back, is made by `tracer.graph.plain_values`.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

_SIZES = {"int": (8, 16, 32, 64), "uint": (8, 16, 32, 64), "float": (16, 32, 64), "complex": (64, 128)}
STORABLE_DTYPES = frozenset({"bool", *(f"{kind}{size}" for kind, sizes in _SIZES.items() for size in sizes)})
"""The dtypes whose elements are read out of a file."""


def to_json(data: Any) -> str:
    """Encode plain data; anything else is stored as its text.

    >>> to_json({"axis": (0, 1), "limit": float("-inf")})
    '{"dict":{"axis":{"tuple":[0,1]},"limit":{"float":"fff0000000000000"}}}'
    """
    return json.dumps(_encoded(data), separators=(",", ":"), allow_nan=False)


def from_json(text: Any) -> Any:
    """The data of such a text. Raises ValueError where it is none.

    >>> from_json(to_json([1, (2.5, None), {"a": True}, 1j, float("inf")]))
    [1, (2.5, None), {'a': True}, 1j, inf]
    """
    if not isinstance(text, str):
        raise ValueError("it is no text")
    try:
        return _decoded(json.loads(text))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _encoded(data: Any) -> Any:
    if data is None or isinstance(data, (bool, str)) or type(data) is int:
        return data
    if isinstance(data, float):
        number = float(data)
        return number if math.isfinite(number) else {"float": struct.pack(">d", number).hex()}
    if isinstance(data, complex):
        return {"complex": [_encoded(data.real), _encoded(data.imag)]}
    if isinstance(data, tuple):
        return {"tuple": [_encoded(each) for each in data]}
    if isinstance(data, list):
        return [_encoded(each) for each in data]
    if isinstance(data, Mapping) and all(isinstance(key, str) for key in data):
        return {"dict": {key: _encoded(each) for key, each in data.items()}}
    if isinstance(data, (np.ndarray, np.generic)) and str(data.dtype) in STORABLE_DTYPES:
        array = np.asarray(data)
        kind = "array" if isinstance(data, np.ndarray) else "number"
        return {kind: [str(array.dtype), list(array.shape), array.tobytes().hex()]}
    return {"text": str(data)}


def _decoded(data: Any) -> Any:
    if isinstance(data, list):
        return [_decoded(each) for each in data]
    if not isinstance(data, dict):
        return data
    if len(data) != 1:
        raise ValueError("it holds no plain data")
    ((kind, held),) = data.items()
    if kind == "dict" and isinstance(held, dict):
        return {key: _decoded(each) for key, each in held.items()}
    if kind == "tuple" and isinstance(held, list):
        return tuple(_decoded(each) for each in held)
    if kind == "complex" and isinstance(held, list) and len(held) == 2:
        real, imaginary = (_decoded(part) for part in held)
        if isinstance(real, float) and isinstance(imaginary, float):
            return complex(real, imaginary)
    if kind == "float" and isinstance(held, str):
        return struct.unpack(">d", _bytes(held, 8))[0]
    if kind == "text" and isinstance(held, str):
        return held
    if kind in ("array", "number") and isinstance(held, list) and len(held) == 3:
        return _array(kind, *held)
    raise ValueError("it holds no plain data")


def _array(kind: str, dtype: Any, shape: Any, data: Any) -> Any:
    if not isinstance(dtype, str) or dtype not in STORABLE_DTYPES or not isinstance(data, str):
        raise ValueError("it holds an array of another kind")
    shape = shape_of(shape)
    content = _bytes(data, np.dtype(dtype).itemsize * math.prod(shape))
    array = np.frombuffer(content, dtype).reshape(shape)
    if kind == "array":
        return array
    if shape:
        raise ValueError("it holds a number with a shape")
    return array[()]


def shape_of(data: Any) -> tuple[int, ...]:
    """A shape: at most 64 lengths, not negative, of an array that an address could reach. Raises ValueError otherwise."""
    if not isinstance(data, list) or len(data) > 64 or not all(type(side) is int and side >= 0 for side in data):
        raise ValueError("it holds a shape that is none")
    if math.prod(side for side in data if side) >= 1 << 60:
        raise ValueError("it holds a shape beyond all bounds")
    return tuple(data)


def _bytes(text: str, count: int) -> bytes:
    content = bytes.fromhex(text)
    if len(content) != count:
        raise ValueError("it holds a number of the wrong length")
    return content
