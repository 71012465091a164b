"""Translation: every message is in the catalogue, and every entry of the catalogue is used."""

from __future__ import annotations

import ast
import functools
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

import tracer
from support.cli import SCENARIO_TEXT, run
from tracer.analysis.diff import Part
from tracer.analysis.verify import Deviation, Verification
from tracer.checking.results import Check, Comparison, Difference, Fault
from tracer.cli.files import OutputFolder
from tracer.cli.run import Run, run_all_steps
from tracer.i18n import en, zh
from tracer.i18n.language import CHINESE, ENGLISH
from tracer.i18n.message import Message
from tracer.i18n.template import forms_of
from tracer.i18n.zh import COUNTED, MESSAGES, PARTS, TITLES, booklet, commands, doctor, pictures, programs, summary
from tracer.store.reading import NOT_ENDED, read
from tracer.store.version_1 import parse_message
from tracer.training import Training
from tracer.training.bundled import bundled_names
from tracer.training.callbacks import EarlyStopping
from tracer.views.aligned_text import display_width
from tracer.views.diagrams.zoom import zooms
from tracer.views.notation import Labels, node_number
from tracer.views.text.check import report
from tracer.views.text.detail import TITLE_WIDTH
from tracer.views.text.log import ending_lines, log_text
from tracer.views.text.verify import verdict_lines

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "tracer"

PLAIN_DATA = {"events", "node_data", "node_rows", "tables"}
"""Views that export data: their words are keys, the same in every language."""

MARKUP = {
    "cards",
    "dot",
    "fitting",
    "frame",
    "grid_svg",
    "heat_map",
    "layouts",
    "line_chart",
    "markup",
    "mathml",
    "mathml_elements",
    "mermaid",
    "minimap",
    "next_commands",
    "page",
    "slides",
    "typst",
    "typst_math",
}
"""Views that produce markup or mathematics: only messages in them are natural language."""

CODE_WORDS = {"activations", "by_formula", "flow", "kinds", "losses", "operands", "scopes", "titles"}
"""Views of names of functions and operations, and of formulas: titles among them are translated by `title_text`."""

TYPST = re.compile(
    r"""\#?(?:align|block|grid|linebreak|outline|rgb|stack|table[.]cell|table[.]header|text|v)[(](?:[a-z-]+:[ ])?  # a call
    | [a-z-]+:[ ](?=none|false|[(]|\d|$)                    # the name of an argument
    | \b(?:auto|center|left|right|ltr|none|false|\d*fr|\d*pt)\b  # directions, sizes and the like
    """,
    re.VERBOSE,
)
"""Typst code in the strings of views that write pages."""

ALLOWED = {
    ("detail", "value"): "a key of plain data; translated where it is displayed",
    ("detail", "gradient"): "likewise",
    ("sections", "LSTM cell"): "likewise",
    ("detail", "update"): "likewise",
    **dict.fromkeys([("combined", "more_"), ("combined", "back_"), ("combined", "plus")], "keys of boxes"),
    ("operations", "more_"): "likewise",
    ("settings", "settings"): "likewise",
    ("operation_page", "leaves"): "a key of pages",
    **dict.fromkeys([("curves", name) for name in ("step", "epoch", "loss")], "names of metrics"),
    **dict.fromkeys([("recorded", "optimizer"), ("recorded", "steps")], "names of settings"),
    **dict.fromkeys([("overview", op) for op in ("data", "parameter", "hyperparameter", "state")], "ops that are looked for"),
    **dict.fromkeys([("grids", key) for key in ("min ", "  max ", "mean ", "  zero ")], "keys of statistics, as in the log"),
    **dict.fromkeys([("naming", key) for key in ("convolution", "dense", "in", "linear", "loss")], "keys of titles, and a name"),
    **dict.fromkeys([("groups", "operation"), ("simplifying", "stop_gradient")], "a kind of group, and a function"),
    ("findings", "check_without_values"): "the code of a message",
    ("meaning", "softmax/stop gradient"): "where an operation is",
    **dict.fromkeys([("fallback", text) for text in ("Result", "--zoom ", " --phase ")], "a type, and options"),
}
"""Strings in views that are not shown, and why."""


# The source.


