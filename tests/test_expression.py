"""Expressions: printing and parsing round-trip, and Python and Typst read the printed text as the same tree."""

from __future__ import annotations

import operator
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracer
from support.expression_trees import ARITHMETIC, NAMED, TREES, VARIABLES, Meaning, meaning
from tracer.graph.expression import (
    Expression,
    FunctionCall,
    Name,
    Opaque,
)
from tracer.graph.formula import parse, parse_template
from tracer.graph.parser import MAX_DEPTH
from tracer.ops import Elementwise, Terms
from tracer.views.booklet.typst_math import to_typst
from tracer.views.notation import Labels
from tracer.views.worked import worked_element


@given(TREES)
def test_printed_expression_parses_to_the_same_tree(tree: Expression) -> None:
    assert parse(tree.text) == tree


@given(ARITHMETIC)
def test_python_parses_the_text_like_the_tree(tree: Expression) -> None:
    for text in (tree.text, tree.format(compact=True)):
        assert eval(text, {}, NAMED).made_of == meaning(tree), text


@given(ARITHMETIC, st.lists(st.integers(1, 9), min_size=6, max_size=6))
def test_text_evaluates_to_the_value_of_the_tree(tree: Expression, numbers: list[int]) -> None:
    values = dict(zip(VARIABLES, map(np.float64, numbers), strict=True))
    functions = {
        "+": operator.add,
        "-": operator.sub,
        "*": operator.mul,
        "/": operator.truediv,
        "@": operator.mul,
        "**": operator.pow,
    }

    def value(made_of: Any) -> Any:
        name, *parts = made_of
        return values[name] if not parts else -value(*parts) if len(parts) == 1 else functions[name](*map(value, parts))

    with np.errstate(all="ignore"):
        expected = value(meaning(tree))
        found = eval(tree.text.replace("@", "*"), {}, values)
    assert np.array_equal(found, expected, equal_nan=True)


def by_typst(source: str) -> Any:
    """Adapt the text to Typst's precedence: a sign binds like a sum, and a fraction tighter than a product."""
    marked = re.sub(r"(^|\()-", r"\1negative >> ", source)
    substitutes = {"+": "<<", "-": ">>", "dot.op": "+", "thin": "-", "/": "*", "^": "**"}
    words = re.findall(r"negative >>|dot\.op|thin|[a-z]|[-+/^()]", marked)
    return eval(" ".join(substitutes.get(word, word) for word in words), {}, NAMED | {"negative": Meaning("negative")}).made_of


def typst_meaning(tree: Expression) -> Any:
    """The meaning of a tree with the operators that `by_typst` substitutes."""
    substitutes = {"+": "<<", "-": ">>", "*": "+", "@": "-", "/": "*", "**": "**"}

    def renamed(made_of: Any) -> Any:
        name, *parts = made_of
        if name == "negative":
            return (">>", ("negative",), renamed(*parts))
        return (substitutes[name], *map(renamed, parts)) if parts else made_of

    return renamed(meaning(tree))


@given(ARITHMETIC)
def test_typst_parses_the_markup_like_the_tree(tree: Expression) -> None:
    source = to_typst(tree)
    assert source is not None or len(tree.text) > 120
    if source is not None:
        assert by_typst(source) == typst_meaning(tree), source


def every_operator_pair() -> list[Expression]:
    """Every operator as an operand of every other, in each position."""
    templates = [
        parse_template(text) for text in ("-{0}", *(f"{{0}} {symbol} {{1}}" for symbol in ("+", "-", "*", "/", "@", "**")))
    ]
    a, b, c = map(Name, "abc")
    inner = [template.substitute([a, b]) for template in templates]
    return [template.substitute(operands) for template in templates for each in inner for operands in ([each, c], [c, each])]


@pytest.mark.parametrize("tree", every_operator_pair(), ids=lambda tree: tree.text)
def test_every_operator_nested_in_every_other(tree: Expression) -> None:
    assert parse(tree.text) == tree
    assert eval(tree.text, {}, NAMED).made_of == meaning(tree)
    source = to_typst(tree)
    assert source is not None
    assert by_typst(source) == typst_meaning(tree)


def test_nested_comparisons_are_in_parentheses() -> None:
    greater = parse_template("{0} > {1}")
    nested = greater.substitute([greater.substitute([Name("a"), Name("b")]), Name("c")])
    assert nested.text == "(a > b) > c"
    assert parse("a > b > c") != nested


# Texts that are not formulas.


