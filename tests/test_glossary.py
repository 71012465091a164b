"""docs/glossary.md and docs/zh/glossary.md: their Chinese words are those of the output."""

from __future__ import annotations

import re
from pathlib import Path

from tracer.i18n.zh import MESSAGES

PAGE = Path(__file__).parent.parent / "docs/glossary.md"


def test_words_are_those_of_the_chinese_output() -> None:
    pairs = re.findall(r"^\| ([a-z ]+) \| ([\u4e00-\u9fff]+) \| ", PAGE.read_text(), re.MULTILINE)
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")][2:]
    assert len(pairs) == len(rows)
    assert dict(pairs) == {english: MESSAGES[english] for english, _ in pairs}


def test_chinese_page_has_the_same_words() -> None:
    there = re.findall(r"^\| ([\u4e00-\u9fff]+) \| ([a-z ]+) \| ", (PAGE.parent / "zh/glossary.md").read_text(), re.MULTILINE)
    here = re.findall(r"^\| ([a-z ]+) \| ([\u4e00-\u9fff]+) \| ", PAGE.read_text(), re.MULTILINE)
    assert [(english, chinese) for chinese, english in there] == here
