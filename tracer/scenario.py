"""A scenario: what is trained on what and how; and the one door through which every scenario file comes in."""

from __future__ import annotations

import dataclasses
import linecache
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from tracer.errors import UsageError, close_names
from tracer.graph import NOTHING
from tracer.optimizers import Optimizer

PACKAGE = Path(__file__).parent
DTYPES = ("float32", "float64")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A program to trace. All functions are plain NumPy; their arguments are matched by name.

    `data(rng, path, dtype)` returns named arrays, `parameters` are initial values by name or a function `parameters(rng)` that
    returns them. `model` takes data and parameters and returns the prediction; `loss` takes the prediction, by any name
    that is neither data nor parameter, and whatever else it needs, and returns one number. A function may ask for any
    setting by name.

    With a `batch_size` the arrays that model and loss take are split along their first axis, in the order of the data
    or, with `shuffle`, in a new order each epoch; the last, smaller batch counts. A run is `steps` long, or `epochs`.
    `metrics` are measured on plain arrays at the end of each epoch; they may ask for all data, the parameters and the
    settings. `settings` are the scenario's own, with defaults. `title` is the first line of the file's docstring unless
    given; `name` and `path` are those of the file.
    """

    data: Callable[..., Mapping[str, Any]]
    parameters: Mapping[str, Any] | Callable[..., Mapping[str, Any]]
    model: Callable[..., Any]
    loss: Callable[..., Any]
    optimizer: Optimizer
    steps: int | None = None
    epochs: int | None = None
    batch_size: int | None = None
    shuffle: bool = False
    dtype: str = "float64"
    metrics: Mapping[str, Callable[..., Any]] = field(default_factory=lambda: NOTHING)
    settings: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    name: str = "scenario"
    title: str = ""
    path: Path | None = None

    def __post_init__(self) -> None:
        for kind in ("data", "model", "loss"):
            if not callable(getattr(self, kind)):
                raise UsageError(f"Scenario: {kind} must be a function, this is {type(getattr(self, kind)).__name__}")
        if isinstance(self.optimizer, type):
            name = self.optimizer.__name__
            raise UsageError(f"Scenario: optimizer must be one such as {name}(learning_rate=0.1), this is the class itself")
        for kind in ("initial_state", "prepare", "update", "hyperparameters", "learning_rate"):
            if not hasattr(self.optimizer, kind):
                raise UsageError(f"Scenario: optimizer must be one such as SGD(learning_rate=0.1), it has no {kind}")
        for name in ("name", "title"):
            if not isinstance(getattr(self, name), str):
                raise UsageError(f"Scenario: {name} must be a text, this is {getattr(self, name)!r}")
        if self.dtype not in DTYPES:
            raise UsageError(f"Scenario: dtype must be float32 or float64, this is {self.dtype!r}")
        for name in ("steps", "epochs", "batch_size"):
            if getattr(self, name) is not None:
                whole_number(f"Scenario: {name}", getattr(self, name))
        if self.steps is not None and self.epochs is not None:
            raise UsageError("Scenario: a run is so many steps or so many epochs long, give one of them")
        if not isinstance(self.metrics, Mapping) or not all(map(callable, self.metrics.values())):
            raise UsageError("Scenario: metrics must be functions by name, in a dict")
        for name in self.metrics:
            if name in ("step", "epoch", "loss"):
                raise UsageError(f"Scenario: {name} is measured in any case, name the metric otherwise")
        taken = {*self._optimizer_settings(), "batch_size", "shuffle", "epochs", "steps", "rng", "path"}
        for name in self.settings:
            if name in taken:
                raise UsageError(f"Scenario: {name} is a setting in any case, name the scenario's own otherwise")

    def _optimizer_settings(self) -> dict[str, Any]:
        optimizer: Any = self.optimizer
        fields = dataclasses.fields(optimizer) if dataclasses.is_dataclass(optimizer) else ()
        return {each.name: getattr(optimizer, each.name) for each in fields}

    def all_settings(self) -> dict[str, Any]:
        """Every setting that can be given, with its default: the optimizer's, the common ones, the scenario's own."""
        common = {"batch_size": self.batch_size, "shuffle": self.shuffle, "epochs": self.epochs}
        return self._optimizer_settings() | common | dict(self.settings)

    def with_settings(self, given: Mapping[str, Any]) -> Scenario:
        """The scenario with other settings; texts are read as the default's type. Raises UsageError for what is wrong."""
        if not isinstance(given, Mapping):
            raise UsageError(f"settings are given as values by name, in a dict, not as {type(given).__name__}")
        known = self.all_settings()
        values = {}
        for name, value in given.items():
            if name not in known:
                raise UsageError(f"{self.name} has no setting {name!r}{close_names(str(name), list(known))}")
            values[name] = _setting(name, value, known[name])
        own = {name: value for name, value in values.items() if name in self.settings}
        common: dict[str, Any] = {name: values[name] for name in ("batch_size", "shuffle", "epochs") if name in values}
        rest = {name: value for name, value in values.items() if name not in own and name not in common}
        optimizer: Any = self.optimizer
        optimizer = dataclasses.replace(optimizer, **rest) if rest else optimizer
        if "epochs" in common:
            common["steps"] = None
        return dataclasses.replace(self, optimizer=optimizer, settings={**self.settings, **own}, **common)


