"""Joins the parts of the page: style, vendored libraries, scripts, and the data of a run.

The scripts are modules for an editor and for tests; in the page they are one script, so that it opens from a file without a
server. The policy in the page allows these scripts and nothing from outside.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from collections.abc import Mapping
from html import escape
from importlib import resources
from string import Template
from typing import Any

from tracer.graph.plain_values import json_text

LIBRARIES = ("preact.js", "preact-hooks.js", "htm.js")
"""Vendored scripts, in the order in which they need each other."""

SCRIPTS = (
    "libraries.js", "numbers.js", "arrays.js", "record.js", "memory.js", "state.js", "terms.js", "grids.js", "equation.js",
    "predict.js", "moves.js", "repeats.js", "view.js", "graph.js", "around.js", "code.js", "own.js", "inspector.js", "kernels.js",
    "torchkernels.js", "whatif.js", "timeline.js", "bar.js", "keys.js", "dialogs.js", "app.js",
)  # fmt: skip
"""The scripts of the page, in the order in which they need each other."""

_IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./([^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?(?:function|const) (\w+))", re.MULTILINE)
_COMMENT = re.compile(
    r"^[ ]*(?://[^\n]*|/\*\*(?:(?!\*/).)*\*/)\n"  # on lines of its own
    r"|/\*\* @type [^\n]*?\*/ ?|(?<=;) //[^\n]*"  # a type in a line, a remark at its end
    r"|^[ ]+|^\n",  # indentation, empty lines
    re.MULTILINE | re.DOTALL,
)
"""Comments, indentation and empty lines. The page goes without: they are for those who change the scripts."""


def page(title: str, language: str, style: Mapping[str, Mapping[str, str]], data: Any) -> str:
    """The page as HTML. `style` has the values of the CSS variables of each theme, `data` is what the scripts read."""
    scripts = [*(_static(f"vendor/{name}") for name in LIBRARIES), script()]
    css = _variables(style) + _static("player.css")
    policy = f"default-src 'none'; style-src {_hashed(css)}; script-src {' '.join(map(_hashed, scripts))}; img-src data:"
    return Template(_static("player.html")).substitute(
        title=escape(title),
        language=language,
        policy=escape(policy),
        style=css,
        data=data_text(data),
        scripts="\n".join(f"<script>{each}</script>" for each in scripts),
    )


@functools.cache
def script() -> str:
    """The scripts of the page as one: each module is a function that returns what it exports."""
    joined = "".join(_module(name) for name in SCRIPTS)
    return f'(() => {{\n"use strict";\nconst modules = {{}};\n{joined}}})();\n'


def _module(name: str) -> str:
    text = _COMMENT.sub("", _static(name))
    exported = ", ".join(match[2] for match in _EXPORT.finditer(text))
    body = _EXPORT.sub(r"\1", _IMPORT.sub(r'const \1 = modules["\2"];\n', text))
    return f'modules["{name}"] = (() => {{\n{body}return {{ {exported} }};\n}})();\n'


def data_text(data: Any) -> str:
    """Data as JSON that cannot end the element it stands in.

    >>> data_text({"name": "</script>"})
    '{"name": "\\\\u003c/script>"}'
    """
    return json_text(data).replace("<", "\\u003c")


def _variables(style: Mapping[str, Mapping[str, str]]) -> str:
    rules = []
    for theme, values in style.items():
        listed = "".join(f"--{name}:{value};" for name, value in values.items())
        rules.append(f'[data-theme="{theme}"]{{{listed}}}')
    return "\n".join([*rules, ""])


def _hashed(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


@functools.cache
def _static(name: str) -> str:
    return resources.files("tracer.views.player").joinpath("static", name).read_text(encoding="utf-8")