@functools.cache
def trees() -> dict[str, ast.Module]:
    """Every module of the package except the catalogue, by its path."""
    paths = (path for path in PACKAGE.rglob("*.py") if path.parent.name != "zh")
    return {str(path.relative_to(PACKAGE)): ast.parse(path.read_text()) for path in paths}


def is_language(node: ast.expr) -> bool:
    """Whether an expression is a Language; files also have a method `tell`."""
    name = name_of(node)
    return name in ("tell", "_tell") and not (isinstance(node, ast.Attribute) and name_of(node.value) == "_file")


def name_of(node: ast.expr) -> str:
    """The last name of an expression such as `f` or `a.b.f`; empty for any other."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def messages_in(tree: ast.AST) -> Iterator[ast.Call]:
    """The calls that translate a message."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call) and is_language(node.func))


def counts_in(tree: ast.AST) -> Iterator[ast.Call]:
    """The calls that translate a count."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute))
    return (node for node in calls if node.func.attr == "count" and is_language(node.func.value))  # type: ignore[attr-defined]


def text_of(node: ast.expr) -> str:
    """A string literal; empty for any other expression."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def fields_of(message: str) -> set[str]:
    return {field for _, field, _, _ in Formatter().parse(message) if field is not None}


def messages_used() -> set[str]:
    return {text_of(call.args[0]) for tree in trees().values() for call in messages_in(tree)}


def counted_words() -> set[str]:
    return {text_of(call.args[1]) for tree in trees().values() for call in counts_in(tree)}


def test_every_message_is_a_literal_with_a_translation() -> None:
    for name, tree in trees().items():
        for call in messages_in(tree):
            where = f"{name}:{call.lineno}"
            assert len(call.args) == 1 and text_of(call.args[0]), f"{where}: the message is not a literal"
            assert text_of(call.args[0]) in MESSAGES, f"{where}: {text_of(call.args[0])!r} is not in the catalogue"
            fields = {keyword.arg for keyword in call.keywords}
            assert fields == fields_of(text_of(call.args[0])), f"{where}: fields"
        for call in counts_in(tree):
            assert text_of(call.args[1]) in COUNTED, f"{name}:{call.lineno}: what is counted is not in the catalogue"


def test_language_is_always_called_tell() -> None:
    """These tests find messages by that name."""
    for name, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.arg) and node.annotation is not None and name_of(node.annotation) == "Language":
                assert node.arg == "tell", f"{name}:{node.lineno}: {node.arg}"


def names_language(node: ast.AST) -> bool:
    """Whether this is a parameter or an attribute `tell: Language`."""
    if isinstance(node, ast.AnnAssign):
        return name_of(node.target) == "tell" and name_of(node.annotation) == "Language"
    return isinstance(node, ast.arg) and node.arg == "tell" and name_of(node.annotation or ast.Constant("")) == "Language"


