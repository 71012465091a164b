"""Reads the colours of a heat map from its picture."""

from __future__ import annotations

import base64
import re
import zlib
from xml.etree import ElementTree

import numpy as np

from tracer.views.booklet.heat_map import PIXELS, SIDE, heat_map
from tracer.views.diagrams.theme import LIGHT, Style, Theme


def colours_of(value: np.ndarray, theme: Theme = LIGHT) -> np.ndarray:
    """The colour of every cell beside its bar, decoded from the embedded PNG."""
    return pixels_of(value, theme)[::PIXELS, ::PIXELS]


def pixels_of(value: np.ndarray, theme: Theme = LIGHT) -> np.ndarray:
    """The pixels of the embedded PNG."""
    drawing = heat_map(value, Style(theme))
    ElementTree.fromstring(drawing.svg)
    assert 0 < max(drawing.width, drawing.height) <= SIDE
    (written,) = re.findall(r"base64,([^\"]+)", drawing.svg)
    png = base64.b64decode(written)
    wide, high = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
    start = png.index(b"IDAT")
    length = int.from_bytes(png[start - 4 : start], "big")
    rows = np.frombuffer(zlib.decompress(png[start + 4 : start + 4 + length]), np.uint8).reshape(high, 1 + 3 * wide)
    assert not rows[:, 0].any()
    return rows[:, 1:].reshape(high, wide, 3)
