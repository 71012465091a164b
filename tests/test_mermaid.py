"""Mermaid and DOT have the contents of the diagram, whatever its texts, and are reproducible."""

from __future__ import annotations

import html
import itertools
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tracer
from support.traces import first_step
from tracer.cli.files import OutputFolder
from tracer.cli.picture_files import PictureWriter
from tracer.cli.picture_options import PictureOptions
from tracer.graph.record import Phase
from tracer.training.bundled import bundled_names
from tracer.views.diagrams.diagram import Arrow, Box, Cluster, Diagram
from tracer.views.diagrams.dot import dot
from tracer.views.diagrams.mermaid import length_of, mermaid
from tracer.views.diagrams.theme import THEMES, Flow, Kind, Style, theme_of
from tracer.views.diagrams.zoom import ViewSpec, diagrams, zooms

BOX = re.compile(r'(?P<key>\w+)(?P<open>\({1,2})"(?P<text>[^"]*)"\){1,2}')
ARROW = re.compile(r'(?P<tail>\w+) (?:-->|-\.->)(?:\|"(?P<label>[^"]*)"\|)? (?P<head>\w+)')
FRAME = re.compile(r'subgraph \w+\["(?P<label>[^"]*)"]')
STYLE = re.compile(r"classDef \w+ [\w#:,\- ]+|class [\w,]+ \w+|linkStyle [\d,]+ stroke:#\w+(,stroke-dasharray:4 3)?")

HOSTILE = (
    'x"]; click n0 "javascript:alert(1)"', "end", "</b><script>alert(1)</script>", "#quot;", "&quot;", "`*bold* _it_`", "a|b",
    "{x}", "%%{init: {}}%%", "one\ntwo", "style: #1; ;", "classDef a fill:#fff;", "名字🙂", "\\\"", "1. item", "- item",
    "x --> y", "subgraph",
)  # fmt: skip


def read(text: str) -> tuple[list[re.Match[str]], list[re.Match[str]], list[str]]:
    """The boxes, arrows and clusters of a flowchart; every other line sets colours."""
    boxes, arrows, clusters = [], [], []
    head, *lines = text.splitlines()
    assert re.fullmatch("flowchart (TB|LR)", head)
    opened = 0
    for line in map(str.strip, lines):
        if found := BOX.fullmatch(line):
            boxes.append(found)
        elif found := ARROW.fullmatch(line):
            arrows.append(found)
        elif found := FRAME.fullmatch(line):
            clusters.append(found["label"])
            opened += 1
        elif line == "end":
            opened -= 1
        else:
            assert STYLE.fullmatch(line), line
        assert opened >= 0
    assert opened == 0
    return boxes, arrows, clusters


def as_shown(text: str) -> list[str]:
    """The displayed lines, with Mermaid's and HTML's entities decoded."""
    known = re.sub(r"#(\w+);", lambda found: f"&{'#' if found[1].isdigit() else ''}{found[1]};", text)
    return [html.unescape(re.sub("</?[bi]>", "", line)) for line in known.split("<br/>")]


def labels_in(clusters: tuple[Cluster, ...]) -> Iterator[str]:
    for cluster in clusters:
        yield cluster.label
        yield from labels_in(cluster.clusters)


def assert_same_contents(diagram: Diagram, style: Style) -> None:
    boxes, arrows, clusters = read(mermaid(diagram, style))
    assert Counter(box["key"] for box in boxes) == Counter(box.key for box in diagram.boxes)
    seen = [arrow for arrow in diagram.arrows if arrow.flow is not Flow.ORDER]
    assert [(arrow["tail"], arrow["head"]) for arrow in arrows] == [(arrow.tail, arrow.head) for arrow in seen]
    for found, arrow in zip(arrows, seen, strict=True):
        assert as_shown(found["label"] or "") == (list(arrow.label) or [""])
    assert Counter(as_shown(cluster)[0] for cluster in clusters) == Counter(labels_in(diagram.clusters))
    by_key = {box.key: box for box in diagram.boxes}
    for found in boxes:
        box = by_key[found["key"]]
        assert (found["open"] == "((") == (box.kind is Kind.PLUS)
        heading = [*box.title.split("\n")[:-1], f"{box.title.split(chr(10))[-1]} {box.note}".strip()] if box.title else []
        columns = [line for column in box.columns for line in (*([column.caption] if column.caption else []), *column.lines)]
        assert as_shown(found["text"]) == [line for line in (*heading, *box.lines, *box.alarms, *columns) if line]


