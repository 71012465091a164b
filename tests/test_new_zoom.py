"""A new zoom needs one new module in the zooms package; here it is added to the package's path."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.cli import run
from tracer.errors import UsageError
from tracer.graph.record import Phase
from tracer.views.diagrams import zooms as package
from tracer.views.diagrams.zoom import ViewSpec, zooms

BUILT_IN = list(zooms())

LEAVES = '''
"""The leaves of a step, each in a box."""

from tracer.views.diagrams.boxes import reference_box
from tracer.views.diagrams.diagram import Diagram
from tracer.views.diagrams.zoom import Zoom
from tracer.views.notation import Labels


def leaves(step, spec, style):
    labels = Labels(step.nodes)
    boxes = [reference_box(f"n{node.id}", node, labels, style) for node in step.nodes if node.is_leaf]
    yield "", Diagram(tuple(boxes), ())


ZOOM = Zoom("leaves", leaves, order=2.5, direction="LR", takes_phases=True)
'''


@pytest.fixture(params=["a folder", "a zip file"])
def leaves(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    place = tmp_path / "more"
    if request.param == "a folder":
        place.mkdir()
        (place / "leaves.py").write_text(LEAVES)
    else:
        with zipfile.ZipFile(place, "w") as archive:
            archive.writestr("leaves.py", LEAVES)
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(place)])
    monkeypatch.chdir(tmp_path)
    yield
    sys.modules.pop(f"{package.__name__}.leaves", None)


@pytest.mark.usefixtures("leaves")
def test_new_zoom_is_found_and_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    names = list(zooms())
    assert [name for name in names if name != "leaves"] == BUILT_IN
    assert names.index("module") < names.index("leaves") < names.index("tensor")
    assert run("trace", "linear-regression", "--steps", "1", "-q", "--format", "log") == 0
    for kind in ("svg", "dot", "mmd", "pdf"):
        assert run("render", "linear-regression", "-o", f"x.{kind}", "--zoom", "leaves") == 0
    assert "rankdir=LR" in Path("x.dot").read_text()
    assert "flowchart LR" in Path("x.mmd").read_text()
    capsys.readouterr()
    assert run("render", "--help") == 0
    assert f"[{'|'.join(zooms())}]" in capsys.readouterr().out
    assert run("render", "linear-regression", "-o", "x.svg", "--zoom", "leaves", "--focus", "loss") == 2
    assert "it goes with --zoom tensor or scalar, not leaves" in capsys.readouterr().err
    ViewSpec("leaves", phases=(Phase.FORWARD,)).check()
    with pytest.raises(UsageError, match="--zoom leaves, tensor or scalar, not module"):
        ViewSpec("module", phases=(Phase.FORWARD,)).check()


def test_unknown_zoom_is_refused_with_close_names() -> None:
    assert "leaves" not in zooms()
    with pytest.raises(UsageError, match=r"there is no zoom 'tensr'; did you mean tensor\?"):
        ViewSpec("tensr").check()


def test_modules_are_named_after_their_zooms() -> None:
    for name, zoom in zooms().items():
        assert zoom.name == name
        assert Path(package.__path__[0], f"{name}.py").exists()
