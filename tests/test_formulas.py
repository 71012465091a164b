"""Formulas as mathematics: those of the bundled scenarios compile, and hostile ones are not executed."""

from __future__ import annotations

import io
import re

import pypdf
import pytest

from support.traces import recorded
from tracer.graph.formula import parse
from tracer.rendering.document import pdf
from tracer.training.bundled import bundled_names
from tracer.views.booklet.typst import flowing
from tracer.views.booklet.typst_math import MAX_FORMULA_LENGTH, to_typst
from tracer.views.notation import Labels

HOSTILE = (
    "#panic()", '"', "$x$", "\\", "a" * 10_000, '"); #panic("', "x $ #panic() $ y", "`x`", "// x", "/* x", "x /* y", "<label>",
    "@reference", "#let x = 1", 'f("#panic()")', "f('\"')", "x # y", "[", "(" * 100, "(" * 70 + "x" + ")" * 70, "x[#panic()]",
    "", " ", " = ", "= x", "x = = y", "a\nb", "(a,\nb)", "\0", "\x1b[0m", "x or y", "x and y", "not x", "lambda: x", "f(*x)",
    "f(**x)", "f'{x}'", "[x for x in y]", "ǂ", "ǂd(x)", "1or 2", "x is 1", "dL/d", "dL/d()", "dL/d(x, y)", "x via", "via", "f()",
    "x[()]", "x[::]", "f(x)(y)", "x[0](y)", "(x).real", "__class__", "_", "__", "1e999", "1_000", "10 ** 400", "-" * 100 + "x",
    "sqrt(x, y)", "sqrt()", "square(x, axis=0)", "where(x)", "abs(*x)", "frac(1, 2)", "cases(1; 2)", "x; y", "x: y", "a ~ b",
    "~a", "x & y", "x_'", "W1'", "名字 = 中 @ 文1", "é_1_new", "x_²", "x²", "\U0001d431", "\u0661", "x\u0661",
     "\u202ex", "-> => :=", "x := y", "...", "[...]",
    "b'x'", "1j", "None", "True", "f(x, y=#1)", "f(y='\"#panic()')", "h#", "h#x", "x.T.T", "x.y.T", "(x, y).T", "[3x array]",
)  # fmt: skip


def bundled_formulas() -> list[str]:
    found: dict[str, None] = {}
    for name in bundled_names():
        step = recorded(name, 1).steps[0]
        labels = Labels(step.nodes)
        found |= dict.fromkeys(map(labels.equation, step.nodes))
    return list(found)


def math_of(formula: str) -> str:
    """The content between dollar signs: mathematics, or plain text if the formula cannot be typeset."""
    return to_typst(parse(formula)) or f"#{flowing(formula, 10, '#000000')}"


def document(formulas: list[str]) -> str:
    return "#set page(height: auto)\n" + "\n".join(f"$ {math_of(formula)} $" for formula in formulas)


def is_typeset(formula: str) -> bool:
    """Whether a formula is typeset as mathematics."""
    return not math_of(formula).startswith("#")


def test_formulas_of_bundled_scenarios_compile_and_are_typeset() -> None:
    formulas = bundled_formulas()
    assert len(formulas) > 300
    assert all(map(is_typeset, formulas))
    assert pdf(document(formulas)).startswith(b"%PDF")


def test_hostile_formulas_compile() -> None:
    formulas = [*HOSTILE, *(f"h = {text} + 1" for text in HOSTILE)]
    assert pdf(document(formulas)).startswith(b"%PDF")


def test_only_letters_digits_and_known_words_are_outside_strings() -> None:
    words = {"op", "sqrt", "abs", "cases", "thin", "med", "dot", "times", "partial", "lt", "gt", "eq", "not", "class", "upright",
             "script", "dots", "quad", "norm", "overline", "root", "floor", "ceil", "alpha", "beta", "epsilon"}  # fmt: skip
    for formula in [*bundled_formulas(), *HOSTILE]:
        outside = re.sub(r'"(?:[^"\\]|\\.)*"', " ", math_of(formula), flags=re.DOTALL)
        if not is_typeset(formula):
            assert outside == "#text(font:  , size: 10pt, fill: rgb( ),  )", formula
            continue
        assert set(re.findall(r"[^\W\d_]{2,}", outside)) <= words, formula
        assert not set(outside) & set('#$\\@;`~"{}\n'), formula
        assert "//" not in outside, formula
        assert "/*" not in outside, formula


