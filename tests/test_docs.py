"""README and docs/: runs their commands and programs, compares the output, and checks the links.

The blocks of a page run in order in one folder. The language of a block decides what is done with it:

- `console`, `diff`, `check`: commands after `$ `, of `tracer` or `python FILE`, and what they print. In `diff`, `tracer diff`
  ends with exit code 1, and so do `tracer blame`, `tracer doctor` and `tracer check` where they find something; in `check` the
  errors, which are rounding, need only be small.
- `python`: a file named in its first line (`# mine.py`; a `test_` file is run by pytest; one with a path is a module of the
  package or a part of it), a doctest (`>>>`), or a program.
- `sql`: a query over the files that the commands wrote; its answer is the table below.
- `mermaid`: the last `.mmd` file that was written.
- `log`: lines of the log of `fruit`.
- `session`: a long run with its own test.
- `sh`, `text`: not run.
"""

from __future__ import annotations

import doctest
import itertools
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

import tracer
from support.close_texts import CloseOutput, assert_close
from support.golden import assert_matches_golden, assert_pictures_are_current
from tracer.version import DOCUMENTATION
from tracer.views.text.log import log_text

ROOT = Path(__file__).parent.parent
READMES = [ROOT / "README.md", ROOT / "README.zh-CN.md"]
PAGES = [*READMES, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINKED = [*PAGES, ROOT / "CHANGELOG.md"]

COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
ERROR = re.compile(r"\d\.\de-\d\d")
WRONG = ("First wrong step", "第一个错误的步骤")
VERSIONS = re.compile(r"^# tracer .*$|(?<=/run=fruit-)\w+", re.MULTILINE)
"""Versions of packages, and the digest of a run, which depends on them."""


NEEDS_PYTORCH = "<!-- PyTorch -->"
"""Below a heading: `tests/live` runs the blocks of this section, or of the page, with PyTorch."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code in a page; `before` and `after` are the page around it."""

    language: str
    text: str
    before: str = ""
    after: str = ""

    @property
    def needs_pytorch(self) -> bool:
        return any(NEEDS_PYTORCH in part for part in (self.before.partition("\n## ")[0], self.before.rpartition("\n## ")[2]))

    @property
    def is_directive(self) -> bool:
        """Whether it belongs to the site, such as a table of contents."""
        return self.language.startswith("{")


def blocks(page: Path, *languages: str) -> list[Block]:
    """The blocks of a page in order: all, or only those in the given languages."""
    text = page.read_text()
    found = re.finditer(r"^```(.*)\n((?s:.*?))^```$", text, re.MULTILINE)
    every = [Block(each[1], each[2], text[: each.start()], text[each.end() :]) for each in found]
    return [block for block in every if block.language in languages] if languages else every


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def assert_output(expected: str, printed: str) -> None:
    """Compare what a page shows with what was printed, numbers up to rounding."""
    assert_close(VERSIONS.sub("", printed), VERSIONS.sub("", expected))


def run(arguments: list[str], capfd: pytest.CaptureFixture[str], code: int = 0) -> str:
    """The output of a command that exits with this code."""
    from tracer.cli import main

    before = sys.argv
    sys.argv = arguments
    try:
        main()
    except SystemExit as end:
        assert (end.code or 0) == code, arguments
    finally:
        sys.argv = before
    captured = capfd.readouterr()
    return captured.err + captured.out  # warnings come first on a terminal too


def run_commands(block: Block, capfd: pytest.CaptureFixture[str]) -> None:
    for command, output in COMMAND.findall(block.text):
        finds = block.language == "diff" and command.startswith("tracer diff")
        finds = finds or (command.startswith("tracer blame") and re.match(r"\d+:\d+ ", output) is not None)
        finds = finds or (command.startswith("tracer doctor") and "  advice " in output)
        finds = finds or (
            command.startswith("tracer check") and re.search("First wrong step|第一个错误的步骤", output) is not None
        )
        if command.startswith("python "):
            printed = run_program(Path(command.removeprefix("python ")))
        else:
            printed = run(shlex.split(command), capfd, int(finds))
        assert_output(output, printed)
        assert all(Path(written).exists() for written in re.findall(r"^wrote (\S+)", printed, re.MULTILINE)), command


def run_checks(block: Block, capfd: pytest.CaptureFixture[str]) -> None:
    for command, output in COMMAND.findall(block.text):
        found = run(shlex.split(command), capfd)
        assert_output(ERROR.sub("ERROR", output), ERROR.sub("ERROR", found))
        errors = ERROR.findall(found)
        assert errors
        assert all(float(error) < 1e-10 for error in errors), command


def run_module(path: Path, text: str) -> None:
    """Run a module of a recipe; it can import new modules of earlier recipes."""
    added = Path("added")
    file = added / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    folders = sorted({each.parent.relative_to(added) for each in added.rglob("*.py")})
    names = {".".join(folder.parts): str(added / folder) for folder in folders}
    extended = "".join(f"import {name}; {name}.__path__.append({folder!r})\n" for name, folder in names.items())
    run_program(f"{extended}import runpy\nrunpy.run_path({str(file)!r})")


def run_program(program: str | Path) -> str:
    """What a program, given as text or as its file, prints."""
    arguments = [str(program)] if isinstance(program, Path) else ["-c", program]
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_python(block: Block, capfd: pytest.CaptureFixture[str]) -> None:
    named = re.match(r"# (\w+\.py)\n", block.text)
    module = re.match(r"# (tracer/[\w/]+\.py)\n", block.text)
    if module is not None:
        run_module(Path(module[1]), block.text)
    elif named is not None:
        Path(named[1]).write_text(block.text)
        if named[1].startswith("test_"):
            command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", named[1]]
            environment = {**os.environ, "CI": "true"}  # makes Hypothesis deterministic and without a deadline
            done = subprocess.run(command, capture_output=True, text=True, env=environment)
            assert re.search(rf"^{block.text.count('def test_')} passed", done.stdout, re.MULTILINE), done.stdout
    elif ">>>" in block.text:
        test = doctest.DocTestParser().get_doctest(block.text, {}, "page", None, 0)
        assert doctest.DocTestRunner(CloseOutput()).run(test).failed == 0, capfd.readouterr().out
    else:
        run_program(block.text)


def run_query(block: Block, capfd: pytest.CaptureFixture[str]) -> None:
    found = duckdb.sql(block.text)
    heading, _, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in block.after.lstrip("\n").split("\n\n")[0].splitlines()
    ]
    assert heading == found.columns
    answer = found.fetchall()
    assert_output("\n".join(map(" ".join, rows)), "\n".join(" ".join(map(str, row)) for row in answer))


