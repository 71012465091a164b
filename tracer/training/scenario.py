"""A scenario: what is trained on what and how."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import NoneType
from typing import Any

from tracer.arguments import checked_dtype
from tracer.errors import UsageError
from tracer.graph.record import NOTHING
from tracer.nn.optimizers import Optimizer, check_numbers
from tracer.training.callbacks import Checkpoint, EarlyStopping
from tracer.training.report import Report

COMMON_SETTINGS = ("batch_size", "shuffle", "epochs")
"""Settings that every scenario has, beside those of its optimizer."""

STOPPING_SETTINGS = ("tolerance", "patience")
"""Settings of a scenario with a stopping rule."""

MEASURED = ("step", "epoch", "batch", "loss", "epoch_loss", "val_loss")
"""What is measured or counted in any case, and so no name for a metric."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A program to trace. All functions are plain NumPy; their arguments are matched by name.

    `data(rng, path, dtype)` returns named arrays (without it there are none), `parameters` are initial values by name or a
    function `parameters(rng)` that returns them. `model` takes data and parameters and returns the prediction; `loss` takes
    the prediction, by any name that is neither data nor parameter, and whatever else it needs, and returns one number. A
    model may also return several results in a dict, which loss and metrics ask for by name. A function may ask for any
    setting by name.

    `optimizer` makes the update; without one a run is a single step that ends with the gradients. A run is `steps` long, or
    `epochs`, or until `stopping` ends it. With a `batch_size` the arrays that model and loss take, or those named in
    `batched`, are split along their first axis, in the order of the data or, with `shuffle`, in a new order each epoch; the
    last, smaller batch counts.

    `metrics` are functions by name. One that asks for a result of the model is measured on every batch before the update and
    averaged over the epoch; any other is measured on plain arrays at the end of each epoch and may ask for all data. With
    `validation`, as in `{"x": "x_test", "y": "y_test"}`, the loss and the metrics of the first kind are measured at the end
    of each epoch on that data too, and called `val_loss` and so on.

    `checkpoint` says which epoch's parameters are kept in a file, `report` what the program prints. `settings` are the
    scenario's own, with defaults. `title` is the first line of the file's docstring unless given; `name` and `path` are
    those of the file.
    """

    data: Callable[..., Mapping[str, Any]] = field(default=lambda: NOTHING)
    parameters: Mapping[str, Any] | Callable[..., Mapping[str, Any]]
    model: Callable[..., Any]
    loss: Callable[..., Any]
    optimizer: Optimizer | None = None
    steps: int | None = None
    epochs: int | None = None
    batch_size: int | None = None
    batched: Collection[str] | None = None
    shuffle: bool = False
    dtype: str = "float64"
    metrics: Mapping[str, Callable[..., Any]] = field(default_factory=lambda: NOTHING)
    validation: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    stopping: EarlyStopping | None = None
    checkpoint: Checkpoint | None = None
    report: Report = field(default_factory=Report)
    settings: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    name: str = "scenario"
    title: str = ""
    path: Path | None = None

    def __post_init__(self) -> None:
        for kind in ("data", "model", "loss"):
            if not callable(getattr(self, kind)):
                raise UsageError(f"Scenario: {kind} must be a function, this is {type(getattr(self, kind)).__name__}")
        if self.optimizer is not None:
            _check_optimizer(self.optimizer)
        for name, (kinds, words) in _PARTS.items():
            if not isinstance(getattr(self, name), kinds):
                raise UsageError(f"Scenario: {name} must be {words}, this is {getattr(self, name)!r}")
        checked_dtype(self.dtype)
        for name in ("steps", "epochs", "batch_size"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
                raise UsageError(f"Scenario: {name} takes a whole number from 1 on, this is {value!r}")
        if self.steps is not None and self.epochs is not None:
            raise UsageError("Scenario: a run is so many steps or so many epochs long, give one of them")
        if not isinstance(self.metrics, Mapping) or not all(map(callable, self.metrics.values())):
            raise UsageError("Scenario: metrics must be functions by name, in a dict")
        for name in self.metrics:
            if name in MEASURED:
                raise UsageError(f"Scenario: {name} is measured in any case, name the metric otherwise")
        taken = {*self.settings_of_parts(), *COMMON_SETTINGS, "optimizer", "steps", "rng", "path"}
        for name in self.settings:
            if name in taken:
                raise UsageError(f"Scenario: {name} is a setting in any case, name the scenario's own otherwise")

    def settings_of_parts(self) -> dict[str, Any]:
        """The settings of the optimizer and of the stopping rule."""
        optimizer: Any = self.optimizer
        names = [each.name for each in dataclasses.fields(optimizer)] if dataclasses.is_dataclass(optimizer) else []
        found = {name: getattr(optimizer, name) for name in names}
        return found | {name: getattr(self.stopping, name) for name in STOPPING_SETTINGS if self.stopping is not None}


_PARTS: dict[str, tuple[tuple[type, ...], str]] = {
    "name": ((str,), "a text"),
    "title": ((str,), "a text"),
    "shuffle": ((bool,), "True or False"),
    "batched": ((tuple, list, set, frozenset, NoneType), "names of data, in a list"),
    "validation": ((Mapping,), "names of data by the names of arguments, in a dict"),
    "stopping": ((EarlyStopping, NoneType), "an EarlyStopping(...)"),
    "checkpoint": ((Checkpoint, NoneType), "a Checkpoint(...)"),
    "report": ((Report,), "a Report(...)"),
}
"""What kind of thing a part of a scenario has to be."""


def _check_optimizer(optimizer: Any) -> None:
    if isinstance(optimizer, type):
        example = f"{optimizer.__name__}(learning_rate=0.1)"
        raise UsageError(f"Scenario: optimizer must be one such as {example}, this is the class itself")
    for kind in ("initial_state", "prepare", "update", "hyperparameters", "learning_rate"):
        if not hasattr(optimizer, kind):
            raise UsageError(f"Scenario: optimizer must be one such as SGD(learning_rate=0.1), it has no {kind}")
    check_numbers(optimizer)
