"""Loads scenario files: bundled ones by name, others by path."""

from __future__ import annotations

import dataclasses
import linecache
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from tracer.arguments import checks_keywords, readable
from tracer.errors import UsageError, close_names, near_names
from tracer.training.bundled import SHORT_NAMES, bundled_folder, bundled_names, is_named_like_bundled, is_path
from tracer.training.bundled.examples import example_files

if TYPE_CHECKING:
    from tracer.training.scenario import Scenario


def _name_of_file(path: Path) -> str:
    """The name of the scenario in a file: its stem, or the whole file name if a bundled scenario has that name."""
    return readable(path.name if is_named_like_bundled(path) else path.stem)


def folder_name(scenario: Scenario) -> str:
    """The name of the folder that a scenario's output goes to: its name, in the bytes of its file's name."""
    path = scenario.path
    if path is None:
        return scenario.name
    return next((name for name in (path.stem, path.name) if readable(name) == scenario.name), scenario.name)


@checks_keywords
def load(name_or_path: str | Path) -> Scenario:
    """Load a scenario by its name or alias (see `tracer list`), or by the path of a Python file that defines `scenario`.

    Raises UsageError if there is none. Exceptions raised by the file's own code propagate.

    >>> load("linear-regression").name
    'linear-regression'
    """
    text = str(name_or_path)
    if is_path(name_or_path):
        path = Path(text)
        if path.is_dir():
            raise UsageError(_is_folder(path, text))
        if not path.is_file():
            beside = sorted(each.name for each in path.parent.glob("*.py")) if path.parent.is_dir() else []
            raise UsageError(f"there is no file {text}{near_names(path.name, beside)}")
        return _load_file(path.resolve(), _name_of_file(path.resolve()))
    names = bundled_names()
    name = text.replace("_", "-")
    full_name = SHORT_NAMES.get(name, name)
    if full_name not in names:
        known = [*SHORT_NAMES, *names]
        if text and Path(f"{text}.py").is_file():
            raise UsageError(f"there is no scenario {text!r}; did you mean the file {text}.py?")
        if text and Path(text).is_dir():
            raise UsageError(_is_folder(Path(text), text))
        if Path(text).is_file():
            raise UsageError(f"{text} is neither a program nor a scenario: a Python file (.py) is needed")
        if name in example_files():
            instead = f"`tracer trace --example {text}` runs it, `tracer check --example {text}` checks it"
            raise UsageError(f"{text} is an example, not a scenario: {instead}")
        raise UsageError(f"there is no scenario {text!r}{close_names(text, known)} (or the path of a .py file)")
    return _load_file(bundled_folder() / f"{full_name.replace('-', '_')}.py", name)


def _is_folder(path: Path, text: str) -> str:
    """What is said of a folder in place of a file, with a Python file in it."""
    inside = sorted(each.name for each in path.glob("*.py"))
    instead = path / ("main.py" if "main.py" in inside else inside[0]) if inside else None
    return f"{text} is a folder: name a Python file{f', such as {instead}' if instead is not None else ''}"


def _load_file(path: Path, name: str) -> Scenario:
    from tracer.training.scenario import Scenario  # for commands that only need names, it is slow to import

    if path.suffix != ".py":
        raise UsageError(f"{path.name} is neither a program nor a scenario: a Python file (.py) is needed")
    module = ModuleType(f"tracer_scenario_{path.stem}")
    module.__file__ = str(path)
    source = path.read_bytes()
    if b"\0" in source:
        raise UsageError(f"{path.name} is no scenario: it is no Python text")
    linecache.checkcache(str(path))
    # As with `python mine.py`: modules beside the file can be imported. Dataclasses look up their module in sys.modules.
    sys.modules[module.__name__] = module
    sys.path.insert(0, str(path.parent))
    try:
        exec(compile(source, str(path), "exec"), module.__dict__)
    finally:
        sys.path.remove(str(path.parent))
    scenario = getattr(module, "scenario", None)
    if not isinstance(scenario, Scenario):
        raise UsageError(f"{path.name} is no scenario: {_instead_of_scenario(vars(module))}")
    title = scenario.title or (module.__doc__ or "").strip().partition("\n")[0]
    return dataclasses.replace(scenario, name=name, title=title, path=path)


def _instead_of_scenario(defined: Mapping[str, Any]) -> str:
    """What a file has under the name `scenario`, or its Scenarios under other names."""
    from tracer.training.scenario import Scenario

    others = [name for name, value in defined.items() if isinstance(value, Scenario)]
    if "scenario" in defined:
        found = defined["scenario"]
        kind = f"the class {found.__name__} itself" if isinstance(found, type) else type(found).__name__
        return f"its `scenario` is {kind}, and a tracer.Scenario(...) is needed"
    if others:
        return f"its Scenario is named {others[0]}: the name `scenario` is needed"
    return "it defines no `scenario = tracer.Scenario(...)`"
