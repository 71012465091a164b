"""The programs and commands with PyTorch in README and docs give what the pages show."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

from support.close_texts import assert_close
from support.golden import assert_pictures_are_current

ROOT = Path(__file__).parent.parent.parent
MARK = "<!-- PyTorch -->"
PAGES = [page for page in (*ROOT.glob("README*.md"), *sorted((ROOT / "docs").rglob("*.md"))) if MARK in page.read_text()]
VERSIONS = re.compile(r"^# tracer .*$", re.MULTILINE)
ERROR = re.compile(r"\d\.\de-\d\d +(right|正确)")
"""The error of a right gradient, which is rounding."""
COMMAND = re.compile(r"^\$ tracer (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


def marked(text: str) -> str:
    """The sections of a page that need PyTorch: all, if it says so before the first."""
    first, *sections = text.split("\n## ")
    return text if MARK in first else "\n".join(section for section in sections if MARK in section)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_blocks_of_a_page_give_the_documented_output(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    commands = 0
    for language, text in re.findall(r"^```(\w+)\n((?s:.*?))^```$", marked(page.read_text()), re.MULTILINE):
        name = re.match(r"# (\w+\.py)\n", text)
        if name is not None:
            Path(name[1]).write_text(text)
        elif language == "python":
            exec(text, {})
        for command, shown in COMMAND.findall(text) if language in ("console", "text") else ():
            done = subprocess.run([sys.executable, "-m", "tracer", *shlex.split(command)], capture_output=True, text=True)
            found = done.stderr + done.stdout
            if command.startswith("blame"):
                found = "".join(found.splitlines(keepends=True)[: shown.count("\n")])  # the page shows its beginning
            found, shown = (ERROR.sub("", VERSIONS.sub("", text)) for text in (found, shown))
            assert_close(found, shown)
            commands += 1
    assert commands > 0
    assert_pictures_are_current(page)
