"""Pictures and the booklet in Chinese: the font has the characters, texts do not overlap, and no English remains."""

from __future__ import annotations

import io
import itertools
import re
from dataclasses import replace
from xml.etree import ElementTree

import pypdf
import pytest

import tracer
from support.drawn import SVG, Text, boxes_of
from support.traces import recorded
from tracer.i18n.language import CHINESE, ENGLISH, Language
from tracer.rendering.document import pdf
from tracer.rendering.engine import find_engine
from tracer.training.bundled import bundled_names
from tracer.views.booklet.booklet import booklet
from tracer.views.diagrams.diagram import Diagram
from tracer.views.diagrams.dot import dot
from tracer.views.diagrams.theme import Style
from tracer.views.diagrams.zoom import ViewSpec, diagrams, zooms

ZOOMS = [name for name in zooms() if name != "scalar"]
"""The zooms that draw a step in one diagram."""

KEYS = {"min", "max", "mean", "zero", "True", "NaN", "seed", "dtype", "Adam"}
"""Words that are not translated: statistics, values, settings and optimizers."""

FORMULA_WORDS = {"dL", "dW", "via", "if", "otherwise", "array"}
"""Words in formulas, which are not translated."""


def first_step(name: str) -> tracer.Trace:
    trace = recorded(name, 1)
    return replace(trace, steps=trace.steps[:1])


def sketch_of(trace: tracer.Trace, zoom: str, tell: Language) -> Diagram:
    ((_, diagram),) = diagrams(trace.steps[0], ViewSpec(zoom), Style(tell=tell))
    return diagram


def untranslated(text: str, trace: tracer.Trace) -> set[str]:
    """The words in a text that are not names of this run or sequences of such names."""
    message = [trace.scenario, CHINESE.title(trace.title), str(trace.hyperparameters), str(trace.versions), trace.dtype]
    for node in trace.steps[0].nodes:
        message += [node.name, node.scope, node.op, node.formula, node.dtype, str(node.parameters)]
        message += [str(node.source), node.source.text] if node.source else []
    known = set(re.findall("[A-Za-z]{2,}", " ".join(message))) | KEYS | FORMULA_WORDS
    names = re.compile(f"(?:{'|'.join(known)})+T?")  # T: transposed
    text = re.sub(r"\[\d+ (terms|factors|numbers)(,\s\d+\sof\sthem\s0)?\]", " ", text)  # in formulas
    whole = re.sub(r"\w*\.{3,}\w*", " ", text)  # remove names shortened with an ellipsis
    return {word for word in re.findall("[A-Za-z]{2,}", whole) if not names.fullmatch(word)}


def overlaps(one: Text, other: Text) -> bool:
    """Whether two texts on one line overlap; ascenders and descenders of adjacent lines may touch."""
    across = min(one.area.right, other.area.right) - max(one.area.left, other.area.left)
    return across > 0.1 and abs(one.area.bottom - other.area.bottom) < 0.5 * min(one.size, other.size)


@pytest.mark.parametrize("zoom", ZOOMS)
@pytest.mark.parametrize("name", bundled_names())
def test_chinese_next_to_names_does_not_overlap(name: str, zoom: str) -> None:
    """Chinese and Latin runs are measured separately: if one is measured too narrow, the next overlaps it."""
    svg = find_engine("pure").layout(dot(sketch_of(first_step(name), zoom, CHINESE), Style(tell=CHINESE))).svg
    assert re.search("[\u4e00-\u9fff]", svg)
    for element in ElementTree.fromstring(svg).iter(f"{SVG}text"):
        text = (element.text or "").replace("\xa0", " ")
        assert text.isascii() or (element.get("font-family") or "").startswith("Noto Sans SC"), text
    for box in boxes_of(svg).values():
        seen = [text for text in box.texts if text.text]
        for one, other in itertools.combinations(seen, 2):
            assert not overlaps(one, other), (one, other)


@pytest.mark.parametrize("zoom", ZOOMS)
@pytest.mark.parametrize("name", bundled_names())
def test_chinese_picture_has_no_english(name: str, zoom: str) -> None:
    trace = first_step(name)
    english, chinese = (sketch_of(trace, zoom, tell) for tell in (ENGLISH, CHINESE))
    assert [box.key for box in english.boxes] == [box.key for box in chinese.boxes]
    assert len(list(english.texts())) == len(list(chinese.texts()))
    assert untranslated(" ".join(english.texts()), trace)  # otherwise the search would be useless
    assert untranslated(" ".join(chinese.texts()), trace) == set()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["fruit", "fruit-sgd", "linear-regression"])
def test_chinese_booklet_has_no_english(name: str) -> None:
    trace, layout = first_step(name), find_engine("pure").layout
    found = []
    for tell in (ENGLISH, CHINESE):
        reader = pypdf.PdfReader(io.BytesIO(pdf(booklet(trace, layout, Style(tell=tell)))))
        found.append(untranslated("\n".join(page.extract_text() for page in reader.pages), trace))
    english, chinese = found
    assert len(english) > 50
    assert chinese == set()
