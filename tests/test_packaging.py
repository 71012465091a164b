"""The wheel: its contents, data, licences, and command."""

from __future__ import annotations

import configparser
import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SHIPPED = ("tracer", "scenarios", "setup.cfg", "pyproject.toml", "README.md", "LICENSE")


def settings() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a clean copy."""
    source = tmp_path_factory.mktemp("source")
    for name in SHIPPED:
        place = ROOT / name
        if place.is_dir():
            shutil.copytree(place, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy(place, source / name)
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(source)]
    subprocess.run(command, check=True, capture_output=True)
    return next(folder.glob("steptracer-*.whl"))


def test_listed_packages_are_the_folders() -> None:
    listed = set(settings()["options"]["packages"].split())
    folders = {".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / "tracer").rglob("*.py")}
    assert listed == folders | {"tracer.rendering.fonts", *(f"tracer.scenarios{each}" for each in ("", ".data", ".gallery"))}


def test_wheel_has_scenarios_data_fonts_and_notices(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for path in (ROOT / "scenarios").glob("*.py"):
        assert f"tracer/scenarios/{path.name}" in names
    for path in (ROOT / "scenarios/gallery").glob("*.py"):
        assert f"tracer/scenarios/gallery/{path.name}" in names
    for name in ("data/mnist_sample.npz", "data/fruit_train.csv", "data/fruit_test.csv", "data/facts.json", "data/NOTICE.md"):
        assert f"tracer/scenarios/{name}" in names
    assert {"tracer/rendering/fonts/NotoSansSC-GB2312.ttf", "tracer/rendering/fonts/OFL.txt", "tracer/py.typed"} <= names
    assert any(name.endswith("LICENSE") for name in names)
    assert not any(name.startswith("tests") or "golden" in name for name in names)


@pytest.mark.slow
def test_installed_wheel_runs(wheel: Path, tmp_path: Path) -> None:
    target, elsewhere = tmp_path / "installed", tmp_path / "elsewhere"
    elsewhere.mkdir()
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), str(wheel)]
    subprocess.run(pip, check=True)
    environment = {**os.environ, "PYTHONPATH": str(target), "PATH": "/nowhere"}
    command = [sys.executable, "-c", "import tracer.cli as c, sys; print(c.__file__); c.main()", "trace", "fruit"]
    done = subprocess.run(command, cwd=elsewhere, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(str(target))
    assert (elsewhere / "output/fruit/steps.pdf").read_bytes().startswith(b"%PDF")
    assert (elsewhere / "output/fruit/steps.log").read_text().count("== step ") == 6
    script = next(target.glob("*.dist-info")) / "entry_points.txt"
    assert "tracer = tracer.__main__:main" in script.read_text()


def test_digit_sample_matches_its_notice() -> None:
    data = ROOT / "scenarios" / "data"
    digest = hashlib.sha256((data / "mnist_sample.npz").read_bytes()).hexdigest()
    assert digest in (data / "NOTICE.md").read_text()


@pytest.mark.slow
def test_recording_benchmark_runs() -> None:
    """A smoke test at a tiny size, without timing."""
    command = [sys.executable, str(ROOT / "tests/benchmarks/recording.py"), "tiny"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert len(re.findall(r"tracer, everything recorded +\d+ +\d+\.\d\d +1\.00", done.stdout)) == 2
    assert re.search(r"every number, 2-4-2, 10 samples: \d+ numbers in", done.stdout)
    assert re.search(r"start, ms of CPU: tracer --help \d+", done.stdout)


@pytest.mark.slow
def test_benchmark_of_fresh_processes_runs() -> None:
    """A smoke test at a tiny size, without timing."""
    command = [sys.executable, str(ROOT / "tests/benchmarks/fresh.py"), "tiny"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert len(re.findall(r"^\| .* \| now \|$", done.stdout, re.MULTILINE)) == 4


@pytest.mark.slow
def test_benchmark_of_questions_runs() -> None:
    """A smoke test at a tiny size, without timing."""
    command = [sys.executable, str(ROOT / "tests/benchmarks/questions.py"), "tiny"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert len(re.findall(r"^\| .* \| now \|$", done.stdout, re.MULTILINE)) == 6


@pytest.mark.slow
def test_benchmark_of_commands_runs() -> None:
    """A smoke test at a tiny size, without timing."""
    command = [sys.executable, str(ROOT / "tests/benchmarks/commands.py"), "tiny"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert len(re.findall(r"^\| .* \| now \|$", done.stdout, re.MULTILINE)) == 4


@pytest.mark.slow
def test_trace_file_benchmark_runs() -> None:
    """A smoke test at a tiny size, without timing."""
    command = [sys.executable, str(ROOT / "tests/benchmarks/trace_file.py"), "3"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert re.search(r"mnist, 3 steps: .* with --values summary: \d\.\d\d x", done.stdout)
    assert re.search(r"the writer, statistics known: \d+ MB/s, \d+% of it", done.stdout)
