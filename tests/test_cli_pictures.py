"""Pictures from the command line: options, file names, one-line errors, missing glyphs, and notebooks."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pypdf
import pytest

import tracer
from support.cli import SCENARIO_TEXT, run
from support.traces import recorded
from tracer.graph.record import Node, Step
from tracer.rendering.engine import ENGINES
from tracer.training.bundled import bundled_names
from tracer.views.diagrams.theme import DARK, LIGHT, PRINT

FORMATS = ("svg", "png", "dot", "mmd", "pdf")


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test runs in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def fruit(capsys: pytest.CaptureFixture[str]) -> None:
    """The trace file of fruit."""
    assert run("trace", "fruit", "-q", "--format", "log") == 0
    capsys.readouterr()


def written(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """The files that a command reports as written; they exist."""
    capsys.readouterr()
    assert run("render", "fruit", *arguments) == 0
    out, err = capsys.readouterr()
    assert re.fullmatch(r"(a Mermaid picture has [\d,]+ (arrows|characters), GitHub draws up to [\d,]+: .*\n)*", err)
    names = [line.removeprefix("wrote ") for line in out.splitlines()]
    assert all(Path(name).is_file() for name in names)
    return names


def content(name: str) -> str:
    return Path(name).read_text()


# Names of files.


@pytest.mark.usefixtures("fruit")
@pytest.mark.parametrize(
    ("options", "names"),
    [
        ([], ["x"]),
        (["--step", "2"], ["x"]),
        (["--steps", "0,2"], ["x-step-0", "x-step-2"]),
        (["--steps", "2, 0", "--step", "1"], ["x-step-1", "x-step-2", "x-step-0"]),
        (["--steps", "1,1", "--step", "1"], ["x"]),
        (["--phase", "loss"], ["x"]),
        (["--phase", "loss", "--phase", "forward", "--phase", "loss"], ["x-step-0-loss", "x-step-0-forward"]),
        (["--steps", "0,2", "--zoom", "module"], ["x-step-0-module", "x-step-2-module"]),
        (["--steps", "0,2", "--zoom", "tensor"], ["x-step-0", "x-step-2"]),
        (["--steps", "0,2", "--focus", "h1"], ["x-step-0-focus", "x-step-2-focus"]),
        (["--steps", "0,2", "--focus-down", "W2[0,0]"], ["x-step-0-focus", "x-step-2-focus"]),
        (["--steps", "0,2", "--zoom", "scenario"], ["x-step-0-scenario", "x-step-2-scenario"]),
    ],
)
def test_single_picture_has_the_given_name(options: list[str], names: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    for kind in ("dot", "mmd"):
        assert written(capsys, "-o", f"x.{kind}", *options) == [f"{name}.{kind}" for name in names]
        assert len(list(Path().glob(f"*.{kind}"))) == len(names)


def test_pictures_of_a_run_are_named_by_step() -> None:
    assert run("trace", "fruit", "-q", "-o", "t", "--format", "svg,dot") == 0
    expected = {f"step-{step}.{kind}" for step in (0, 5) for kind in ("svg", "dot")}
    assert {path.name for path in Path("t").iterdir()} == expected | {"trace.sqlite"}
    assert run("trace", "fruit", "-q", "-o", "p", "--format", "mmd", "--phase", "forward", "--phase", "update") == 0
    expected = {f"step-{step}-{phase}.mmd" for step in (0, 5) for phase in ("forward", "update")}
    assert {path.name for path in Path("p").iterdir()} == expected | {"trace.sqlite"}
    assert run("trace", "fruit", "-q", "-o", "m", "--format", "mmd", "--zoom", "module") == 0
    assert {path.name for path in Path("m").iterdir()} == {"step-0-module.mmd", "step-5-module.mmd", "trace.sqlite"}


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["--zoom", "module", "--theme", "dark"], ["--focus", "loss", "--lang", "zh"],
                                     ["--zoom", "scalar"], ["--phase", "loss", "--direction", "LR"]])  # fmt: skip
def test_picture_from_the_file_is_that_of_the_run(options: list[str]) -> None:
    assert run("trace", "fruit", "-q", "--format", "svg,png,dot,mmd,pdf", *options) == 0
    (drawn,) = (path.stem for path in Path("output/fruit").glob("step-5*.svg"))
    for kind in ("svg", "png", "dot", "mmd"):
        assert run("render", "fruit", "-o", f"again.{kind}", "--step", "5", *options) == 0
        assert Path(f"again.{kind}").read_bytes() == Path(f"output/fruit/{drawn}.{kind}").read_bytes()
    assert run("render", "fruit", "-o", "again.pdf", "--steps", "0,5", *options) == 0
    assert Path("again.pdf").read_bytes() == Path("output/fruit/steps.pdf").read_bytes()


def test_written_files_as_json(fruit: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("render", "fruit", "-o", "x.mmd", "--steps", "0,3", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"wrote": ["x-step-0.mmd", "x-step-3.mmd"]}


# Contents.


@pytest.mark.usefixtures("fruit")
def test_zooms_give_different_pictures(capsys: pytest.CaptureFixture[str]) -> None:
    assert "<b>forward</b> 4 operations" in content(written(capsys, "-o", "a.mmd", "--zoom", "scenario")[0])
    assert "<b>Adam/W1</b>" in content(written(capsys, "-o", "b.mmd", "--zoom", "module")[0])
    assert '"x.T @ g"' in content(written(capsys, "-o", "c.mmd", "--zoom", "tensor")[0])
    assert "W1#91;1,0#93;" in content(written(capsys, "-o", "d.mmd", "--zoom", "scalar")[0])
    assert content(written(capsys, "-o", "e.mmd")[0]) == content("c.mmd")


@pytest.mark.usefixtures("fruit")
def test_focus_omits_unrelated_nodes(capsys: pytest.CaptureFixture[str]) -> None:
    (up,) = written(capsys, "-o", "up.mmd", "--focus", "h1")
    assert "<b>h1</b>" in content(up)
    assert "logits" not in content(up)
    (down,) = written(capsys, "-o", "down.mmd", "--focus-down", "h1")
    assert "<b>logits</b>" in content(down)
    assert "W2#95;new" in content(down)
    (one,) = written(capsys, "-o", "one.mmd", "--focus", "dL/dW1[0,2]")
    assert "<b>dL/dW1#91;0,2#93;</b>" in content(one)
    assert content(one).startswith("flowchart LR\n")


@pytest.mark.usefixtures("fruit")
def test_direction_theme_and_language(capsys: pytest.CaptureFixture[str]) -> None:
    for direction in ("TB", "LR"):
        assert f"rankdir={direction}" in content(written(capsys, "-o", "x.dot", "--direction", direction)[0])
        (name,) = written(capsys, "-o", "x.mmd", "--zoom", "scalar", "--direction", direction)
        assert content(name).startswith(f"flowchart {direction}\n")
    for theme in (LIGHT, DARK, PRINT):
        text = content(written(capsys, "-o", "x.svg", "--theme", theme.name)[0])
        assert theme.background.lower() in text
        assert all(paint.lower() in text for paint in (theme.boxes[kind].border for kind in list(theme.boxes)[:2]))
    assert run("render", "fruit", "-o", "zh.svg", "--lang", "zh", "--zoom", "scenario") == 0
    out, err = capsys.readouterr()
    assert out == "已写入 zh.svg\n"
    assert err == ""
    assert "参数" in content("zh.svg")


@pytest.mark.usefixtures("fruit")
@pytest.mark.parametrize("kind", ["svg", "png", "dot", "mmd"])
def test_every_format_is_valid(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    (name,) = written(capsys, "-o", f"x.{kind}", "--zoom", "module")
    begin = {"svg": b"<?xml", "png": b"\x89PNG", "dot": b"digraph {", "mmd": b"flowchart TB\n"}[kind]
    assert Path(name).read_bytes().startswith(begin)


@pytest.mark.usefixtures("fruit")
def test_pdf_of_a_zoom_has_a_page_per_step(capsys: pytest.CaptureFixture[str]) -> None:
    (name,) = written(capsys, "-o", "x.pdf", "--zoom", "module", "--steps", "0,2,4")
    (svg,) = written(capsys, "-o", "x.svg", "--zoom", "module")
    size = re.search(r'<svg width="([\d.]+)pt" height="([\d.]+)pt"', content(svg))
    assert size is not None
    pages = pypdf.PdfReader(name).pages
    assert len(pages) == 3
    for page in pages:
        assert float(page.mediabox.width) == pytest.approx(float(size[1]) + 24, abs=1)
        assert float(page.mediabox.height) == pytest.approx(float(size[2]) + 24, abs=1)
    assert "dense#2" in pages[0].extract_text()
    (phases,) = written(capsys, "-o", "y.pdf", "--phase", "loss", "--phase", "update", "--steps", "0,1")
    assert len(pypdf.PdfReader(phases).pages) == 4


@pytest.mark.slow
@pytest.mark.usefixtures("fruit")
def test_pages_option_sets_the_extent_of_the_booklet(capsys: pytest.CaptureFixture[str]) -> None:
    counts = {}
    for pages in ("summary", "overview", "all"):
        (name,) = written(capsys, "-o", f"{pages}.pdf", "--pages", pages, "--steps", "0,1,5")
        counts[pages] = len(pypdf.PdfReader(name).pages)
    (name,) = written(capsys, "-o", "default.pdf", "--steps", "0,1,5")
    assert Path(name).read_bytes() == Path("summary.pdf").read_bytes()
    assert counts["summary"] == 8 < counts["overview"] < 20 < 60 < counts["all"] < 150


# Errors.


@pytest.mark.usefixtures("fruit")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-o", "x.gif"], "the name of a file to write ends in one of .pdf, .html, .svg, .png, .dot, .mmd, this is 'x.gif'"),
        (["-o", "x.svgg"], "did you mean svg?"),
        (["-o", "x.svg", "--pages", "overview"], "--pages says how much a booklet holds, and x.svg is none"),
        (["-o", "x.pdf", "--pages", "all", "--zoom", "module"], "it does not go with --zoom, --focus, --phase or --slide"),
        (["-o", "x.pdf", "--pages", "some"], "is not one of"),
        (["-o", "x.svg", "--zoom", "near"], "is not one of"),
        (["-o", "x.svg", "--theme", "drak"], "is not one of"),
        (["-o", "x.svg", "--direction", "RL"], "is not one of"),
        (["-o", "x.svg", "--engine", "dott"], "is not one of"),
        (["-o", "x.svg", "--phase", "init"], "is not one of"),
        (["-o", "x.svg", "--focus", "h9"], "step 0 has no node 'h9'"),
        (["-o", "x.svg", "--focus", "logit"], "did you mean logits?"),
        (["-o", "x.svg", "--focus", "W1[2,0]"], "W1 has the shape (2,4): there is no element [2,0]"),
        (["-o", "x.svg", "--focus", "h1", "--zoom", "module"], "it goes with --zoom tensor or scalar, not module"),
        (["-o", "x.svg", "--focus", "h1", "--phase", "loss"], "leave --phase out"),
        (["-o", "x.svg", "--focus", "h1", "--focus-down", "h1"], "give one of them"),
        (["-o", "x.svg", "--phase", "loss", "--zoom", "scenario"], "it goes with --zoom tensor or scalar, not scenario"),
        (["-o", "x.svg", "--step", "6"], "there is no step 6: fruit has steps 0 to 5 on record"),
        (["-o", "x.svg", "--steps", "0,6"], "there is no step 6"),
        (["-o", "x.svg", "--steps", "0,,1"], "--steps takes a whole number from 0 on, this is ''"),
        (["-o", "x.svg", "--steps", "0:3"], "--steps takes a whole number from 0 on, this is '0:3'"),
    ],
)  # fmt: skip
def test_refused_options_are_one_line_and_write_nothing(
    options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(Path().rglob("*"))
    assert run("render", "fruit", *options) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert re.fullmatch(r"tracer: [^\n]+\n", err)
    assert sorted(Path().rglob("*")) == before


@pytest.mark.parametrize(
    "options",
    [["--zoom", "module", "--focus", "h1"], ["--focus-down", "a", "--focus", "b"], ["--pages", "all", "--zoom", "tensor"],
     ["--format", "mdm"], ["--zoom", "x"], ["--phase", "loss", "--focus", "h1"]],
)  # fmt: skip
def test_refused_run_does_not_start(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("trace", "fruit", *options) == 2
    assert re.fullmatch(r"tracer: [^\n]+\n", capsys.readouterr().err)
    assert not Path("output").exists()


def test_too_many_or_missing_values(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("trace", "mnist", "-q", "--steps", "1", "--format", "log", "--values", "summary") == 0
    assert run("render", "mnist", "-o", "x.svg", "--zoom", "scalar") == 0
    assert capsys.readouterr() == (
        "wrote x.svg\n",
        "step 0 is drawn at --zoom tensor, not scalar: its numbers are not on record, only their statistics;"
        " tracer trace --values all records them\n",
    )
    assert run("trace", "mnist", "-q", "--steps", "1", "--format", "log") == 0
    assert run("render", "mnist", "-o", "x.svg", "--zoom", "scalar") == 0
    assert capsys.readouterr() == ("wrote x.svg\n", "")
    assert run("render", "mnist", "-o", "x.svg", "--zoom", "scalar", "--focus", "dL/dw1") == 0
    notice = "step 0 is drawn at --zoom tensor, not scalar: more than 3,000 numbers go into dL/dw1"
    assert capsys.readouterr().err.startswith(notice)
    assert run("render", "mnist", "-o", "x.mmd", "--zoom", "module") == 0


def test_text_formats_need_no_engine(fruit: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    for kind in ("svg", "png", "pdf"):
        assert run("render", "fruit", "-o", f"x.{kind}", "--engine", "system") == 2
        assert "there is no dot to lay out diagrams" in capsys.readouterr().err
        assert not Path(f"x.{kind}").exists()
    for kind in ("dot", "mmd"):
        assert run("render", "fruit", "-o", f"x.{kind}", "--engine", "system") == 0
    assert "system" in ENGINES


# Characters that no font has.


@pytest.mark.parametrize(("name", "is_reported"), [("🙂🙂x", True), ("损失", False), ("é", False)])
def test_missing_glyphs_are_reported_once(name: str, is_reported: bool, capsys: pytest.CaptureFixture[str]) -> None:
    text = SCENARIO_TEXT.format(model="pass").replace("scenario = Scenario(", f'scenario = Scenario(title="{name}", ')
    Path("mine.py").write_text(text)
    assert run("trace", "mine.py", "-q") == 0
    message = "no font has these characters, they are not seen: 🙂 (U+1F642)\n"
    assert capsys.readouterr().err == (message if is_reported else "")


# Notebooks.


def records() -> list[tracer.Trace | Step | Node]:
    trace = recorded("fruit", 2)
    return [trace, trace.steps[0], trace.steps[0].node("h1")]


def test_records_have_notebook_representations() -> None:
    for record in records():
        bundle = record._repr_mimebundle_()
        assert set(bundle) == {"text/plain", "image/svg+xml", "text/html"}
        assert bundle["text/plain"] == repr(record) and record._repr_html_() == bundle["text/html"]
        assert "<svg" in bundle["image/svg+xml"]
        assert ("<iframe" in bundle["text/html"]) != isinstance(record, Node)
    trace, step, node = (record._repr_mimebundle_()["image/svg+xml"] for record in records())
    assert "backward" in trace
    assert "logits" in step
    assert ">h1<" in node


@pytest.mark.parametrize("name", bundled_names())
def test_every_node_has_a_notebook_representation(name: str) -> None:
    for node in recorded(name, 1).steps[0].nodes[::9]:
        assert "image/svg+xml" in node._repr_mimebundle_()


def test_records_are_text_without_an_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path))
    for record in records():
        assert record._repr_mimebundle_() == {"text/plain": repr(record)}


def test_records_with_any_values_have_notebook_representations() -> None:
    for value in (np.nan, np.zeros((0, 3)), np.array([True, False]), np.full((2, 3, 4), np.inf)):
        step = tracer.trace(lambda x, given=value: np.sum(x * np.sum(np.where(given, 1.0, 0.0))), [1.0])
        for node in step.nodes:
            assert "image/svg+xml" in node._repr_mimebundle_()