@pytest.mark.parametrize("name", bundled_names())
def test_mermaid_has_the_boxes_and_arrows_of_the_diagram(name: str) -> None:
    step = first_step(name)
    for zoom in zooms():
        if (name, zoom) == ("mnist", "scalar"):
            continue
        for theme in THEMES:
            style = Style(theme_of(theme))
            for _, diagram in diagrams(step, ViewSpec(zoom), style):
                assert_same_contents(diagram, style)
    for _, diagram in diagrams(step, ViewSpec("tensor", phases=tuple(Phase)[1:]), Style()):
        assert_same_contents(diagram, Style())


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_escaped(text: str) -> None:
    step = tracer.trace(lambda x: np.sum(x * 2), [1.0, 2.0])
    nodes = tuple(replace(node, name=text if node.id == 0 else node.name, scope=text) for node in step.nodes)
    for zoom in zooms():
        for _, diagram in diagrams(replace(step, nodes=nodes), ViewSpec(zoom), Style()):
            boxes, arrows, _ = read(mermaid(diagram, Style()))
            assert len(boxes) == len(diagram.boxes)
            assert len(arrows) == sum(arrow.flow is not Flow.ORDER for arrow in diagram.arrows)
    shown = "".join(character if character.isprintable() else "?" for character in text)
    written = mermaid(Diagram((Box("n0", Kind.DATA, "", lines=(text,)),)), Style())
    (box,) = read(written)[0]
    assert as_shown(box["text"]) == [shown]
    assert not re.search("style.*:", box["text"])  # Mermaid would truncate such a line after its last semicolon


PROGRAM = """
import tracer
from tracer.cli.files import OutputFolder
from tracer.cli.picture_files import PictureWriter
from tracer.cli.picture_options import PictureOptions
from tracer.graph.record import Phase
from tracer.views.diagrams.dot import dot
from tracer.views.diagrams.mermaid import length_of, mermaid
from tracer.views.diagrams.theme import Style
from tracer.views.diagrams.zoom import ViewSpec, diagrams, zooms
for name in ("fruit", "mnist"):
    step = tracer.run(tracer.load(name), steps=1).steps[0]
    specs = [ViewSpec(zoom) for zoom in zooms() if (name, zoom) != ("mnist", "scalar")]
    for spec in [*specs, ViewSpec("tensor", "loss"), ViewSpec("tensor", phases=tuple(Phase)[1:])]:
        for _, diagram in diagrams(step, spec, Style()):
            print(dot(diagram, Style()), mermaid(diagram, Style()))
"""


def test_output_does_not_depend_on_the_hash_seed() -> None:
    message = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        )
        for seed in ("1", "2")
    ]
    assert message[0].stdout == message[1].stdout
    assert len(message[0].stdout) > 100_000


def test_dot_has_the_boxes_and_arrows_of_the_diagram() -> None:
    step = first_step("fruit")
    for zoom in zooms():
        for _, diagram in diagrams(step, ViewSpec(zoom), Style()):
            text = dot(diagram, Style())
            found = re.findall(r"^\s*(\w+)(?::\w+:s)? -> (\w+)(?::\w+:n)? \[", text, re.MULTILINE)
            ends = ((arrow.head, arrow.tail) if arrow.is_backward else (arrow.tail, arrow.head) for arrow in diagram.arrows)
            in_order = (pair for keys in diagram.ranks for pair in itertools.pairwise(keys))
            assert Counter(found) == Counter([*ends, *in_order])
            assert Counter(re.findall(r"^\s*(\w+) \[label", text, re.MULTILINE)) == Counter(box.key for box in diagram.boxes)


@pytest.mark.parametrize(
    ("arrows", "label", "reported"),
    [(500, "", ""), (501, "", "501 arrows, GitHub draws up to 500"), (10, "x" * 6000, "characters, GitHub draws up to 50,000")],
)
def test_limits_of_github_are_reported(arrows: int, label: str, reported: str, tmp_path: Path) -> None:
    """Invisible arrows, which Mermaid lacks, do not count."""

    def no_layout(dot: str) -> Any:
        raise AssertionError(dot)

    boxes = (Box("a", Kind.DATA, "a"), Box("b", Kind.DATA, "b"))
    visible = [Arrow("a", "b", Flow.VALUE, (label,) if label else ()) for _ in range(arrows)]
    diagram = Diagram(boxes, (*visible, *[Arrow("a", "b", Flow.ORDER)] * 3))
    writer = PictureWriter(PictureOptions(ViewSpec("tensor"), Style(), "", ""), OutputFolder(tmp_path), None)
    text = writer._content(diagram, Style(), kind="mmd", layout=no_layout).decode()
    warnings = " ".join(writer.warnings())
    assert warnings.count("GitHub") == bool(reported)
    assert reported in warnings
    assert f"{length_of(text):,} characters" in warnings or "characters" not in reported
    assert length_of("🙂") == 2