def functions_with_language(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """The functions that have access to a language: as a parameter or as an attribute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any(argument.arg == "tell" for argument in node.args.args):
            yield node
        elif isinstance(node, ast.ClassDef) and any(map(names_language, ast.walk(node))):
            yield from (inner for inner in node.body if isinstance(inner, ast.FunctionDef))


def test_functions_pass_their_language_on() -> None:
    """Otherwise a Chinese text would have English parts."""
    modules = trees()
    takers = {
        named.name  # of a class whose constructor takes it, that of the class
        for tree in modules.values()
        for parent in ast.walk(tree)
        for node in ast.iter_child_nodes(parent)
        if isinstance(node, ast.FunctionDef) and any(argument.arg == "tell" for argument in node.args.args)
        if not node.decorator_list  # commands, called by click
        for named in [parent if isinstance(parent, ast.ClassDef) and node.name == "__init__" else node]
    }
    assert {"log_lines", "phase_text", "notice", "history_lines", "LogRows"} <= takers
    for name, tree in modules.items():
        for function in functions_with_language(tree):
            for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
                called = name_of(call.func)
                given = [*call.args, *(keyword.value for keyword in call.keywords)]
                assert called not in takers or any(map(is_language, given)), f"{name}:{call.lineno}: {called}"


def test_every_catalogue_entry_is_used() -> None:
    assert set(MESSAGES) - messages_used() == set()
    assert set(COUNTED) - counted_words() == set()
    assert set(PARTS) <= set(get_args(Part))
    assert set(TITLES) == {tracer.load(name).title for name in bundled_names()}


@pytest.mark.parametrize("catalogue", [MESSAGES, COUNTED, PARTS, TITLES])
def test_translations_have_the_same_fields_and_available_characters(catalogue: dict[str, str]) -> None:
    for message, translation in catalogue.items():
        expected = {"count"} if catalogue is COUNTED else fields_of(message)
        assert fields_of(translation) == expected, message
        translation.encode("gb2312")  # the characters of the bundled font
        assert (message[:1] == " ") is (translation[:1] == " ") or "（" in translation, message


def test_no_message_is_in_two_parts_of_the_catalogue() -> None:
    parts = [commands.MESSAGES, pictures.MESSAGES, booklet.MESSAGES, programs.MESSAGES, summary.MESSAGES, doctor.MESSAGES]
    assert sum(map(len, parts)) == len(MESSAGES)


# Messages with codes.


def test_every_code_has_a_text_in_every_language() -> None:
    for catalogue in (en.CODED, zh.CODED):
        assert set(catalogue) == set(en.CODED)
        for code, template in catalogue.items():
            for form in forms_of(template):
                assert formats_of(form) == formats_of(forms_of(en.CODED[code])[0]), code
                form.encode("gb2312")


def formats_of(form: str) -> set[tuple[str, str | None]]:
    """The fields of a text, with their formats."""
    return {(name, spec) for _, name, spec, _ in Formatter().parse(form) if name is not None}


def constructed_messages() -> Iterator[tuple[str, str, set[str]]]:
    """Every Message constructed in the source: its module, code and fields, which may be a dict assigned before."""
    for module, tree in trees().items():
        assigned = [node for node in ast.walk(tree) if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)]
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and name_of(node.func) == "Message"):
                continue
            where, code = f"{module}:{node.lineno}", node.args[0]
            if (module, ast.unparse(code)) == ("store/messages.py", "code"):
                continue  # codes read from a file are checked there
            fields = node.args[1] if len(node.args) > 1 else ast.Dict(keys=[], values=[])
            if isinstance(fields, ast.Name):
                before = [each for each in assigned if ast.unparse(each.targets[0]) == fields.id and each.lineno < node.lineno]
                assert before, f"{where}: the fields are no dict of this module"
                fields = max(before, key=lambda each: each.lineno).value
            assert text_of(code), f"{where}: the code is no literal"
            assert isinstance(fields, ast.Dict), f"{where}: the fields are no dict"
            yield where, text_of(code), {text_of(key) for key in fields.keys if key is not None}


def test_every_code_is_used_with_the_fields_of_its_text() -> None:
    made = list(constructed_messages())
    for where, code, names in made:
        assert code in en.CODED, f"{where}: {code!r} has no text"
        assert names == fields_of(forms_of(en.CODED[code])[0]), where
    elsewhere = {code for where, code, _ in made if not where.startswith("store/version_1.py")}
    assert elsewhere == set(en.CODED)


def test_shapes_and_lists_of_names_in_messages() -> None:
    assert str(Message("other_shape", {"shape": ()})) == "its inputs do not give the shape ()"
    assert CHINESE.message(Message("other_shape", {"shape": (2, 3)})) == "其输入得不到形状 (2, 3)"
    assert CHINESE.message(Message("differences", {"operations": ("arcsinh", "fabs")})) == "对 arcsinh, fabs 用差分"


def test_reason_for_the_end_of_a_run_is_translated() -> None:
    for tolerance in (0, 0.001):
        for patience in (1, 5):
            reason = EarlyStopping(monitor="val_loss", tolerance=tolerance, patience=patience).reason()
            translated = CHINESE.message(Message("stopped_after_epochs", {"epochs": 7, "reason": reason}))
            assert translated.startswith("在 7 轮后停止：val_loss ")
            assert set(re.findall("[a-z_]+", translated)) == {"val_loss"}
    assert CHINESE.message(NOT_ENDED).isascii() is False
    error = Message("stopped_by_error", {"error": "OSError"})
    assert ending_lines(3, 50, error, CHINESE) == "== 因 OSError 而停止 ==  50 步中有 3 步完整\n"


@pytest.mark.parametrize("tolerance", [0, 0.001, 1e-05, 1e9])
@pytest.mark.parametrize("patience", [1, 5])
@pytest.mark.parametrize("epochs", [1, 7])
def test_end_messages_of_version_1_0_are_recognised(tolerance: float, patience: int, epochs: int) -> None:
    """The texts are copied from the source of that version."""
    by = f" by {tolerance:g}" if tolerance else ""
    reason = f"val_loss had not improved{by} for {patience} {'epoch' if patience == 1 else 'epochs in a row'}"
    text = f"stopped after {epochs} epoch{'' if epochs == 1 else 's'}: {reason}"
    message = parse_message(text)
    assert (message.code, str(message)) == ("stopped_after_epochs", text)
    assert set(re.findall("[a-z_]+", CHINESE.message(message))) == {"val_loss"} | ({"e"} if "e" in by else set())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("interrupted", "interrupted"),
        ("the run did not end", "not_ended"),
        ("stopped by OSError", "stopped_by_error"),
        ("anything else", "text"),
        ("stopped after 07 epochs: loss had not improved for 5 epochs in a row", "text"),
        ("stopped after 7 epochs: loss had not improved by much for 5 epochs in a row", "text"),
    ],
)
def test_other_messages_of_version_1_0_keep_their_text(text: str, code: str) -> None:
    message = parse_message(text)
    assert (message.code, str(message)) == (code, text)


# Texts that bypass the catalogue.


def known_words() -> set[str]:
    """Words that are messages by themselves or with a field."""
    alone = (re.sub(r"\{\w+\}", " ", message).split() for message in MESSAGES)
    words = {word for words in alone if len(words) == 1 for word in words}
    words |= {form for word in COUNTED for form in (word, f"{word}s")}
    return {word.lower() for word in words if word.isalpha() and word != "NaN"}


def imported_in(tree: ast.Module) -> set[str]:
    """The modules from which a module imports."""
    return {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}


def untranslated_texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The strings in a view that are natural language but not translated.

    These have two consecutive words, a word of the catalogue, or a word between fields; Typst code is removed first.
    Ignored are translated messages, docstrings, annotations, errors, patterns and keys, operands of comparisons and lookups,
    and functions that return plain data.
    """
    words = known_words()
    code = TYPST if {"tracer.views.booklet.typst", "tracer.views.booklet.page"} & imported_in(tree) else re.compile("(?!)")
    for line, text, has_fields in _texts(tree):
        # Keys of key=value and gradient names are not translated.
        bare = re.sub(r"\w+=|\bdL/d", "", code.sub("", text))
        found = set(re.findall("[a-z]{2,}", bare.lower()))
        if found & words or (found and has_fields) or re.search(r"[A-Za-z]{2,} +[A-Za-z]{2,}", bare):
            yield line, text


def _texts(node: ast.AST, has_fields: bool = False) -> Iterator[tuple[int, str, bool]]:
    """The candidate strings, and whether each is part of a string with fields."""
    is_ignored: list[ast.AST | None] = []
    if isinstance(node, (ast.Raise, ast.Compare, ast.Import, ast.ImportFrom)):
        return
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and name_of(node.func.value) == "re":
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.FunctionDef):
        if node.returns is not None and ast.unparse(node.returns).startswith("dict["):
            return
        is_ignored += [node.returns, *node.decorator_list]
    elif isinstance(node, (ast.arg, ast.AnnAssign)):
        is_ignored.append(node.annotation)
    elif isinstance(node, ast.Dict):
        is_ignored += node.keys
    elif isinstance(node, ast.Subscript):
        is_ignored.append(node.slice)
    elif isinstance(node, ast.FormattedValue):
        is_ignored.append(node.format_spec)
    elif isinstance(node, ast.Call) and is_language(node.func):
        is_ignored.append(node.args[0])
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and is_language(node.func.value):
        is_ignored += node.args[1:]
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.lineno, node.value, has_fields
    for child in ast.iter_child_nodes(node):
        if child not in is_ignored:
            yield from _texts(child, isinstance(node, ast.JoinedStr))


