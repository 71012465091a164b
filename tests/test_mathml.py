"""Formulas as MathML: they mean what the text means, hold every name and number of it, and nothing in them is markup."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.browser import run_of
from support.expression_trees import ARITHMETIC, NAMED, TREES, meaning
from tracer.graph.expression import Derivative, Expression, FunctionCall, Name, Number, Text, Transpose
from tracer.graph.formula import parse
from tracer.views.arithmetic.signs import parts_of
from tracer.views.notation import Labels
from tracer.views.player.inspector.mathml import MAX_FORMULA_LENGTH, to_mathml
from tracer.views.typesetting import GREEK

CORE = {
    "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mstyle", "mfrac", "msqrt", "mroot", "msub", "msup", "msubsup", "mover",
    "mtable", "mtr", "mtd",
}  # fmt: skip
OPERATORS = {"\u22c5": "*", "\u2212": "-"}


def element_of(mathml: str) -> ET.Element:
    return ET.fromstring(f"<span>{mathml}</span>")


def squashed(text: str) -> str:
    """Letters and digits only, Greek letters by name."""
    for name, letter in GREEK.items():
        text = text.replace(letter, name)
    return "".join(each for each in text if each.isalnum())


def words_of(tree: Expression) -> list[str]:
    """The names and numbers of a formula, as they are in the text; `keepdims=True` is written as `keepdims`."""
    found = []
    for part in parts_of(tree):
        match part:
            case Name("True"):
                continue
            case Name(name):
                found.append(name)
            case Number(digits):
                mantissa, _, exponent = digits.partition("e")
                found += [mantissa, exponent.lstrip("-+0")]  # 1e-05 is a power of 10, or as it is
            case Text(content):
                found.append(content)
    return found


@given(TREES)
def test_it_is_well_formed_and_holds_every_name_and_number(tree: Expression) -> None:
    mathml = to_mathml(tree)
    if mathml is None:
        assert len(tree.text) > MAX_FORMULA_LENGTH
        return
    root = element_of(mathml)
    assert {each.tag for each in root.iter()} <= CORE | {"span"}
    shown = squashed("".join(root.itertext()))
    for word in words_of(tree):
        assert squashed(word) in shown, (word, mathml)
    for each in root.iter():
        assert {"mfrac": 2, "msup": 2, "msub": 2, "msubsup": 3, "mroot": 2, "mover": 2}.get(each.tag, len(each)) == len(each)


def python_of(element: ET.Element) -> str:
    """The Python text that MathML shows: fractions and powers group what is in them, a sign binds like a sum."""
    inner = [python_of(each) for each in element]
    match element.tag:
        case "mfrac":
            return f"(({inner[0]}) / ({inner[1]}))"
        case "msup":
            return f"{inner[0]} ** ({inner[1]})"
        case "mspace":
            return "@"
        case "mi" | "mn" | "mo":
            assert element.text
            return OPERATORS.get(element.text, element.text)
    signed, parts = False, []
    for each, text in zip(element, inner, strict=True):
        form = each.get("form")
        if signed and (form == "postfix" or (form == "infix" and text in "+-")):
            signed = False
            parts.append(")")
        if form == "prefix" and text == "-":
            signed = True
            text = "-("
        parts.append(text)
    return " ".join([*parts, ")"] if signed else parts)


@given(ARITHMETIC)
def test_python_reads_it_as_the_same_tree(tree: Expression) -> None:
    mathml = to_mathml(tree)
    if mathml is not None:
        assert eval(python_of(element_of(mathml)), {}, NAMED).made_of == meaning(tree), mathml


@pytest.mark.parametrize("name", ["fruit-pytorch", "fruit-sgd", "linear-regression", "mnist", "tensors"])
def test_every_formula_of_a_scenario_is_typeset(name: str) -> None:
    step = run_of(name, 1 if name == "tensors" else 2).steps[0]
    labels = Labels(step.nodes)
    for node in step.nodes:
        tree = labels.equation_tree(node)
        mathml = to_mathml(tree)
        assert mathml is not None, tree.text
        shown = squashed("".join(element_of(mathml).itertext()))
        assert all(squashed(word) in shown for word in words_of(tree)), tree.text


HOSTILE = "</script><img src=x onerror='alert(1)'>&amp;\"<!-- ]]> -->"


class Tags(HTMLParser):
    """The names of the elements of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.found.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize(
    "tree",
    [
        Name(HOSTILE),
        Name(f"{HOSTILE}_new"),
        Name(f"x#{HOSTILE}"),
        Number(HOSTILE),
        Number(f"1{HOSTILE}"),
        Text(HOSTILE),
        FunctionCall(HOSTILE, (Name("x"),), ((HOSTILE, Name("y")),)),
        FunctionCall("f", (Name("x"),), (("a", Text("<b>")),)),
        Derivative(Name("x"), HOSTILE),
        Transpose(Name(HOSTILE)),
        *map(parse, (HOSTILE, f"'{HOSTILE}'", f"f(x, '{HOSTILE}', axis=1) + a_rather_long_name")),
    ],
    ids=lambda tree: type(tree).__name__,
)
def test_nothing_in_it_is_markup(tree: Expression) -> None:
    mathml = to_mathml(tree)
    if mathml is None:
        return
    for page in (element_of(mathml).iter(), [ET.Element(tag) for tag in Tags(mathml).found]):
        assert {each.tag for each in page} <= CORE | {"span"}
    assert "<" in Tags(mathml).text or "b" in Tags(mathml).text


@given(st.text(max_size=20))
def test_any_name_is_text(name: str) -> None:
    mathml = to_mathml(Name(name))
    assert mathml is not None and Tags(mathml).found <= CORE
    # characters that XML does not allow are dropped by no browser, but by this reader
    if re.fullmatch(r"[\t\n -\ud7ff]*", name):
        assert squashed(name) in squashed("".join(element_of(mathml).itertext()))