@given(st.text(max_size=30) | st.text("xT#.,:()[]{}01'\"=-+*/@<> dLvia", max_size=30))
def test_any_text_is_kept_verbatim(text: str) -> None:
    assert parse(text).text == text
    assert isinstance(parse_template(text), Expression)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100_000,
        "-" * 100_000 + "x",
        "x" + "[0]" * 100_000,
        "(" * 1_900,
        "-" * 1_900 + "x",
        "x ** " * 380 + "x",
        "f(" * 50,
        "1" * 1999,
        "x" + ".T" * 900,
        "x" + "[0]" * 600,
        "f()" + "#1" * 900,
        "x[" * 20 + "x" + ".T]" * 20,
        "f(" * 9,
    ],
)
def test_long_or_deep_text_is_not_parsed(text: str) -> None:
    assert parse(text).text == text


def test_deeply_nested_formulas_are_printed() -> None:
    """A forged record may contain them: formulas are substituted into each other."""
    deepest = parse_template("f(" * (MAX_DEPTH - 1) + "{0}" + ")" * (MAX_DEPTH - 1))
    tree: Expression = Name("x")
    for _ in range(10):
        tree = deepest.substitute([tree])
    assert tree.text == "f(" * 10 * (MAX_DEPTH - 1) + "x" + ")" * 10 * (MAX_DEPTH - 1)
    assert isinstance(deepest, FunctionCall)
    assert isinstance(parse_template("f(" * MAX_DEPTH + "{0}" + ")" * MAX_DEPTH), Opaque)


def test_long_chain_of_operators_is_printed() -> None:
    row = Terms((Name("x"),) * 100_000, 100_000).joined("+")
    assert row is not None
    assert row.text == " + ".join(["x"] * 100_000)


@pytest.mark.parametrize(("formula", "printed"), [
    ("{0}+{1}", "a + b @ c"), ("{0}*{1}", "a * (b @ c)"), ("({0}) / {1}", "a / (b @ c)"), ("{0} ** -{1}", "a ** (-(b @ c))"),
    ("{0} mod {1}", "a mod b @ c"), ("mix({0}; {1})", "mix(a; b @ c)"), ("{1}[{0}, 1:]", "(b @ c)[a, 1:]"),
])  # fmt: skip
def test_formulas_with_other_spacing_and_unknown_words(formula: str, printed: str) -> None:
    assert parse_template(formula).substitute([parse("a"), parse("b @ c")]).text == printed


def test_text_that_is_not_a_formula_is_not_typeset() -> None:
    assert isinstance(parse("hidden layer"), Opaque)
    assert to_typst(parse_template("{0} @ {1}").substitute([parse("hidden layer"), Name("W")])) is None


# User-defined operations.


class Leaning(Elementwise):
    formula = "{x} leaning on {y}"

    @staticmethod
    def value(x: Any, y: Any) -> Any:
        return x + 2 * y

    @staticmethod
    def gradient_x(g: Any, out: Any, x: Any, y: Any) -> Any:
        return g


class Halved(Elementwise):
    """Formats the computation of an element as free text."""

    formula = "halved({x})"

    @staticmethod
    def value(x: Any) -> Any:
        return x / 2

    @staticmethod
    def gradient_x(g: Any, out: Any, x: Any) -> Any:
        return g / 2

    @classmethod
    def format_element(cls, template: str, terms: Any, parameters: Any) -> Any:
        return f"{terms[0].first.text} / 2"


def test_user_defined_formulas() -> None:
    step = tracer.trace(lambda x, y: np.sum(Halved.apply(Leaning.apply(x, y))), np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    labels = Labels(step.nodes)
    halved = next(node for node in step.nodes if node.op == "halved")
    assert labels.equation(halved) == "halved(x leaning on y)"
    assert worked_element(step.nodes, halved, labels) == "halved(x leaning on y)[0] = 1 leaning on 3 / 2 = 3.5"


def test_numbers_of_an_expression_that_starts_with_a_node_number() -> None:
    def program(x: Any) -> Any:
        return (np.exp(np.tanh(np.sin(np.cos(np.exp(np.tanh(np.sin(x * 1.000000001))))))) + x) * 2

    step = tracer.trace(program, np.float64(0.5))
    labels = Labels(step.nodes)
    product = next(node for node in step.nodes if node.op == "multiply" and labels.formula(node).endswith(" + x) * 2"))
    assert re.fullmatch(r"\(#\d+ \+ x\) \* 2", labels.formula(product))
    assert re.search(r" = \(\S+ \+ 0\.5\)\*2 = ", worked_element(step.nodes, product, labels))