def test_views_have_no_untranslated_text() -> None:
    found = {
        (path.stem, text): f"{path.name}:{line}: {text!r} is not translated"
        for path in sorted((PACKAGE / "views").rglob("*.py"))
        if path.stem not in PLAIN_DATA | MARKUP | CODE_WORDS
        for line, text in untranslated_texts(ast.parse(path.read_text()))
    }
    names = {(zoom, zoom) for zoom in zooms()}
    assert [message for key, message in found.items() if key not in ALLOWED and key not in names] == []
    assert set(found) - names == set(ALLOWED)


@pytest.mark.parametrize(
    "message",
    ['yield f"{name} is right"', 'yield f"  {title:<10} and {count} more"', 'return "WRONG" if wrong else ""',
     'tell("{what} over the steps", what=f"length of {name}")', 'lines = ["loss"]', 'yield f"{len(steps)} steps"'],
)  # fmt: skip
def test_untranslated_text_is_found(message: str) -> None:
    assert list(untranslated_texts(ast.parse(f"def view(tell):\n    {message}")))


@pytest.mark.parametrize(
    "message",
    ['body = quiet("forward pass", look)', 'body = f"#align(center, {quiet(\'forward\', look)})"',
     'told = f"#block(below: 8pt, gradient {name})"', 'heads = ("Name", "Value")', "cells = f\"[#{literal('Total')}]\"",
     'lines = "#block(above: 8pt, [the whole run])"', 'return f"text(size: 8pt, page {number})"'],
)  # fmt: skip
def test_untranslated_text_in_typst_code_is_found(message: str) -> None:
    assert list(untranslated_texts(ast.parse(f"from tracer.views.booklet.typst import literal\ndef view(tell):\n    {message}")))


