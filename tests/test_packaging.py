"""The wheel and the source distribution: contents, data, licences, addresses, and the command."""

from __future__ import annotations

import configparser
import email
import hashlib
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from support.distributions import built
from tracer.analysis.adapters import TORCH
from tracer.cli.shell.installed import EXTRAS, REQUIRED

ROOT = Path(__file__).parent.parent


def settings() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built("wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution, unpacked."""
    folder = tmp_path_factory.mktemp("sdist")
    with tarfile.open(built("sdist", folder)) as archive:
        archive.extractall(folder / "unpacked", filter="data")
    return next((folder / "unpacked").iterdir())


def test_verbose_version_names_the_dependencies() -> None:
    options = settings()["options"]
    assert set(REQUIRED) == {re.match(r"[\w-]+", line)[0] for line in options["install_requires"].split()}
    extras = settings()["options.extras_require"]
    requirements = {extra: f"{package}{versions}" for extra, (package, versions) in EXTRAS.items()}
    assert all(extras[extra].split()[0] == requirement for extra, requirement in requirements.items())
    assert TORCH.install == f"pip install '{requirements['torch']}'"


def test_pages_name_the_versions_of_python_and_the_licence_of_the_package() -> None:
    """Those of the classifiers, under each of which `nox -s pythons` runs."""
    classifiers = settings()["metadata"]["classifiers"]
    versions = [int(minor) for minor in re.findall(r"Python :: 3\.(\d+)", classifiers)]
    assert versions == list(range(versions[0], versions[-1] + 1))
    assert settings()["options"]["python_requires"] == f">=3.{versions[0]}"
    for name, word in (("README.md", "to"), ("CONTRIBUTING.md", "to"), ("README.zh-CN.md", "到")):
        assert f"Python 3.{versions[0]} {word} 3.{versions[-1]}" in (ROOT / name).read_text(), name
    for name in ("README.md", "README.zh-CN.md"):
        badges = re.findall(r"img\.shields\.io/badge/(.+?)-(.+?)-\w+\)", (ROOT / name).read_text())
        licence = settings()["metadata"]["license"]
        assert badges == [("python", f"3.{versions[0]}_to_3.{versions[-1]}"), ("licence", licence)], name


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


def test_wheel_names_its_addresses_and_licences(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = email.message_from_bytes(archive.read(name))
    addresses = dict(each.split(", ", 1) for each in metadata.get_all("Project-URL", []))
    assert addresses["Documentation"] == "https://steptracer.readthedocs.io/en/latest/"
    assert addresses["Source"] == "https://github.com/steptracer/steptracer"
    for licence in metadata.get_all("License-File", []):
        stored = archive.read(f"{Path(name).parent}/licenses/{licence}")
        assert stored == (ROOT / licence).read_bytes()
    vendored = {str(path.relative_to(ROOT)) for path in (ROOT / "tracer").rglob("*") if re.search("LICENSE|OFL", path.name)}
    assert vendored < set(metadata.get_all("License-File", []))


def test_source_distribution_has_tests_docs_and_licences(sdist: Path) -> None:
    """Every file that the tests and the site read, and the same licences as the wheel."""
    for folder in ("tests", "docs", "scenarios", "tracer"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and not re.search(r"__pycache__|egg-info|\.hypothesis|sqlite-", str(path)):
                assert (sdist / path.relative_to(ROOT)).read_bytes() == path.read_bytes(), path
    for name in ("LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", ".ci/run", *settings()["metadata"]["license_files"].split()):
        assert (sdist / name).is_file(), name


@pytest.mark.slow
def test_wheel_built_of_the_source_distribution_is_the_same(wheel: Path, sdist: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(sdist)]
    subprocess.run(command, check=True, capture_output=True)
    (rebuilt,) = tmp_path.glob("*.whl")
    one, other = zipfile.ZipFile(wheel), zipfile.ZipFile(rebuilt)
    assert {name: one.read(name) for name in one.namelist()} == {name: other.read(name) for name in other.namelist()}


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
