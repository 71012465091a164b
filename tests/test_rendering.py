"""SVG pictures: unique ids, tooltips as titles, escaping; and missing glyphs."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import tracer
from support.traces import recorded
from tracer.graph.record import PHASES
from tracer.rendering.engine import Engine, find_engine
from tracer.rendering.glyphs import missing_glyphs
from tracer.rendering.svg import embeddable
from tracer.rendering.time_limits import SMALL, TimedLayout
from tracer.views.diagrams.dot import dot
from tracer.views.diagrams.theme import Style
from tracer.views.diagrams.zoom import ViewSpec, diagrams, zooms
from tracer.views.svg import PictureError

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = (
    "<script>alert(1)</script>", '"];', "]]>", "&amp;", "&bogus;", "&#1;", "&#xD800;", "&#99999999;", "one\ntwo", "tab\there",
    "\x01\x02\x1b[31m", "\x7f\x85\x9f", "\ufffe\uffff", "-->", "<!--", "<?x?>", "<![CDATA[", "'\"", "\\", "\\N", "名字",
    "url(#node1)",    ' id="node1"', '="#node1"', '</title></g><g id="x">', "</a>\n</g>\n", "%s{0}\\1\\g<0>",
)  # fmt: skip


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def drawn(dot: str) -> ElementTree.Element:
    return ElementTree.fromstring(find_engine().layout(dot).svg)


def pictures_of(step: tracer.Step) -> list[ElementTree.Element]:
    """The pictures of a step at every zoom and of its phases."""
    sights = [*map(ViewSpec, zooms()), ViewSpec("tensor", phases=PHASES[1:])]
    return [drawn(dot(diagram, Style())) for spec in sights for _, diagram in diagrams(step, spec, Style())]


def ids_of(picture: ElementTree.Element) -> list[str]:
    return [id for element in picture.iter() if (id := element.get("id")) is not None]


def key_of(id: str) -> str:
    return id.partition("-")[2]


def title_of(picture: ElementTree.Element, key: str) -> str | None:
    """The title of a group, or None."""
    (group,) = (group for group in picture.iter(f"{SVG}g") if key_of(group.get("id", "")) == key)
    titles = [child.text or "" for child in group if child.tag == f"{SVG}title"]
    assert len(titles) <= 1
    return titles[0] if titles else None


def test_ids_are_keys_prefixed_with_a_token_of_the_dot() -> None:
    dot = 'digraph { subgraph cluster_a { n1 } n1 -> n2; n1 -> n2; n1:e -> "a b"; n3 [id="step0-node3"] }'
    picture = drawn(dot)
    ids = ids_of(picture)
    assert len(set(ids)) == len(ids)
    (token,) = {id.partition("-")[0] for id in ids}
    assert re.fullmatch("g[0-9a-f]{8}", token)
    keys = {key_of(id) for id in ids}
    assert keys == {"graph0", "cluster_a", "n1", "n2", "a_b", "step0-node3", "n1--n2", "n1--n2.2", "n1_e--a_b"}
    assert ids_of(drawn(dot)) == ids
    assert not set(ids) & set(ids_of(drawn(dot.replace("n2", "n4"))))


def test_similar_keys_have_different_ids() -> None:
    ids = ids_of(drawn('digraph { "a b"; "a_b"; "a&b"; "a_b.2"; "graph0"; "node1"; "_a_node1" [tooltip=x]; "é"; "" }'))
    assert len(set(ids)) == len(ids) == 10
    assert all(re.fullmatch(r"g[0-9a-f]{8}-[A-Za-z0-9_.-]*", id) for id in ids)


def test_references_match_the_ids() -> None:
    svg = (
        find_engine()
        .layout(
            'digraph { a [style=filled fillcolor="red:blue"]; b [id=here style=filled fillcolor="red:blue"]; c [URL="#here"];'
            ' d [URL="https://x.org/#y" tooltip="far" color="#123456"]; e [style=radial fillcolor="red:blue"] }'
        )
        .svg
    )
    picture = ElementTree.fromstring(svg)
    ids = ids_of(picture)
    assert len(set(ids)) == len(ids)
    references = re.findall(r"url\(#([^)]*)\)", svg) + re.findall(r'href="#([^"]*)"', svg)
    assert len(references) == 4
    assert set(references) <= set(ids)
    assert 'xlink:href="https://x.org/#y"' in svg
    assert 'stroke="#123456"' in svg


def test_tooltip_is_the_title_of_its_group() -> None:
    picture = drawn(
        'digraph { a [tooltip="the <first> & \\"best\\""]; a -> b [tooltip=arrow]; b -> a;'
        ' subgraph cluster_x { tooltip="frame"; c } subgraph cluster_y { d } }'
    )
    assert title_of(picture, "a") == 'the <first> & "best"'
    assert title_of(picture, "a--b") == "arrow"
    assert title_of(picture, "cluster_x") == "frame"
    assert [title_of(picture, key) for key in ("graph0", "b", "b--a", "cluster_y", "c", "d")] == [None] * 6
    assert not list(picture.iter(f"{SVG}a"))
    assert title_of(drawn("digraph named { a }"), "named") is None
    assert title_of(drawn('digraph { tooltip="all"; a }'), "graph0") == "all"
    assert picture.get("role") == "img"


def test_tooltips_within_labels_have_their_own_groups() -> None:
    dot = (
        'digraph { a [tooltip=outer, label=<<TABLE><TR><TD TOOLTIP="cell" HREF="#a">x</TD><TD ID="i" TOOLTIP="other" HREF="#b">y'
        "</TD></TR></TABLE>>]; a -> b [label=l, labeltooltip=middle, tooltip=arrow, headlabel=h, headtooltip=end] }"
    )
    picture = drawn(dot)
    assert title_of(picture, "a") == "outer"
    assert title_of(picture, "a--b") == "arrow"
    titles = [title.text for title in picture.iter(f"{SVG}title")]
    assert {"cell", "other", "middle"} <= set(titles)
    assert len(set(ids_of(picture))) == len(ids_of(picture))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_escaped(text: str) -> None:
    plain = find_engine().layout("digraph { subgraph cluster_a { a [tooltip=t] } a -> b [label=l, tooltip=t] }").svg
    put = quoted(text)
    dot = (
        f"digraph {put} {{ subgraph cluster_a {{ tooltip={put}; label={put}; a [label={put}, tooltip={put}] }}"
        f" a -> b [label={put}, tooltip={put}, id={put}]; {put} }}"
    )
    svg = find_engine().layout(dot).svg
    picture = ElementTree.fromstring(svg)
    tags = {element.tag for element in ElementTree.fromstring(plain).iter()}
    assert {element.tag for element in picture.iter()} <= tags
    assert len(list(picture.iter(f"{SVG}g"))) == 6
    ids = ids_of(picture)
    assert len(set(ids)) == len(ids) == 6
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f]", svg)
    if text.isprintable() and "&" not in text and "\\" not in text:
        assert title_of(picture, "a") == text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_in_a_diagram_are_escaped(text: str) -> None:
    step = tracer.trace(lambda x: np.sum(x * 2), [1.0, 2.0])
    nodes = tuple(replace(node, name=text if node.id == 0 else node.name, scope=text) for node in step.nodes)
    for picture in pictures_of(replace(step, nodes=nodes)):
        tags = {element.tag.removeprefix(SVG) for element in picture.iter()}
        assert tags <= {"svg", "g", "title", "polygon", "polyline", "path", "text", "ellipse"}


def test_pictures_of_a_step_can_share_a_page() -> None:
    step = recorded("fruit", 1).steps[0]
    ids = [id for picture in pictures_of(step) for id in ids_of(picture)]
    assert len(set(ids)) == len(ids) > 100


def test_nodes_have_their_formula_as_title() -> None:
    step = recorded("linear-regression", 1).steps[0]
    (_, diagram), *_ = diagrams(step, ViewSpec("tensor"), Style())
    picture = drawn(dot(diagram, Style()))
    node = step.node("prediction")
    assert (title_of(picture, f"n{node.id}") or "").startswith("prediction = w * x + b")


def test_large_picture_is_processed_quickly() -> None:
    """A megabyte of boxes takes about 10 ms; this one takes longer because every tag starts a group."""
    tags = '<g id="node1" class="node">', "<title>n1</title>", '<g id="a_node1"><a xlink:title="t">', "</a>", "</g>", "</g>", ""
    group = "\n".join(tags)
    start = time.process_time()
    made = embeddable(group * (1_000_000 // len(group)), "digraph {}")
    assert time.process_time() - start < 0.5  # CPU time, since other processes may be running
    assert len(set(re.findall('id="([^"]*)"', made))) == 1_000_000 // len(group)


def program(folder: Path, script: str) -> Engine:
    """An engine that runs a shell script."""
    path = folder / "dot"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return Engine(str(path))


def test_slow_layout_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"^its layout took over 0.2 s$"):
        program(tmp_path, "exec sleep 60").layout("digraph {}", 0.2)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo 'Warning: x' >&2; echo 'Error: trouble in init_rank' >&2; exit 1", "dot failed: Error: trouble in init_rank"),
        ("echo 'trouble in init_rank' >&2", "dot failed: trouble in init_rank"),
        ("exit 3", "dot failed: exit code 3"),
        ("kill -SEGV $$", "dot failed: exit code -11"),
        ("echo '<svg>'", "dot failed: its picture has no size"),
    ],
)
def test_failed_layout_is_a_picture_error(tmp_path: Path, script: str, message: str) -> None:
    with pytest.raises(PictureError, match=f"^{re.escape(message)}$"):
        program(tmp_path, script).layout("digraph {}")
    with pytest.raises(PictureError, match=r"^none failed: it cannot be started \(No such file or directory\); install one"):
        Engine(str(tmp_path / "none")).layout("digraph {}")


def test_all_layouts_together_have_a_time_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracer.rendering.time_limits.TOTAL", 0.3)
    monkeypatch.setattr("tracer.rendering.time_limits.EXTRA", 0.3)
    started: list[int] = []
    layout = TimedLayout(program(tmp_path, "exec sleep 60"), lambda: started.append(1))
    large = "digraph {" + " " * SMALL + "}"
    message = r"^the layouts of all pictures together took over 0\.3 s$"
    for source in (large, large, "digraph {}", "digraph {}"):  # small ones have a little more time
        with pytest.raises(PictureError, match=message):
            layout(source)
    assert len(started) == 2


def test_available_glyphs() -> None:
    assert missing_glyphs("中éñöαЖ∂→≤名字\uff0c。“”①½²₁ℝ∈∑€ß") == ()


def test_missing_glyphs_are_reported_in_order() -> None:
    assert missing_glyphs("x🙂 中한 y 𠮷α龘 🙂あ") == ("🙂", "한", "𠮷", "龘", "あ")
    assert missing_glyphs("丟丠並") == ("丟", "丠", "並")  # not in GB 2312


def test_glyph_missing_only_in_diagrams_is_reported() -> None:
    assert missing_glyphs("\u2716") == ("\u2716",)  # the caption font has no fallback


def test_invisible_characters_are_not_reported() -> None:
    assert missing_glyphs("a\u00a0b\u3000\u2028\u0301\u200b\u202e\x85\ud800\ufffe\ufeff\x00\x1b") == ()


def test_ascii_needs_no_typst(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracer.rendering.glyphs.pages", None)
    assert missing_glyphs("".join(map(chr, range(128)))) == ()
    assert missing_glyphs("") == ()


def test_fifty_characters_are_checked_quickly() -> None:
    texts = "".join(map(chr, range(0x4E00, 0x4E00 + 50)))
    first = missing_glyphs(texts)
    start = time.process_time()
    assert missing_glyphs(texts) == first
    assert time.process_time() - start < 0.5  # typically a few hundredths of a second