@pytest.mark.parametrize(
    "message",
    ['"""The loss over the steps."""', 'yield tell("{what} over the steps", what=name)', 'text += f" min={low} mean={mean}"',
     'if node.op == "parameter": pass', 'raise UsageError("there is no such step")', 'index = step.metrics["epoch"]',
     'yield tell.count(len(steps), "step")', 'yield f"dL/d{name} -> {number:<10}"'],
)  # fmt: skip
def test_strings_that_are_not_shown_are_ignored(message: str) -> None:
    assert not list(untranslated_texts(ast.parse(f"def view(tell):\n    {message}")))


def test_titles_of_lines_fit_their_columns() -> None:
    titles = []
    for name in ("detail", "blame"):
        for node in ast.walk(ast.parse((PACKAGE / "views/text" / f"{name}.py").read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("titled_line", "_block"):
                titles += [text_of(call.args[0]) for call in messages_in(node.args[0])]
    titles += ["update", "derives", "by rule of", "updated"]  # translated earlier
    assert len(titles) > 15
    assert all(display_width(MESSAGES[title]) <= TITLE_WIDTH for title in titles)


# Output of the commands.


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two different runs, one that overflows, and one with statistics only."""
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(SCENARIO_TEXT.format(model="pass"))
    for folder, *options in (
        ("mine",), ("other", "--set", "learning_rate=0.2"), ("short", "--steps", "2"),
        ("infinite", "--steps", "9", "--set", "learning_rate=1e60"), ("summary", "--values", "summary"),
    ):  # fmt: skip
        assert run("trace", "./mine.py", "-q", "--format", "log", "-o", folder, *options) == 0
    return tmp_path


VERBS = [
    ("log", "mine"), ("log", "infinite"), ("log", "summary"), ("log", "mine", "--step", "1", "--watch", "w[1]"),
    ("show", "mine", "w"), ("show", "mine", "dL/dw"), ("show", "mine", "w[1]"), ("show", "mine", "dL/db"),
    ("show", "summary", "w[1]"), ("show", "summary", "w"), ("show", "mine", "learning_rate"),
    ("blame", "mine"), ("blame", "infinite"), ("blame", "infinite", "--nan"),
    ("verify", "mine"), ("verify", "summary"),
    ("diff", "mine", "other"), ("diff", "mine", "mine"), ("diff", "mine", "short"), ("diff", "mine", "summary"),
    ("diff", "mine", "infinite", "--tolerance", "0.9"), ("check", "./mine.py", "--second-order"),
    ("check", "./mine.py", "--examples", "2"), ("export", "mine", "-o", "mine.npz"),
]  # fmt: skip

KEYS = {"NaN", "f64", "float64", "l2", "learning_rate", "mine", "numpy", "python", "steps", "tracer"}
"""Words that are not translated: settings, statistics, dtypes, file names and versions."""


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert run(*arguments) in (0, 1)
    out, err = capsys.readouterr()
    assert err == ""
    return out


def formulas(step: tracer.Step) -> set[str]:
    """The formal parts of a step's output: equations, numbered nodes, source lines and operation names."""
    labels = Labels(step.nodes)
    found = set()
    for node in step.nodes:
        name, number = labels[node.id], node_number(step, node.id)
        found |= {f"{number} {labels.equation(node)}", f"{number} {name}", f"：{name}\n", f"{name} 的", f"{node.scope}\n"}
        found |= {f"{node.source}", node.source.text} if node.source else set()
        found |= set() if node.is_leaf else {f" {node.op}，", f"；{node.op} "}
    return found


def untranslated(text: str, trace: tracer.Trace) -> set[str]:
    """The English words in a text that are not formulas, names or keys."""
    for step in trace.steps:
        for formula in sorted(formulas(step), key=len, reverse=True):
            text = text.replace(formula, " ")
    text = re.sub(r"\S+ = .*$|\w+=\S*|dL/d\w+|--[a-z-]+", " ", text, flags=re.MULTILINE)
    return set(re.findall(r"(?<![\w.])[A-Za-z_]\w*", text)) - KEYS - {"x", "y", "w", "b", "h", "p", "t", "w_new", "b_new"}


def half_width(text: str) -> list[str]:
    """ASCII punctuation next to a Chinese word, where Chinese has its own; lists of names and numbers keep ASCII commas."""
    return re.findall("[\u4e00-\u9fff][,;:?!][^,;:?!]{,8}|[^,;:?!]{,8}[,;:?!] ?[\u4e00-\u9fff]", text)


@pytest.mark.parametrize("arguments", VERBS, ids=" ".join)
def test_chinese_output_has_no_english(arguments: tuple[str, ...], runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    english = printed(capsys, *arguments)
    chinese = printed(capsys, *arguments, "--lang", "zh")
    assert english.isascii()
    assert re.search("[\u4e00-\u9fff]", chinese)
    assert half_width(chinese) == []
    assert len(english.splitlines()) == len(chinese.splitlines())
    # A search that finds nothing in English output would be useless.
    trace = read(next(Path(arguments[1] if arguments[0] != "check" else "mine").glob("*.sqlite")))
    assert untranslated(english, trace)
    assert untranslated(chinese, trace) == set()


@pytest.mark.parametrize("name", ["mine", "infinite"])
def test_formulas_are_not_translated(name: str, runs: Path) -> None:
    trace = read(Path(name, "trace.sqlite"))
    english, chinese = (log_text(trace, tell=tell).splitlines() for tell in (ENGLISH, CHINESE))
    for one, other in zip(english, chinese, strict=True):
        if re.match(r"\d+:\d+ ", one):
            assert one[:85].rstrip() == other[:85].rstrip() or one.split("  ")[0] == other.split("  ")[0]
        elif one.startswith("     ") and "!!" not in one:
            assert one == other
    labels = [Labels(step.nodes) for step in trace.steps]
    equations = {names.equation(node) for step, names in zip(trace.steps, labels, strict=True) for node in step.nodes}
    for text in ("\n".join(english), "\n".join(chinese)):
        assert all(equation in text for equation in equations)


@pytest.mark.parametrize("arguments", VERBS, ids=" ".join)
def test_json_is_not_translated(arguments: tuple[str, ...], runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    english, chinese = (printed(capsys, *arguments, "--json", "--lang", lang) for lang in ("en", "zh"))
    assert english == chinese


def test_locale_is_the_default_language(runs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    english, chinese = (printed(capsys, "verify", "mine", "--lang", lang) for lang in ("en", "zh"))
    assert printed(capsys, "verify", "mine") == english
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert printed(capsys, "verify", "mine") == chinese
    assert printed(capsys, "verify", "mine", "--lang", "en") == english
    monkeypatch.setenv("LC_ALL", "C")
    assert printed(capsys, "verify", "mine") == english
    assert run("verify", "mine", "--lang", "fr") == 2
    assert "'en', 'zh'" in capsys.readouterr().err


def test_terminal_without_chinese_shows_escapes(runs: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "latin-1"}
    command = [sys.executable, "-m", "tracer", "verify", "mine", "--lang", "zh"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("\\u9a8c\\u8bc1")


def test_chinese_list_is_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, "list", "--lang", "zh").splitlines()
    heading, *rows = lines
    assert heading.split() == ["名称", "步数", "参数数量"]
    ends = {display_width(re.match(r"(.*?[\d,]+)  [\u4e00-\u9fff]", row)[1]) for row in rows}  # type: ignore[index]
    assert ends == {display_width(heading)}


def test_output_of_a_run_is_translated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = OutputFolder(tmp_path / "sgd")
    training = Training(tracer.load("fruit-sgd"), seed=0)
    chinese_run = Run(training, folder, None, quiet=True, verbose=False, tell=CHINESE)
    log = folder.growing("steps.log")
    run_all_steps(chinese_run, log)
    text = log.finish().read_text(encoding="utf-8")
    assert text.startswith(f"# fruit-sgd: {TITLES[training.head.title]}\n")
    assert text.endswith("；在 7 轮后停止：loss 连续 5 轮的改善未达到 0.001\n")
    title, counts, _, stopped = chinese_run.summary()
    assert title == f"fruit-sgd: {TITLES[training.head.title]}"
    assert counts == "70 步，3 个参数：w (2,), b ()"
    assert stopped == "在 7 轮后停止：loss 连续 5 轮的改善未达到 0.001"


def test_interruption_message_in_the_log_is_translated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: Run, progress: object) -> Iterator[tracer.Step]:
        yield from (step for step, _ in zip(self.training, range(2)))
        raise KeyboardInterrupt

    monkeypatch.setattr(Run, "steps", interrupted)
    folder = OutputFolder(tmp_path)
    chinese_run = Run(Training(tracer.load("fruit"), seed=0), folder, None, quiet=True, verbose=False, tell=CHINESE)
    with pytest.raises(KeyboardInterrupt):
        run_all_steps(chinese_run, folder.growing("steps.log"))
    assert (tmp_path / "steps.log").read_text(encoding="utf-8").endswith("== 被中断 ==  6 步中有 2 步完整\n")


def test_failure_verdicts_are_translated(runs: Path) -> None:
    """Verdicts that valid runs do not produce."""
    trace = read(Path("mine", "trace.sqlite"))
    deviations = [
        Deviation(0, 6, Message("not_computable", {"error": "ValueError", "text": "no"})),
        Deviation(1, 2),
        Deviation(2, 6, None, (0,), 1.0, 2.0, 3.0),
    ]
    right = Verification(False, steps=3, operations=9, exact=5, largest=3.0)
    wrong = replace(right, not_kept=1, unknown={"softplus"}, deviations=deviations * 2)
    for each in (right, wrong):
        message = "\n".join(verdict_lines(trace, each, CHINESE))
        assert untranslated(message, trace) <= {"ValueError", "no", "softplus", "BLAS", "NumPy"}, message
    difference = Difference((1,), 1.0, 2.0, 1.0, 1e-10)
    check = Check(
        (Comparison("w", (2,), 2, Message("differences", {"operations": ("softplus",)}), 9000, 3, 4, difference),),
        rules=5,
        faults=(
            Fault(7, "p", "softplus", "h", Message("rule_wrong"), None, Difference(None, 1.0, 2.0, 1.0, 1e-10)),
            Fault(8, "p", "softplus", "", Message("not_finite")),
            Fault(
                9,
                "p",
                "softplus",
                "h",
                Message("rule_raises", {"error": "ValueError", "text": "no"}),
                None,
                Difference((), 1.0, 2.0, 1.0, 1e-10),
            ),
        ),
    )
    assert untranslated(report(check, CHINESE), trace) <= {"softplus", "ValueError", "no"}
    assert "关于 w 的二阶导数在 [1] 处为 1.0，应为 2.0（方法：对 softplus 用差分）" in report(check, CHINESE)