_COUNTS = ("batch_size", "epochs")
_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


def _setting(name: str, value: Any, default: Any) -> Any:
    if name in _COUNTS:
        return whole_number(name, value)
    try:
        if isinstance(default, bool):
            return _WORDS[str(value).lower()]
        if isinstance(default, (int, float)):
            number = float(value)
            if number != number or number in (float("inf"), float("-inf")):
                raise ValueError
            return int(number) if isinstance(default, int) and number == int(number) else number
    except (KeyError, ValueError, TypeError):
        kind = "true or false" if isinstance(default, bool) else "a finite number"
        raise UsageError(f"the setting {name} takes {kind}, this is {value!r}") from None
    return value


def whole_number(name: str, value: Any, least: int = 1) -> int:
    """A whole number from `least` on, from a number or a text.

    >>> whole_number("steps", "12"), whole_number("--seed", 0, least=0)
    (12, 0)
    """
    try:
        number = int(value)
        if number < least or number != float(value):
            raise ValueError
    except (ValueError, TypeError, OverflowError):
        raise UsageError(f"{name} takes a whole number from {least} on, this is {value!r}") from None
    return number


def bundled_folder() -> Path:
    """Where the scenarios of the project lie: inside the installed package, beside it in a checkout."""
    inside = PACKAGE / "scenarios"
    return inside if inside.is_dir() else PACKAGE.parent / "scenarios"


def bundled_names() -> list[str]:
    """The names of the scenarios that come with the project."""
    files = bundled_folder().glob("*.py")
    return sorted(path.stem.replace("_", "-") for path in files if not path.stem.startswith("_"))


def load(name_or_path: str | Path) -> Scenario:
    """A scenario by its name from `tracer list`, or by the path of a Python file that defines `scenario`.

    Raises UsageError where there is none; an exception of the file's own code passes through.

    >>> load("linear-regression").name
    'linear-regression'
    """
    text = str(name_or_path)
    if text.endswith(".py") or "/" in text or "\\" in text or isinstance(name_or_path, Path):
        path = Path(text)
        if path.is_dir():
            raise UsageError(f"{text} is a folder: name the Python file of the scenario")
        if not path.is_file():
            raise UsageError(f"there is no file {text}")
        return _load_file(path.resolve(), path.stem)
    names = bundled_names()
    name = text.replace("_", "-")
    if name not in names:
        raise UsageError(f"there is no scenario {text!r}{close_names(text, names)} (or the path of a .py file)")
    return _load_file(bundled_folder() / f"{name.replace('-', '_')}.py", name)


def _load_file(path: Path, name: str) -> Scenario:
    if path.suffix != ".py":
        raise UsageError(f"{path.name} is no scenario: a Python file (.py) is needed")
    module = ModuleType(f"tracer_scenario_{path.stem}")
    module.__file__ = str(path)
    source = path.read_bytes()
    if b"\0" in source:
        raise UsageError(f"{path.name} is no scenario: it is no Python text")
    linecache.checkcache(str(path))
    # As `python mine.py` does: what lies beside the file can be imported, and dataclasses find their module.
    sys.modules[module.__name__] = module
    sys.path.insert(0, str(path.parent))
    try:
        exec(compile(source, str(path), "exec"), module.__dict__)
    finally:
        sys.path.remove(str(path.parent))
    scenario = getattr(module, "scenario", None)
    if not isinstance(scenario, Scenario):
        raise UsageError(f"{path.name} is no scenario: it defines no `scenario = tracer.Scenario(...)`")
    title = scenario.title or (module.__doc__ or "").strip().partition("\n")[0]
    return dataclasses.replace(scenario, name=name, title=title, path=path)
