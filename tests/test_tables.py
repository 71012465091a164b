"""Reading tables of numbers: supported formats and invalid files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracer
from tracer.data.tables import read_table


def written(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "points.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        "1,2\n3,4.5\n",
        "x,y\n1,2\n3,4.5",
        "\ufeffx,y\r\n1,2\r\n3,4.5\r\n",
        "x;y\n1;2\n3;4.5\n",
        "1\t2\n3\t4.5\n",
        '"1","2"\n"3", 4.5 \n',
        "\n1,2\n\n  \n3,4.5\n\n",
        "1e0,2.\n+3,.45e1\n",
    ],
)
def test_table_formats(tmp_path: Path, content: str) -> None:
    np.testing.assert_array_equal(read_table(written(tmp_path, content), 2), [[1, 2], [3, 4.5]])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("1,2\n3,four\n", "points.csv, line 2, column 2 is 'four': a finite number is needed"),
        ("x,y\n1,2\n3,\n", "points.csv, line 3, column 2 is empty: a number is needed"),
        ("1,2\n3\n", "points.csv, line 2 has 1 column, 2 are needed"),
        ("1,2,3\n", "points.csv, line 1 has 3 columns, 2 are needed"),
        ("x,y\n1,2\n", "points.csv has 1 row of numbers, at least 2 are needed"),
        ("x,y\n", "points.csv has no rows of numbers, at least 2 are needed"),
        ("", "points.csv has no rows of numbers"),
        ("x,y\na,b\n1,2\n", "line 2, column 1 is 'a'"),
        ("x,1\n1,2\n", "line 1, column 1 is 'x'"),
        ("1,2\nnan,4\n", "line 2, column 1 is 'nan': a finite number"),
        ("1,2\n3,inf\n", "line 2, column 2 is 'inf': a finite number"),
        ("1,2\n3,1_000\n", "line 2, column 2 is '1_000'"),
        ("1,2\n3,1e999\n", "line 2, column 2 is '1e999'"),
        ('1,2\n"3,4\n', "points.csv is no table"),
        (b"\xff\xfe\x00\x01", "points.csv is no table: it is not UTF-8 text"),
    ],
)
def test_invalid_tables_are_reported(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(tracer.UsageError, match=message) as caught:
        read_table(written(tmp_path, content), 2, least_rows=2)
    assert "\n" not in str(caught.value)


def test_unreadable_files_are_reported(tmp_path: Path) -> None:
    with pytest.raises(tracer.UsageError, match=r"no\.csv cannot be read: No such file"):
        read_table(tmp_path / "no.csv", 2)
    with pytest.raises(tracer.UsageError, match="cannot be read: Is a directory"):
        read_table(tmp_path, 2)


@given(content=st.binary(max_size=60))
def test_any_bytes_are_a_table_or_a_one_line_error(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(content)
    try:
        assert read_table(path, 2).shape[1] == 2
    except tracer.UsageError as error:
        assert "\n" not in str(error)
