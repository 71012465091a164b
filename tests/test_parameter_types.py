"""Options have click types, which parse their text and provide help and completion."""

from __future__ import annotations

import importlib

import click
import pytest
from click.shell_completion import ShellComplete

from support.cli import run
from tracer.cli import command
from tracer.cli.group import COMMANDS
from tracer.cli.parameter_types import ElementName, Fraction, Names, Setting, Size, WholeNumber, WholeNumbers
from tracer.errors import UsageError
from tracer.views.diagrams.zoom import zooms
from tracer.views.selection import Element

TEXTS = {"asked", "backend", "example", "loss", "data", "focus", "focus_down", "nodes", "of", "output", "parameters"}
"""Options that accept any text, such as names of nodes, files and folders."""


@pytest.mark.parametrize("name", COMMANDS)
def test_option_has_a_type_unless_it_takes_any_text(name: str) -> None:
    found = importlib.import_module(f"tracer.cli.commands.{name}").command
    untyped = {
        each.name for each in found.params
        if isinstance(each, click.Option) and not each.is_flag and isinstance(each.type, click.types.StringParamType)
    }  # fmt: skip
    assert untyped <= TEXTS


OPTION = click.Option(["-x", "--option"])


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (WholeNumber(0), "0", 0),
        (WholeNumber(), 12, 12),
        (WholeNumbers(0), "0, 10,50", (0, 10, 50)),
        (WholeNumbers(0), "50,0-2, 7 - 7", (50, 0, 1, 2, 7)),
        (Names("format", ["pdf", "log"]), " log,pdf,", ("log", "pdf")),
        (Fraction(), "1e-6", 1e-6),
        (Size(), "64KiB", 65536),
        (Setting(), "a = b=c ", ("a", "b=c")),
        (ElementName(), "dL/dW[0,-1]", Element("dL/dW", (0, -1))),
    ],
)
def test_valid_texts_are_converted(kind: click.ParamType, text: object, value: object) -> None:  # type: ignore[type-arg,unused-ignore]
    found = kind.convert(text, OPTION, None)
    assert found == value
    assert type(found) is type(value)
    assert kind.convert(found, OPTION, None) == value  # click also converts default values


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        (WholeNumber(3), "2", r"--option takes a whole number from 3 on, this is '2'"),
        (WholeNumber(maximum=17, unit="digits"), "18", "--option takes up to 17 digits, this is 18"),
        (WholeNumbers(), "1,x", "--option takes a whole number from 1 on, this is 'x'"),
        (WholeNumbers(0), "", "--option takes a whole number from 0 on, this is ''"),
        (WholeNumbers(0), "-1", "--option takes a whole number from 0 on, this is '-1'"),
        (WholeNumbers(0), "5-3", "--option takes a whole number from 5 on, this is '3'"),
        (WholeNumbers(0), "3-99999999", "--option takes up to 10,000,000 numbers, this is '3-99999999'"),
        (Names("format", ["pdf", "log"]), "lgo", "there is no format 'lgo'; did you mean log"),
        (Fraction(), "nan", "--option takes a number from 0 to below 1, this is 'nan'"),
        (Fraction(), "1", "--option takes a number from 0 to below 1, this is '1'"),
        (Setting(), "=3", "--option takes NAME=VALUE, this is '=3'"),
        (ElementName(), "W[:]", r"--option takes an element such as W1\[0,2\], this is 'W\[:\]'"),
    ],
)
def test_invalid_texts_are_refused(kind: click.ParamType, text: str, message: str) -> None:  # type: ignore[type-arg,unused-ignore]
    with pytest.raises(UsageError, match=f"^{message}"):
        kind.convert(text, OPTION, None)


@pytest.mark.parametrize(
    ("words", "incomplete", "expected"),
    [
        (["trace", "fruit", "--values"], "s", ["sampled", "summary", "structure"]),
        (["render", "fruit", "--zoom"], "", list(zooms())),
        (["render", "fruit", "--theme"], "da", ["dark"]),
        (["log", "fruit", "--step", "x", "--phase"], "l", ["loss"]),  # invalid options before it do not matter
    ],
)
def test_completion(words: list[str], incomplete: str, expected: list[str]) -> None:
    found = ShellComplete(command, {}, "tracer", "_TRACER_COMPLETE").get_completions(words, incomplete)
    assert [each.value for each in found] == expected


def test_help_shows_the_ranges(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("log", "--help") == 0
    text = capsys.readouterr().out
    assert "1<=x<=17" in text
    assert "--step N" in text
    assert "x>=0" in text
