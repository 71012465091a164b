"""Alignment of text in columns."""

from __future__ import annotations

from tracer.views.aligned_text import table


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    rows = [("name", "steps", "note"), ("fruit", "6", ""), ("数字", "60", "两列")]
    assert table(rows, right=[1]) == ["name   steps  note", "fruit      6", "数字      60  两列"]
    assert table(rows, gap="|")[2] == "数字 |60   |两列"


def test_empty_table_and_single_row() -> None:
    assert table([]) == []
    assert table([("", "")]) == [""]
    assert table([("a",), ("bcd",)], right=[0]) == ["  a", "bcd"]
