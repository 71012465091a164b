"""CI runs README's installation and test commands; README and docs/ mention every operation, option and command."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tracer.cli.commands.trace import FORMATS
from tracer.ops import registry

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
PAGES = [README, *(page.read_text() for page in sorted((ROOT / "docs").rglob("*.md")))]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_ci_runs_readmes_test_command() -> None:
    first, second = (block.strip() for block in blocks("sh")[:2])
    assert second in (ROOT / ".ci/run").read_text()
    assert first.startswith("python3 -m venv .venv")


@pytest.mark.slow
@pytest.mark.skipif("CI" not in os.environ, reason="installs from the package index: CI does it")
def test_readmes_first_command_on_a_fresh_clone(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(clone)], check=True)
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    subprocess.run(["bash", "-c", blocks("sh")[0]], cwd=clone, check=True, env=environment, capture_output=True)
    assert (clone / "output/fruit/steps.pdf").read_bytes().startswith(b"%PDF")
    assert (clone / "output/fruit/steps.log").exists()


def test_every_operation_is_documented() -> None:
    page = (ROOT / "docs/reference/operations.md").read_text()
    listed = page[page.index("With derivative rules") : page.index("## Your own operations")]
    words = set(re.findall(r"[a-z_0-9]+", re.sub(r"\babs\b", "absolute", listed)))
    inner = {
        *("take_at", "scatter", "stop_gradient", "positive", "logical_and", "logical_or", "logical_not", "logical_xor"),
        *("vector_outer", "vector_cross", "atleast1d", "atleast2d", "atleast3d", "matrix_diagonal", "matrix_trace"),
        *("movement_gradient", "quantile_weights", "sinc_derivative", "special_expm1", "special_log1p", "write_view", "add_at"),
        *("special_i0", "special_i1"),
        "numpy_call",
    }
    comparing = {"greater", "greater_equal", "less", "less_equal", "equal", "not_equal"}
    own = {op.name for op in registry if op.__module__.startswith("tracer.")}  # other tests register more
    assert own - inner - comparing <= words


def test_every_option_is_documented() -> None:
    from tracer.cli import command

    context = command.make_context("tracer", ["list"])
    verbs = [command.get_command(context, name) for name in command.list_commands(context)]
    parameters = [parameter for verb in verbs for parameter in verb.params]
    options = {name for parameter in parameters for name in parameter.opts if name.startswith("--")}
    short = {"--output": "-o", "--quiet": "-q", "--verbose": "-v"}
    for option in options:
        assert any(f"`{short.get(option, option)}" in page for page in PAGES), option
    assert any(",".join(FORMATS) in page for page in PAGES)


def test_every_command_is_documented() -> None:
    from tracer.cli import command

    page = (ROOT / "docs/reference/cli.md").read_text()
    for name in command.list_commands(command.make_context("tracer", ["list"])):
        assert f"[`tracer {name}`]" in page, name
