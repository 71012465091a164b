"""What a module offers, as a list that the build makes from the module itself."""

from __future__ import annotations

import importlib
import inspect
import re
from types import GenericAlias, ModuleType
from typing import Any

import numpy
from docutils import nodes
from docutils.parsers.rst import Directive


class Members(Directive):
    """The names of a module, each with the first paragraph of its documentation, or with its value."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        module = importlib.import_module(self.arguments[0])
        items = []
        for name in module.__all__:
            term = nodes.term("", "", nodes.literal(name, name))
            items.append(nodes.definition_list_item("", term, nodes.definition("", _described(getattr(module, name)))))
        return [nodes.definition_list("", *items)]


class Differing(Directive):
    """The names of a module in which it differs from NumPy."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        names = differing(importlib.import_module(self.arguments[0]))
        words: list[nodes.Node] = []
        for name in names:
            words += [
                nodes.Text(", ") if words else nodes.Text(f"{len(names)} names differ from NumPy's: "),
                nodes.literal(name, name),
            ]
        return [nodes.paragraph("", "", *words, nodes.Text("."))]


def differing(module: ModuleType) -> list[str]:
    """The names in which a module differs from NumPy."""
    return sorted(name for name in numpy.__all__ if getattr(module, name) is not getattr(numpy, name))


def _described(value: Any) -> nodes.paragraph:
    """The first paragraph of a class or function; of a value its text, and what its class is."""
    if value is Any or isinstance(value, GenericAlias):
        text = str(value).replace("typing.", "")
        return nodes.paragraph("", "For annotations: ", nodes.literal(text, text))
    if not inspect.isclass(value) and not callable(value) and len(repr(value)) < 120 and " at 0x" not in repr(value):
        return nodes.paragraph("", "", nodes.literal(repr(value), repr(value)))
    words: list[nodes.Node] = []
    for at, part in enumerate(re.split("`+", " ".join(inspect.cleandoc(value.__doc__ or "").partition("\n\n")[0].split()))):
        words.append(nodes.literal(part, part) if at % 2 else nodes.Text(part))
    return nodes.paragraph("", "", *words)