@pytest.mark.parametrize("formula", ["#panic()", '"', "$x$", "\\", "a" * 10_000, "x # y", "x or y", "f(*x)", "", "x[1](2)"])
def test_text_that_is_not_a_formula_is_shown_verbatim(formula: str) -> None:
    assert not is_typeset(formula)
    read = pypdf.PdfReader(io.BytesIO(pdf(f"#set page(width: 80000pt)\n${math_of(formula)}$"))).pages[0].extract_text()
    assert formula in read


def test_long_formula_is_not_typeset() -> None:
    sum_of = " + ".join(["x"] * 31)
    assert len(sum_of) > MAX_FORMULA_LENGTH
    assert not is_typeset(sum_of)
    assert is_typeset(sum_of[4 * 2 :])


@pytest.mark.parametrize(("formula", "expected"), [
    ("dL/dW2 = h1.T @ dL/dz2", '(partial L)/(partial W_2) = h_1^upright("T") thin (partial L)/(partial z_2)'),
    ("dL/d(mean(of_label)) = -dL/dloss",
     '(partial L)/(partial op("mean") ("of_label")) = -(partial L)/(partial thin "loss")'),
    ("dL/d(x + y)", "(partial L)/(partial (x + y))"),
    ("dL/dx#2 via exp(z)", '(partial L)/(partial x"#2") med script("via "op("exp") (z))'),
    ("(dL/dx via y) + z", '((partial L)/(partial x) med script("via "y)) + z'),
    ("dL/d(x @ W)#2", '(partial L)/(partial (x thin W))"#2"'),
    ("sum(g, axis=1, keepdims=True)", 'op("sum")_"axis=1, keepdims" (g)'),
    ("where(x > 0, x, 0)", 'cases(x & quad "if" x > 0, 0 & quad "otherwise")'),
    ("where(a, b, c) + 1", '(cases(b & quad "if" a, c & quad "otherwise")) + 1'),
    ("x[rows, y, 1:, ..., None]", 'x["rows", y, 1":", dots.h, "None"]'),
    ("[0, 1, ..., 9] + [3x3 array]", '[0, 1, dots.h, 9] + "[3x3 array]"'),
    ("inv(A) @ pinv(B * C)", 'A^(-1) thin (B dot.op C)^(+)'),
    ("solve(A.T, b + c)", '(A^upright("T"))^(-1) thin (b + c)'),
    ("matrix_power(A, -2)[0, 1]", "(A^(-2))[0, 1]"),
    ("norm(x - y) / norm(A, ord=1) * norm(x, axis=0)", '(norm(x - y))/(norm(A)_(1)) dot.op norm(x)_"axis=0"'),
    ("kron(a + b, c) * kron(a, b)", "((a + b) times.o c) dot.op (a times.o b)"),
    ("conj(z) + real(z * w) - imag(z)", 'overline(z) + op("Re") (z dot.op w) - op("Im") (z)'),
    ("cbrt(x) + floor(y)", "root(3, x) + floor(y)"),
    ("scatter(g, [1:2, ...], shape=(3,))", 'op("scatter")_"shape=(3,)" (g, [1":"2, dots.h])'),
    ("broadcast_to(#49, (10,))", 'op("broadcast_to") ("#49", (10,))'),
    ("a - (b - c) + (d + e)", "a - (b - c) + (d + e)"),
    ("a * (b * c) * (d + e)", "a dot.op (b dot.op c) dot.op (d + e)"),
    ("a * (b / c) / d", "(a dot.op (b)/(c))/(d)"),
    ("(a / b) ** (c + d)", "((a)/(b))^(c + d)"),
    ("2 * -0.5 + -(a + b)", "2 dot.op (-0.5) + (-(a + b))"),
    ("(x ** 2) ** y ** z", "(x^(2))^(y^(z))"),
    ("W_new ** 2 * (x @ W).T", '(W^"new")^(2) dot.op (x thin W)^upright("T")'),
    ("square(a + b) * square(a)", "(a + b)^2 dot.op a^2"),
    ("a == b != c", 'a class("relation", "==") b eq.not c'),
    ("beta1[0] * beta * dL/dbeta#2", 'beta_1[0] dot.op beta dot.op (partial L)/(partial beta"#2")'),
    ("h1 @ W2 + b2 > 0", "h_1 thin W_2 + b_2 > 0"),
])  # fmt: skip
def test_typeset_formulas(formula: str, expected: str) -> None:
    assert math_of(formula) == expected
