"""The values of a step as compressed bytes: small ones exact, large ones in shades, and the statistics of all."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np

from tracer.graph.plain_values import json_text
from tracer.graph.record import Node, Step, Trace
from tracer.views.notation import Labels
from tracer.views.player.exact import exact_numbers
from tracer.views.player.inspector.operands import worked_elements
from tracer.views.player.inspector.own import own_gradients
from tracer.views.player.inspector.words import update_words

MAX_EXACT = 4096
"""Maximum size of a value that the page has exactly."""

LEVELS = 255
"""Number of levels in which the numbers of a larger value are kept."""

_FLOATS = {"float64": "f8", "float32": "f4"}


def packed_step(trace: Trace, step: Step, labels: Labels, *, has_values: bool) -> str:
    """A step in base64: the length of a head, the head as JSON, then the bytes of the values one after the other.

    The head says of every node how its value is encoded: `f8` and `f4` little-endian floats, `i4` and `u1` integers,
    `level` a byte an element between its smallest and its largest number, empty for none. Without
    `has_values` it has statistics only.
    """
    encodings: list[str] = []
    arrays: list[bytes] = []
    noise: dict[str, list[int]] = {}
    for node in step.nodes:
        encoding, data = _encoded(node) if has_values else ("", b"")
        encodings.append(encoding)
        arrays.append(data)
        mask = labels.noise.of(node) if encoding and encoding != "level" else None
        if mask is not None:
            noise[str(node.id)] = np.flatnonzero(mask).tolist()
    large = frozenset(id for id, each in enumerate(encodings) if each == "level")
    written = worked_elements(step, labels, large) if has_values else {}
    head: dict[str, Any] = {
        "encodings": encodings,
        "statistics": [_statistics(node) for node in step.nodes],
        "noise": noise,
        "noisyMeans": [node.id for node in step.nodes if node.summary.is_noise(node.summary.mean, node.dtype)],
        "exact": exact_numbers(step, large, written),
        "own": own_gradients(step),
        "words": update_words(trace, step, labels) if has_values else {},
        "written": {str(id): [each.largest, each.elements] for id, each in written.items()},
    }
    text = json_text(head).encode()
    text += b" " * (-len(text) % 8)
    packed = len(text).to_bytes(8, "little") + text + b"".join(data + bytes(-len(data) % 8) for data in arrays)
    return compressed(packed)


def compressed(data: bytes) -> str:
    """Data as the scripts unpack it: compressed, in base64."""
    return base64.b64encode(zlib.compress(data, 9)).decode()


def _encoded(node: Node) -> tuple[str, bytes]:
    """The encoding of a value and its bytes; empty if it is not kept, or not real."""
    if not node.is_kept or not node.size or np.dtype(node.value.dtype).kind not in "fiub":
        return "", b""
    value = np.ascontiguousarray(node.value)
    if value.dtype == bool:
        return "u1", value.tobytes()
    if node.size > MAX_EXACT:
        return _levels(value.astype(np.float64))
    if value.dtype.kind in "iu" and _fits(value):
        return "i4", value.astype("<i4").tobytes()
    code = _FLOATS.get(str(value.dtype), "f8")
    return code, value.astype(f"<{code}").tobytes()


def _fits(value: np.ndarray) -> bool:
    return bool(np.abs(value.astype(np.float64)).max() < 2**31)


def _levels(value: np.ndarray) -> tuple[str, bytes]:
    """A large value in LEVELS levels from its smallest to its largest number."""
    if not np.all(np.isfinite(value)):
        return "", b""
    low, high = float(value.min()), float(value.max())
    scale = (LEVELS - 1) / (high - low) if high > low else 0.0
    return "level", np.rint((value - low) * scale).astype(np.uint8).tobytes()


def _statistics(node: Node) -> list[Any]:
    found = node.summary
    return [found.minimum, found.maximum, found.mean, found.std, found.l2, found.zeros, found.nans, found.infinities]
