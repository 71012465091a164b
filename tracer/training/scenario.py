"""A scenario: the definition of a training program."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import NoneType
from typing import Any

from tracer.arguments import checked_dtype, checks_keywords, folded, folded_names
from tracer.errors import UsageError
from tracer.graph.record import EMPTY
from tracer.nn.optimizers import Optimizer, check_numbers
from tracer.training.callbacks import Checkpoint, EarlyStopping
from tracer.training.report import Report

COMMON_SETTINGS = ("batch_size", "shuffle", "epochs")
"""Settings of every scenario, in addition to those of its optimizer."""

STOPPING_SETTINGS = ("tolerance", "patience")
"""Settings of a scenario with early stopping."""

RESERVED_METRICS = ("step", "epoch", "batch", "loss", "epoch_loss", "val_loss")
"""Names that a metric cannot have."""


@checks_keywords
@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A training program. All functions are written in plain NumPy; their arguments are matched by name.

    `data(rng, path, dtype)` returns arrays by name, or is that dict. `parameters` are initial values by name, or a function
    `parameters(rng)` that returns them; they may be nested in dicts, lists, tuples and objects, and their names are then paths
    (`layers[0].W`). `model` takes data and parameters and returns the prediction. `loss` takes the prediction, under any name
    that is neither data nor a parameter, and returns a scalar. A model may also return several results, in a dict, a tuple or
    a list; loss and metrics take them by name. Every function may take settings as arguments, and model and loss `rng`, a random
    generator of the step, such as for dropout, and `training`, which is False where validation data is measured.

    `optimizer` updates the parameters; without one, a run is a single step that ends with the gradients. The length of a run is
    `steps` or `epochs`; `stopping` may end it early. With a `batch_size`, the arrays that model and loss take, or those named in
    `batched`, are split along their first axis, in the order of the data or, with `shuffle`, in a new random order each epoch.
    The last batch of an epoch may be smaller.

    `metrics` are functions by name. A metric that takes a result of the model is measured on every batch before the update, and
    averaged over the epoch. Any other is measured at the end of each epoch and may take all data. With `validation`, such as
    `{"x": "x_test", "y": "y_test"}`, the loss and the metrics of the first kind are also measured on that data at the end of
    each epoch, as `val_loss` and so on.

    `checkpoint` selects the epoch whose parameters are saved, `report` defines the printed text. `settings` are the scenario's
    own settings with defaults. `title` defaults to the first line of the file's docstring; `name` and `path` are set from the
    file. `dtype` is float32 or float64. Raises UsageError if a field is invalid.
    """

    data: Mapping[str, Any] | Callable[..., Mapping[str, Any]] = field(default=lambda: EMPTY)
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
    metrics: Mapping[str, Callable[..., Any]] = field(default_factory=lambda: EMPTY)
    validation: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    stopping: EarlyStopping | None = None
    checkpoint: Checkpoint | None = None
    report: Report = field(default_factory=Report)
    settings: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    name: str = "scenario"
    title: str = ""
    path: Path | None = None

    def __post_init__(self) -> None:
        self._fold_names()
        for kind in ("data", "model", "loss"):
            if not callable(getattr(self, kind)) and not (kind == "data" and isinstance(self.data, Mapping)):
                given = type(getattr(self, kind)).__name__
                raise UsageError(f"Scenario: {kind} must be a function, this is {given}: give its name without (), or a lambda")
        if self.optimizer is not None:
            _check_optimizer(self.optimizer)
        for name, (types, description) in _FIELD_TYPES.items():
            if not isinstance(getattr(self, name), types):
                raise UsageError(f"Scenario: {name} must be {description}, this is {getattr(self, name)!r}")
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
            if name in RESERVED_METRICS:
                raise UsageError(f"Scenario: {name} is measured in any case, name the metric otherwise")
        taken = {*self.component_settings(), *COMMON_SETTINGS, "optimizer", "steps", "rng", "training", "path"}
        for name in self.settings:
            if name in taken:
                raise UsageError(f"Scenario: {name} is a setting in any case, name the scenario's own otherwise")

    def _fold_names(self) -> None:
        """Write names as Python reads them: functions take them as arguments."""
        for name in ("data", "parameters", "metrics", "validation", "settings"):
            given = getattr(self, name)
            if isinstance(given, Mapping):
                object.__setattr__(self, name, folded_names(given, f"Scenario: {name}"))
        if isinstance(self.validation, Mapping):
            pairs = {name: folded(other) if isinstance(other, str) else other for name, other in self.validation.items()}
            object.__setattr__(self, "validation", pairs)
        if isinstance(self.batched, (tuple, list, set, frozenset)):
            names = tuple(folded(name) if isinstance(name, str) else name for name in self.batched)
            object.__setattr__(self, "batched", names)

    def component_settings(self) -> dict[str, Any]:
        """The settings of the optimizer and of early stopping."""
        optimizer: Any = self.optimizer
        names = [each.name for each in dataclasses.fields(optimizer)] if dataclasses.is_dataclass(optimizer) else []
        of_optimizer = {name: getattr(optimizer, name) for name in names}
        return of_optimizer | {name: getattr(self.stopping, name) for name in STOPPING_SETTINGS if self.stopping is not None}


_FIELD_TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    "name": ((str,), "a text"),
    "title": ((str,), "a text"),
    "shuffle": ((bool,), "True or False"),
    "batched": ((tuple, list, set, frozenset, NoneType), "names of data, in a list"),
    "validation": ((Mapping,), "names of data by the names of arguments, in a dict"),
    "stopping": ((EarlyStopping, NoneType), "an EarlyStopping(...)"),
    "checkpoint": ((Checkpoint, NoneType), "a Checkpoint(...)"),
    "report": ((Report,), "a Report(...)"),
}
"""The types of fields, and their description in messages."""


def _check_optimizer(optimizer: Any) -> None:
    if isinstance(optimizer, type):
        example = f"{optimizer.__name__}(learning_rate=0.1)"
        raise UsageError(f"Scenario: optimizer must be one such as {example}, this is the class itself")
    for kind in ("initial_state", "prepare", "update", "hyperparameters", "learning_rate"):
        if not hasattr(optimizer, kind):
            raise UsageError(f"Scenario: optimizer must be one such as SGD(learning_rate=0.1), it has no {kind}")
    check_numbers(optimizer)
