"""A lossless JSON encoding of plain data: tuples stay tuples, floats keep their bits.

The lossy JSON for other programs is in `tracer.graph.plain_values`.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from tracer.arguments import native
from tracer.graph.strides import HELD_IN

_SIZES = {"int": (8, 16, 32, 64), "uint": (8, 16, 32, 64), "float": (16, 32, 64), "complex": (64, 128)}
NUMPY_DTYPES = frozenset({"bool", *(f"{kind}{size}" for kind, sizes in _SIZES.items() for size in sizes)})
"""The dtypes of NumPy whose elements a file can store."""

STORABLE_DTYPES = NUMPY_DTYPES | frozenset(HELD_IN)
"""The dtypes of nodes whose elements a file can store."""


def to_json(data: Any) -> str:
    """Encode plain data; any other object is stored as its text.

    >>> to_json({"axis": (0, 1), "limit": float("-inf")})
    '{"dict":{"axis":{"tuple":[0,1]},"limit":{"float":"fff0000000000000"}}}'
    """
    return data_text(_encode(data))


def from_json(text: Any) -> Any:
    """Decode the text. Raises ValueError if it is invalid.

    >>> from_json(to_json([1, (2.5, None), {"a": True}, 1j, float("inf")]))
    [1, (2.5, None), {'a': True}, 1j, inf]
    """
    return decode(json_data(text))


def json_data(text: Any) -> Any:
    """The JSON of a text, encoded data in it. Raises ValueError if it is invalid."""
    if not isinstance(text, str):
        raise ValueError("it is not text")
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def data_text(data: Any) -> str:
    """The text of JSON data that is encoded; the inverse of `json_data`."""
    return json.dumps(data, separators=(",", ":"), allow_nan=False)


def decode(data: Any) -> Any:
    """Decode data that `to_json` encoded. Raises ValueError if it is invalid."""
    try:
        return _decode(data)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _encode(data: Any) -> Any:
    if data is None or isinstance(data, (bool, str)) or type(data) is int:
        return data
    if isinstance(data, float):
        number = float(data)
        return number if math.isfinite(number) else {"float": struct.pack(">d", number).hex()}
    if isinstance(data, complex):
        return {"complex": [_encode(data.real), _encode(data.imag)]}
    if isinstance(data, tuple):
        return {"tuple": [_encode(each) for each in data]}
    if isinstance(data, list):
        return [_encode(each) for each in data]
    if isinstance(data, Mapping) and all(isinstance(key, str) for key in data):
        return {"dict": {key: _encode(each) for key, each in data.items()}}
    if isinstance(data, (np.ndarray, np.generic)) and str((array := native(np.asarray(data))).dtype) in NUMPY_DTYPES:
        kind = "array" if isinstance(data, np.ndarray) else "number"
        return {kind: [str(array.dtype), list(array.shape), array.tobytes().hex()]}
    return {"text": str(data)}


def _decode(data: Any) -> Any:
    if isinstance(data, list):
        return [_decode(each) for each in data]
    if not isinstance(data, dict):
        return data
    if len(data) != 1:
        raise ValueError("it holds data of an unknown type")
    ((kind, content),) = data.items()
    if kind == "dict" and isinstance(content, dict):
        return {key: _decode(each) for key, each in content.items()}
    if kind == "tuple" and isinstance(content, list):
        return tuple(_decode(each) for each in content)
    if kind == "complex" and isinstance(content, list) and len(content) == 2:
        real, imaginary = (_decode(part) for part in content)
        if isinstance(real, float) and isinstance(imaginary, float):
            return complex(real, imaginary)
    if kind == "float" and isinstance(content, str):
        return struct.unpack(">d", _decode_hex(content, 8))[0]
    if kind == "text" and isinstance(content, str):
        return content
    if kind in ("array", "number") and isinstance(content, list) and len(content) == 3:
        return _decode_array(kind, *content)
    raise ValueError("it holds data of an unknown type")


def _decode_array(kind: str, dtype: Any, shape: Any, data: Any) -> Any:
    if not isinstance(dtype, str) or dtype not in NUMPY_DTYPES or not isinstance(data, str):
        raise ValueError("it holds an array of an unknown dtype")
    shape = decode_shape(shape)
    content = _decode_hex(data, np.dtype(dtype).itemsize * math.prod(shape))
    array = np.frombuffer(content, dtype).reshape(shape)
    if kind == "array":
        return array
    if shape:
        raise ValueError("it holds a number with a shape")
    return array[()]


def decode_shape(data: Any) -> tuple[int, ...]:
    """Validate a shape: at most 64 nonnegative lengths of an addressable array. Raises ValueError if it is invalid."""
    if not isinstance(data, list) or len(data) > 64 or not all(type(length) is int and length >= 0 for length in data):
        raise ValueError("it holds an invalid shape")
    if math.prod(length for length in data if length) >= 1 << 60:
        raise ValueError("it holds a shape that is too large")
    return tuple(data)


def _decode_hex(text: str, size: int) -> bytes:
    content = bytes.fromhex(text)
    if len(content) != size:
        raise ValueError("it holds a number of the wrong length")
    return content
