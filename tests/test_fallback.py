"""Pictures that are too large, too slow or cannot be laid out: a coarser one is drawn, and the run does not suffer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pypdf
import pytest

import tracer
from support.cli import run
from support.loops import LOOPS, rnn
from support.traces import first_step
from tracer.analysis.ranks import passed_ranks
from tracer.graph.record import Phase, Step
from tracer.i18n.language import CHINESE, ENGLISH
from tracer.i18n.message import Message
from tracer.rendering.engine import Engine, find_engine
from tracer.views.booklet.booklet import booklet
from tracer.views.diagrams.diagram import Arrow, Box, Diagram
from tracer.views.diagrams.fallback import MAX_LAYOUT_SIZE, MAX_SIDE, Replacement, drawn, laid_out
from tracer.views.diagrams.theme import Flow, Kind, Style
from tracer.views.diagrams.zoom import ViewSpec, zooms
from tracer.views.svg import Drawing, PictureError

RNN = '''
"""A recurrent network."""

import numpy as np
from tracer import SGD, Scenario


def data(rng):
    x = rng.normal(size=(COUNT, 2))
    return {"x": x, "y": x[:, 0]}


def parameters(rng):
    return {"Wxh": rng.normal(size=(2, 3)) * 0.3, "Whh": rng.normal(size=(3, 3)) * 0.3, "Why": rng.normal(size=3) * 0.3}


def model(x, Wxh, Whh, Why):
    h, outputs = np.zeros(3), []
    for t in range(len(x)):
        h = np.tanh(x[t] @ Wxh + h @ Whh)
        outputs.append(h @ Why)
    return np.stack(outputs)


scenario = Scenario(
    data=data, parameters=parameters, model=model, loss=lambda out, y: np.mean((out - y) ** 2), optimizer=SGD(learning_rate=0.1),
    steps=2,
)
'''


def zooms_drawn(step: Step, spec: ViewSpec, refused: Sequence[str]) -> tuple[list[tuple[str, str]], list[Replacement]]:
    """The zooms and phases that are drawn if pictures of the refused zooms are too large."""
    of_zoom = {zoom.name: [each for _, each in zoom.draw(step, ViewSpec(zoom.name), Style())] for zoom in zooms().values()
               if zoom.name != "scalar"}  # fmt: skip
    known = {diagram: name for name, diagrams in of_zoom.items() for diagram in diagrams}

    def draw(diagram: Diagram, style: Style) -> str:
        if known.get(diagram, "tensor") in refused:
            raise PictureError(Message("too_many_boxes", {"boxes": "9", "arrows": "9"}))
        return ""

    replaced: list[Replacement] = []
    return [(each.zoom, each.phase) for each in drawn(step, spec, Style(), draw, replaced.append)], replaced


def test_next_coarser_zoom_is_drawn() -> None:
    step = first_step("fruit")
    assert zooms_drawn(step, ViewSpec(), ()) == ([("tensor", "")], [])
    for refused, zoom in ((["tensor"], "module"), (["tensor", "module"], "scenario"), (["tensor", "module", "scenario"], "")):
        pictures, (replaced,) = zooms_drawn(step, ViewSpec(), refused)
        assert pictures == ([(zoom, "")] if zoom else [])
        assert (replaced.zoom, replaced.instead, replaced.reason.code) == ("tensor", zoom, "too_many_boxes")
    pictures, (replaced,) = zooms_drawn(step, ViewSpec("module"), ["module"])
    assert (pictures, replaced.zoom, replaced.instead) == ([("scenario", "")], "module", "scenario")


def test_several_phases_fall_back_to_one_picture() -> None:
    step = first_step("fruit")
    pictures, replaced = zooms_drawn(step, ViewSpec("tensor", phases=(Phase.LOSS, Phase.FORWARD)), ["tensor"])
    assert pictures == [("module", "")]
    assert [each.instead for each in replaced] == ["module", "module"]


def test_focus_is_kept_at_the_next_zoom() -> None:
    step = tracer.trace(lambda x: np.sum(x * x), np.ones(4_000))
    titles: list[str] = []
    replaced: list[Replacement] = []
    found = list(drawn(step, ViewSpec("scalar", "x * x"), Style(), lambda diagram, style: diagram, replaced.append))
    titles = [box.title for box in found[0].result.boxes]
    assert (found[0].zoom, titles) == ("tensor", ["x", "x * x"])
    assert str(replaced[0].reason) == "more than 3,000 numbers go into x * x"


def test_notice_names_the_reason_and_a_part() -> None:
    notice = Replacement(3, "tensor", Message("layout_too_slow", {"seconds": 20.0}), "module", "--zoom tensor --phase loss")
    assert notice.text(ENGLISH) == (
        "step 3 is drawn at --zoom module, not tensor: its layout took over 20 s; --zoom tensor --phase loss draws a part"
    )
    assert notice.text(CHINESE).startswith("第 3 步以 --zoom module")
    nothing = Replacement(3, "tensor", Message("layout_failed", {"program": "dot", "problem": "trouble in init_rank"}))
    assert nothing.text(ENGLISH) == "step 3 is not drawn: dot failed: trouble in init_rank"


# Sizes.


def test_passed_ranks() -> None:
    assert passed_ranks([(1, 2), (2, 3), (3, 4)]) == 0
    assert passed_ranks([(1, 2), (2, 3), (3, 4), (1, 4)]) == 2
    assert passed_ranks([(1, 2), (2, 3), (3, 4), (9, 4)]) == 0  # a leaf is above its first user
    assert passed_ranks([(1, 2), (2, 1), (3, 4)]) == 0  # a cycle


def test_large_diagram_is_not_laid_out() -> None:
    boxes = tuple(Box(f"b{number}", Kind.DATA, "x") for number in range(MAX_LAYOUT_SIZE))
    arrows = (Arrow("b0", "b1", Flow.VALUE),)

    def layout(dot: str) -> Drawing:
        raise AssertionError

    with pytest.raises(PictureError, match=r"^its 6,000 boxes and 1 arrows are too many to lay out$"):
        laid_out(Diagram(boxes, arrows), Style(), layout)


def test_long_picture_is_refused() -> None:
    box = Diagram((Box("a", Kind.DATA, "x"),))
    for side in (MAX_SIDE, MAX_SIDE + 1):
        for width, height in ((side, 295.0), (295.0, side)):
            drawing = Drawing("<svg/>", width, height)
            if side == MAX_SIDE:
                assert laid_out(box, Style(), lambda dot, made=drawing: made) is drawing
                continue
            with pytest.raises(PictureError, match=r"^it would be .* points, too long to be read$"):
                laid_out(box, Style(), lambda dot, made=drawing: made)


@pytest.mark.slow
@pytest.mark.parametrize("loop", LOOPS.values(), ids=LOOPS)
@pytest.mark.parametrize("count", [12, 30, 120])
def test_loops_are_laid_out_as_requested(loop, count) -> None:  # type: ignore[no-untyped-def]
    step = loop(count)
    engine = find_engine("pure")
    replaced: list[Replacement] = []
    for spec in (ViewSpec(), ViewSpec("tensor"), ViewSpec("module"), ViewSpec("scenario")):
        (found,) = drawn(step, spec, Style(), lambda diagram, style: laid_out(diagram, style, engine.layout), replaced.append)
        drawing = found.result
        assert max(drawing.width, drawing.height) < 9_000
    assert replaced == []


# The booklet.


def pages_of(layout) -> tuple[str, list[Replacement]]:  # type: ignore[no-untyped-def]
    trace = tracer.run(tracer.load("fruit"), steps=1)
    replaced: list[Replacement] = []
    return booklet(trace, layout, Style(), report=replaced.append), replaced


def test_booklet_without_a_layout_says_so() -> None:
    def layout(dot: str) -> Drawing:
        raise PictureError(Message("layout_failed", {"program": "dot", "problem": "trouble in init_rank"}))

    document, replaced = pages_of(layout)
    assert [(each.zoom, each.instead) for each in replaced] == [("module", ""), ("tensor", "")]
    assert document.count("step 0 is not drawn: dot failed: trouble in init_rank") == 2
    assert "The small map of the step is not drawn: dot failed: trouble in init_rank" in document
    assert "#let map-0" not in document


def test_booklet_falls_back_to_the_phases() -> None:
    engine = find_engine("pure")

    def layout(dot: str) -> Drawing:
        if "backward" in dot and "update" in dot and "init" in dot:
            return engine.layout(dot)
        raise PictureError(Message("layout_too_slow", {"seconds": 20}))

    document, replaced = pages_of(layout)
    assert [(each.zoom, each.instead) for each in replaced] == [("module", "scenario"), ("tensor", "scenario")]
    assert "step 0 is drawn at --zoom scenario, not tensor: its layout took over 20 s" in document


# The command.


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def broken(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    path = folder / "dot"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setattr("tracer.cli.picture_files.find_engine", lambda name: Engine(str(path)))


@pytest.mark.usefixtures("in_folder")
@pytest.mark.parametrize("script", ["exec sleep 60", "echo 'trouble in init_rank' >&2; exit 1"])
def test_run_does_not_suffer_from_its_pictures(
    script: str, in_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tracer.rendering.engine.TIME_LIMIT", 0.1)
    monkeypatch.setattr("tracer.rendering.time_limits.TOTAL", 0.5)
    monkeypatch.setattr("tracer.rendering.time_limits.EXTRA", 0.5)
    broken(in_folder, monkeypatch, script)
    assert run("trace", "fruit", "--format", "pdf,log,svg", "--steps", "1", "--pages", "all") == 0
    out, err = capsys.readouterr()
    assert re.findall(r"^wrote .*$", out, re.M) == [
        "wrote output/fruit/trace.sqlite (1 step)",
        "wrote output/fruit/steps.log (314 lines)",
        "wrote output/fruit/steps.pdf",
    ]
    assert "step 0 is not drawn: " in err
    assert len(pypdf.PdfReader("output/fruit/steps.pdf").pages) > 25
    assert run("trace", "fruit", "--format", "svg", "--steps", "1", "--zoom", "module") == 0
    out, err = capsys.readouterr()
    assert "wrote output/fruit/trace.sqlite (1 step)" in out
    assert re.fullmatch(r"step 0 is not drawn: [^\n]+\n", err)
    assert run("render", "fruit", "-o", "x.svg") == 2
    assert re.fullmatch(r"(step 0 is not drawn: [^\n]+\n)?tracer: [^\n]+\n", capsys.readouterr().err)
    assert not Path("x.svg").exists()


@pytest.mark.usefixtures("in_folder")
def test_run_does_not_suffer_from_a_wrong_focus(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("trace", "fruit", "--steps", "1", "--focus", "nosuch") == 2
    out, err = capsys.readouterr()
    assert "wrote output/fruit/trace.sqlite (1 step)\nwrote output/fruit/steps.log" in out
    assert "has no node 'nosuch'" in err


@pytest.mark.slow
def test_recommended_part_can_be_drawn(
    in_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("loop.py").write_text(RNN.replace("COUNT", "60"))
    assert run("trace", "./loop.py", "-q", "--format", "log") == 0
    monkeypatch.setattr("tracer.views.diagrams.fallback.MAX_SIDE", 2_000.0)
    for options in (["--zoom", "tensor"], []):
        assert run("render", "loop", "-o", "x.svg", *options) == 0
        notice = capsys.readouterr().err
        found = re.search(r"; (--zoom \w+ --phase \w+) draws a part$", notice)
        assert found, notice
        assert run("render", "loop", "-o", "part.svg", *found[1].split()) == 0
        assert capsys.readouterr() == ("wrote part.svg\n", "")


@pytest.mark.slow
@pytest.mark.usefixtures("in_folder")
@pytest.mark.parametrize("count", [15, 60])
def test_loop_is_traced_with_its_booklet(count: int, capsys: pytest.CaptureFixture[str]) -> None:
    Path("loop.py").write_text(RNN.replace("COUNT", str(count)))
    assert run("trace", "./loop.py", "--pages", "overview") == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.count("wrote ") == 3
    pages = pypdf.PdfReader("output/loop/steps.pdf").pages[:12]  # the pictures of the first step
    assert all(max(page.mediabox.width, page.mediabox.height) < 4_000 for page in pages)
    assert f"{count - 3} more like it" in "".join(page.extract_text() for page in pages)
    assert run("render", "loop", "-o", "x.pdf", "--pages", "overview") == 0


def test_notebook_shows_a_coarser_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    from tracer.notebook import mime_bundle

    monkeypatch.setenv("LC_ALL", "C")
    step = rnn(6)
    assert mime_bundle(step)["text/plain"] == repr(step)
    monkeypatch.setattr("tracer.views.diagrams.fallback.MAX_SIDE", 1_500.0)
    bundle = mime_bundle(step)
    assert "is drawn at --zoom module, not tensor: it would be" in bundle["text/plain"]
    assert "<svg" in bundle["image/svg+xml"]