def compare_mermaid(block: Block, capfd: pytest.CaptureFixture[str]) -> None:
    written = re.findall(r"^wrote (\S+\.mmd)$", block.before, re.MULTILINE)[-1]
    assert_output(block.text, Path(written).read_text())


def compare_log(block: Block, capfd: pytest.CaptureFixture[str]) -> None:
    """Compare each entry, from its node's number on, with the same number of lines of the log."""
    log = log_text(tracer.run(tracer.load("fruit"), steps=1)).splitlines()
    shown = block.text.splitlines()
    starts = [start_line for start_line, line in enumerate(shown) if re.match(r"\d+:\d{3} ", line)]
    assert starts[0] == 0
    for start, end in itertools.pairwise([*starts, len(shown)]):
        number = shown[start].split()[0]
        start_line = next(start_line for start_line, line in enumerate(log) if line.startswith(f"{number} "))
        assert_output("\n".join(shown[start:end]), "\n".join(log[start_line : start_line + end - start]))


def skip(block: Block, capfd: pytest.CaptureFixture[str]) -> None:
    """Do nothing: the block is not run."""


RUNNERS: dict[str, Callable[[Block, pytest.CaptureFixture[str]], None]] = {
    "console": run_commands,
    "diff": run_commands,
    "check": run_checks,
    "python": run_python,
    "sql": run_query,
    "mermaid": compare_mermaid,
    "log": compare_log,
    "session": skip,
    "sh": skip,
    "text": skip,
}


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_blocks_of_a_page_give_the_documented_output(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Those with PyTorch are run in tests/live. The pictures of the page are those that its commands wrote."""
    monkeypatch.chdir(tmp_path)
    every = [block for block in blocks(page) if not block.is_directive]
    for block in every:
        if not block.needs_pytorch:
            RUNNERS[block.language](block, capfd)
    if not all(block.needs_pytorch for block in every):
        assert_pictures_are_current(page)


def test_every_kind_of_block_is_used() -> None:
    every = [block for page in PAGES for block in blocks(page)]
    assert {block.language for block in every if not block.is_directive} == set(RUNNERS)
    commands = [command for block in every if block.language in ("console", "diff") for command in COMMAND.findall(block.text)]
    assert len(commands) >= 16


@pytest.mark.slow
def test_long_scenario_stops_early_and_keeps_the_best_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The step at which it stops depends on the machine's rounding."""
    monkeypatch.chdir(tmp_path)
    (program,) = (block.text for block in blocks(ROOT / "docs/how-to/scenarios.md", "python") if "# rings.py" in block.text)
    Path("rings.py").write_text(program)
    out = run(["tracer", "trace", "./rings.py", "--format", "log"], capfd)
    assert re.search(r"^stopped after \d+ epochs: val_loss had not improved for 10 epochs in a row$", out, re.MULTILINE)
    assert re.search(r"^wrote output/rings/best.npz \(epoch \d+, val_accuracy (1|0\.9\d*)\)$", out, re.MULTILINE)


@pytest.mark.slow
def test_mnist_accuracy_is_as_documented(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Run on the sample. The last digits depend on the BLAS; the full data set must be downloaded by hand."""
    monkeypatch.chdir(tmp_path)
    (session,) = blocks(ROOT / "docs/explanation/parity.md", "session")
    command, *printed = session.text.splitlines()
    out = run(shlex.split(command.removeprefix("$ ")), capfd)
    found = [float(line.split()[-2]) for line in out.splitlines() if "test accuracy:" in line]
    shown = [float(line.split()[-2]) for line in printed[:5]]
    assert len(found) == 5
    assert abs(found[-1] - shown[-1]) < 2
    assert found[-1] > 88
    assert float(printed[-1].split()[-2]) > 97


@pytest.mark.parametrize(("name", "zoom", "drawn"), [("linear-regression", "tensor", "step-0"), ("fruit", "module", "module")])
def test_pictures_in_docs_are_current(
    name: str,
    zoom: str,
    drawn: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    run(["tracer", "trace", name, "-q", "--format", "log"], capfd)
    run(["tracer", "render", name, "-o", "x.svg", "--zoom", zoom], capfd)
    assert f"tests/golden/{name}-{drawn}.svg)" in (ROOT / "docs/how-to/pictures.md").read_text()
    assert_matches_golden(f"{name}-{drawn}.svg", Path("x.svg").read_text())


# Links and names.

REPOSITORY = "https://github.com/steptracer/steptracer/blob/main/"
FILES = "https://raw.githubusercontent.com/steptracer/steptracer/main/"


def prose(page: Path) -> str:
    """The text of a page without its code blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub generates for the headings of a page.

    >>> sorted(anchors(ROOT / "docs/how-to/checking.md"))
    ['checking-gradients', 'in-your-tests', 'the-command']
    """
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", LINKED, ids=name_of)
def test_every_link_has_a_target(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", prose(page)))
    for link in links:
        place = ROOT if link.startswith((REPOSITORY, FILES)) else page.parent
        link = link.removeprefix(REPOSITORY).removeprefix(FILES)
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = (place / path).resolve() if path else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_is_in_the_contents_of_the_site() -> None:
    contents = re.findall(r"```{toctree}(.*?)```", (ROOT / "docs/index.md").read_text(), re.DOTALL)
    listed = set(re.findall(r"^[\w/.-]+$", "\n".join(contents), re.MULTILINE))
    assert listed | {"index"} == {
        str(page.relative_to(ROOT / "docs").with_suffix("")) for page in PAGES if page.is_relative_to(ROOT / "docs")
    }


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_files_named_in_pages_exist(page: Path) -> None:
    for path in re.findall(r"`((?:tracer|tests|docs|scenarios|\.ci|\.github)/[\w./-]*)`", prose(page)):
        assert (ROOT / path).exists(), path


def test_architecture_page_lists_every_module() -> None:
    """Each under its folder."""
    (tree,) = (block.text for block in blocks(ROOT / "docs/architecture.md", "text") if "tracer/  " in block.text)
    folder, words = ROOT, {}
    levels: list[Path] = []
    for line in tree.splitlines():
        opened = re.match(r"( *)([\w]+)/ +(.*)", line)
        if opened is not None and len(opened[1]) <= 6:
            levels = [*levels[: len(opened[1]) // 2], Path(opened[2])]
            folder = ROOT.joinpath(*levels)
            assert folder.is_dir(), line
        words[folder] = f"{words.get(folder, '')} {opened[3] if opened else line}"
    for path in (ROOT / "tracer").rglob("*.py"):
        if path.name != "__init__.py":
            assert re.search(rf"\b{path.stem}\b", words[path.parent]), path


@pytest.mark.parametrize("page", READMES, ids=name_of)
def test_readme_is_short_and_its_links_hold_on_a_package_index(page: Path) -> None:
    assert len(page.read_text().splitlines()) <= 200
    links = re.findall(r"\]\(([^)\s]+)\)", prose(page))
    assert [link for link in links if not link.startswith(("https://", "#"))] == []


def test_errors_name_pages_that_exist() -> None:
    named = {
        name for path in (ROOT / "tracer").rglob("*.py") for name in re.findall(r"\bpage\(['\"](.+?)['\"]\)", path.read_text())
    }
    assert {"reference/operations", "explanation/what-is-recorded", "how-to/pytorch"} <= named
    assert all((ROOT / "docs" / f"{name}.md").exists() for name in named)
    assert f"Documentation = {DOCUMENTATION}\n" in (ROOT / "setup.cfg").read_text()
