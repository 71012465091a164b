"""Slides from the command line: names of files, series, sizes, options that do not go together; names that are not given."""

from __future__ import annotations

import struct
from pathlib import Path

import click
import pypdf
import pytest

import tracer
from support.cli import run
from support.traces import first_step, recorded


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tracer.save(recorded("linear-regression", 2), "line.sqlite")


def wrote(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    capsys.readouterr()
    assert run("render", "line.sqlite", *arguments) == 0
    return [line.removeprefix("wrote ") for line in capsys.readouterr().out.splitlines()]


def size_of(name: str) -> tuple[int, int]:
    return struct.unpack(">II", Path(name).read_bytes()[16:24])


def test_a_file_without_a_name_is_named_and_opened(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(click, "launch", lambda path: opened.append(path) or 0)
    assert wrote(capsys, "--slide", "--open") == ["linear-regression-slide.svg"] == opened
    assert wrote(capsys, "--zoom", "module") == ["linear-regression.svg"]
    assert wrote(capsys, "--pages", "overview") == ["linear-regression.pdf"]
    assert wrote(capsys, "--slide", "--width", "480") == ["linear-regression-slide.png"]
    assert size_of("linear-regression-slide.png") == (480, 270)
    monkeypatch.setattr(click, "launch", lambda path: 1)
    assert run("render", "line.sqlite", "--slide", "--open") == 0
    assert "nothing opened linear-regression-slide.svg" in capsys.readouterr().err


def test_a_series_is_numbered_and_a_pdf_has_a_page_for_each_frame(capsys: pytest.CaptureFixture[str]) -> None:
    assert wrote(capsys, "--slide", "--build", "-o", "x.svg") == ["x.svg", *(f"x-{number:02d}.svg" for number in range(1, 8))]
    assert "@keyframes" in Path("x.svg").read_text()
    assert wrote(capsys, "--slide", "--build", "-o", "x.pdf") == ["x.pdf"]
    pages = pypdf.PdfReader("x.pdf").pages
    assert [(float(page.mediabox.width), float(page.mediabox.height)) for page in pages] == [(960, 540)] * 7


def test_several_steps_are_named_by_their_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    assert wrote(capsys, "--slide", "-o", "x.svg", "--steps", "0,1") == ["x-step-0-slide.svg", "x-step-1-slide.svg"]
    assert wrote(capsys, "--slide", "-o", "x.pdf", "--steps", "0,1") == ["x.pdf"]
    assert len(pypdf.PdfReader("x.pdf").pages) == 2


def test_a_run_is_drawn_as_slides(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run("trace", "linear-regression", "--steps", "1", "-q", "--slide", "--format", "svg,png", "--dpi", "36", "-o", "out") == 0
    )
    assert size_of("out/step-0-slide.png") == (480, 270)
    assert Path("out/step-0-slide.svg").read_text().startswith("<svg")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--slide", "-o", "x.mmd"], "--slide writes svg, png or pdf, not mmd"),
        (["--slide", "--zoom", "module"], "--slide is a picture of its own: it does not go with --zoom, --focus or --phase"),
        (["--sample", "1"], "--sample is of a slide: add --slide"),
        (["--build"], "--build is of a slide: add --slide"),
        (["--weights"], "--weights is of a slide: add --slide"),
        (["--slide", "--pages", "all"], "it does not go with --zoom, --focus, --phase or --slide"),
        (["-o", "x.svg", "--zoom", "module", "--dpi", "90"], "--width and --dpi say how large a PNG is, and none is written"),
        (["--slide", "--width", "90", "--dpi", "90"], "--width and --dpi each say how large a PNG is: give one of them"),
        (["--slide", "--sample", "0,1,2,3,4,5,6,7,8,9"], "--sample 0,1,2,3,4,5,6,7,8,9: the slide of step 0 has room for"),
        (["--slide", "--sample", "50"], "--sample 50: step 0 has the samples 0 to 49"),
    ],
)
def test_options_that_do_not_go_together(options: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("render", "line.sqlite", *options) == 2
    assert message in capsys.readouterr().err


def test_a_step_shows_its_slide() -> None:
    step = first_step("linear-regression")
    slide = step.slide(sample=2, theme="dark")
    assert slide.startswith("<svg")
    assert getattr(slide, "_repr_svg_")() == slide  # noqa: B009
    assert "@keyframes" in step.slide(build=True)
    assert "l2 norm" in step.slide(weights=True)
    assert step.render("y.svg", slide=True, sample=2, theme="dark") == [Path("y.svg")]
    assert Path("y.svg").read_text().splitlines()[2:] == slide.splitlines()[2:]


@pytest.mark.parametrize(
    "options",
    [
        ["--slide"], ["--slide", "--build"], ["--slide", "-o", "step.svg"], ["--slide", "-o", "my-slide.png"], ["-o", "step.svg"],
        ["-o", "module.svg", "--zoom", "module"], ["-o", "x.dot", "--zoom", "scalar"],
        ["-o", "loss.svg", "--phase", "loss", "--phase", "backward"], ["-o", "focus.mmd", "--focus", "loss"],
    ],
)  # fmt: skip
def test_files_of_several_steps_are_distinct_and_say_no_word_twice(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """And each step has as many as it has alone."""
    files = wrote(capsys, *options, "--step", "1", "--steps", "0,1")
    assert len(files) == len(set(files)) >= 2
    assert {f"step-{index}" in name for index, name in zip((1, 0), (files[0], files[-1]), strict=True)} == {True}
    for name in files:
        words = [word for word in Path(name).stem.split("-") if not word.isdigit()]
        assert len(words) == len(set(words)), name
        assert Path(name).exists()
