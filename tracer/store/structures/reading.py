"""Reads the text of a structure in either of its forms."""

from __future__ import annotations

from typing import Any

from tracer.graph.structures.garbage_collection import while_most_objects_stay
from tracer.store.plain_json import decode, json_data
from tracer.store.structures.column_text import KEY, read_column_text
from tracer.store.structures.columns import read_columns
from tracer.store.structures.structure import Structure, parse_structure


def read_structure(text: Any) -> Structure:
    """Read and validate the text of a structure. Raises ValueError if it is invalid."""
    with while_most_objects_stay():
        data = json_data(text)
        if isinstance(data, dict) and list(data) == [KEY]:
            return read_column_text(data[KEY])
        found = read_columns(data)
        return parse_structure(decode(data)) if found is None else found
