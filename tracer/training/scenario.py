"""A scenario: the definition of a training program."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import NoneType
from typing import Any

from tracer.arguments import checked_dtype, checks_keywords, folded, folded_names
from tracer.errors import UsageError, close_names
from tracer.graph.losses import LOSS_SUFFIX
from tracer.graph.record import EMPTY
from tracer.nn.optimizers import Optimizer, check_numbers
from tracer.nn.optimizers.clipping import Clipping
from tracer.training.callbacks import Checkpoint, EarlyStopping
from tracer.training.report import Report

COMMON_SETTINGS = ("batch_size", "shuffle", "epochs", "accumulate")
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
    generator of the step, such as for dropout, and `training`, which is False where validation data is measured. `buffers` are
    state that the model keeps, such as a running mean, given like parameters: what it writes into them in a step is there in the
    next one.

    `optimizer` updates the parameters; without one, a run is a single step that ends with the gradients. The length of a run is
    `steps` or `epochs`; `stopping` may end it early. With a `batch_size`, the arrays that model and loss take, or those named in
    `batched`, are split along their first axis, in the order of the data or, with `shuffle`, in a new random order each epoch.
    The last batch of an epoch may be smaller.

    `loss` may also be several functions by name, as for a GAN: `{"d": ..., "g": ...}`, with an optimizer and a group of
    parameters for each name. All losses are computed at the same parameters, then for each the gradients with respect to the
    parameters of its group, then all updates. They are measured as `d_loss` and `g_loss`; `loss` is the first.

    `frozen` names parameters that are not trained: they get no gradient and no update. `groups` names the parameters of every
    optimizer, if `optimizer` is a dict of several. A name there stands for a parameter, or for all that it holds: `layers[0]`.
    `clip`, such as ClipNorm(1.0) or ClipValue(0.5), limits the gradients before the update. With `accumulate`, the gradients of
    so many batches are added up, and the parameters are updated after the last of them, as in a PyTorch loop that calls
    `backward()` for every batch and `optimizer.step()` for every so many; what an epoch leaves over is carried into the next.

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
    buffers: Mapping[str, Any] | Callable[..., Mapping[str, Any]] = field(default_factory=lambda: EMPTY)
    model: Callable[..., Any]
    loss: Callable[..., Any] | Mapping[str, Callable[..., Any]]
    optimizer: Optimizer | Mapping[str, Optimizer] | None = None
    groups: Mapping[str, Collection[str]] = field(default_factory=lambda: EMPTY)
    frozen: Collection[str] = ()
    clip: Clipping | None = None
    accumulate: int | None = None
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
            may_be_mapping = kind in ("data", "loss")
            if not callable(getattr(self, kind)) and not (may_be_mapping and isinstance(getattr(self, kind), Mapping)):
                given = type(getattr(self, kind)).__name__
                raise UsageError(f"Scenario: {kind} must be a function, this is {given}: give its name without (), or a lambda")
        for name, (types, description) in _FIELD_TYPES.items():
            if not isinstance(getattr(self, name), types):
                raise UsageError(f"Scenario: {name} must be {description}, this is {getattr(self, name)!r}")
        self._check_optimizers()
        _check_names_of_parameters(self)
        checked_dtype(self.dtype)
        for name in ("steps", "epochs", "batch_size", "accumulate"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
                raise UsageError(f"Scenario: {name} takes a whole number from 1 on, this is {value!r}")
        if self.steps is not None and self.epochs is not None:
            raise UsageError("Scenario: a run is so many steps or so many epochs long, give one of them")
        if not isinstance(self.metrics, Mapping) or not all(map(callable, self.metrics.values())):
            raise UsageError("Scenario: metrics must be functions by name, in a dict")
        for name in self.metrics:
            if name in RESERVED_METRICS or name in self.losses:
                raise UsageError(f"Scenario: {name} is measured in any case, name the metric otherwise")
        taken = {*self.component_settings(), *COMMON_SETTINGS, "optimizer", "steps", "rng", "training", "path"}
        for name in self.settings:
            if name in taken:
                raise UsageError(f"Scenario: {name} is a setting in any case, name the scenario's own otherwise")

    def _fold_names(self) -> None:
        """Write names as Python reads them: functions take them as arguments."""
        for name in ("data", "parameters", "buffers", "loss", "metrics", "validation", "settings"):
            given = getattr(self, name)
            if isinstance(given, Mapping):
                object.__setattr__(self, name, folded_names(given, f"Scenario: {name}"))
        if isinstance(self.validation, Mapping):
            pairs = {name: folded(other) if isinstance(other, str) else other for name, other in self.validation.items()}
            object.__setattr__(self, "validation", pairs)
        if isinstance(self.batched, (tuple, list, set, frozenset)):
            names = tuple(folded(name) if isinstance(name, str) else name for name in self.batched)
            object.__setattr__(self, "batched", names)

        if isinstance(self.frozen, (str, tuple, list, set, frozenset)):
            object.__setattr__(self, "frozen", _names(self.frozen))
        if isinstance(self.groups, Mapping):
            groups = {key: _names(names) for key, names in folded_names(self.groups, "Scenario: groups").items()}
            object.__setattr__(self, "groups", groups)
        if isinstance(self.optimizer, Mapping):
            object.__setattr__(self, "optimizer", folded_names(self.optimizer, "Scenario: optimizer"))

    def _check_optimizers(self) -> None:
        """Raise UsageError unless there is an optimizer for every group and a group for every optimizer."""
        for optimizer in self.optimizers.values():
            _check_optimizer(optimizer)
        if isinstance(self.loss, Mapping):
            _check_losses(self)
            if self.optimizer is None:
                return
        if not isinstance(self.optimizer, Mapping):
            if self.groups:
                keys = ", ".join(f"{key!r}: SGD(0.1)" for key in self.groups)
                raise UsageError(f"Scenario: groups need an optimizer each: optimizer={{{keys}}}")
            return
        for key in self.optimizer:
            if not isinstance(key, str) or not key.isidentifier():
                raise UsageError(f"Scenario: optimizer has the name {key!r}, which is no name as in Python")
        if not self.optimizer:
            raise UsageError("Scenario: optimizer must have an optimizer for every group, this is an empty dict")
        for key in self.groups or ():
            if key not in self.optimizer:
                hint = close_names(str(key), list(self.optimizer))
                raise UsageError(f"Scenario: the group {key!r} has no optimizer{hint}")
        for key in self.optimizer:
            if self.groups and key not in self.groups:
                raise UsageError(f"Scenario: the optimizer {key!r} has no group{close_names(key, list(map(str, self.groups)))}")

    @property
    def optimizers(self) -> dict[str, Optimizer]:
        """The optimizers by the names of their groups; the only one without groups under the empty name."""
        if isinstance(self.optimizer, Mapping):
            return dict(self.optimizer)
        return {} if self.optimizer is None else {"": self.optimizer}

    @property
    def losses(self) -> dict[str, Callable[..., Any]]:
        """The loss functions by their names in the record: `loss`, or of several `d_loss` for the one under `d`."""
        if isinstance(self.loss, Mapping):
            return {loss_name(key): function for key, function in self.loss.items()}
        return {"loss": self.loss}

    def component_settings(self) -> dict[str, Any]:
        """The settings of the optimizers, of clipping and of early stopping."""
        of_optimizers = {
            name_in_group(key, name): value for key, each in self.optimizers.items() for name, value in numbers_of(each).items()
        }
        stopping = {name: getattr(self.stopping, name) for name in STOPPING_SETTINGS if self.stopping is not None}
        return of_optimizers | numbers_of(self.clip) | stopping


def loss_name(key: str) -> str:
    """The name of one of several losses.

    >>> loss_name("d")
    'd_loss'
    """
    return f"{key}{LOSS_SUFFIX}"


def name_in_group(group: str, name: str) -> str:
    """The name of a setting or hyperparameter of a group.

    >>> name_in_group("d", "learning_rate"), name_in_group("", "learning_rate")
    ('d.learning_rate', 'learning_rate')
    """
    return f"{group}.{name}" if group else name


def numbers_of(part: Any) -> dict[str, Any]:
    """The fields of an optimizer or of clipping by name; none if it is no dataclass."""
    return {each.name: getattr(part, each.name) for each in dataclasses.fields(part)} if dataclasses.is_dataclass(part) else {}


def _check_losses(scenario: Scenario) -> None:
    """Raise UsageError unless several losses are functions by name, and have an optimizer each."""
    losses: Any = scenario.loss
    for key, function in losses.items():
        if not isinstance(key, str) or not key.isidentifier():
            raise UsageError(f"Scenario: loss has the name {key!r}, which is no name as in Python")
        if not callable(function):
            raise UsageError(f"Scenario: the loss {key!r} must be a function, this is {function!r}")
    if not losses:
        raise UsageError("Scenario: loss must be a function, or several by name, this is an empty dict")
    optimizers = scenario.optimizer
    if optimizers is not None and (not isinstance(optimizers, Mapping) or set(optimizers) != set(losses)):
        keys = ", ".join(f"{key!r}: SGD(0.1)" for key in losses)
        raise UsageError(f"Scenario: the losses {' and '.join(losses)} need an optimizer each: optimizer={{{keys}}}")


def _check_names_of_parameters(scenario: Scenario) -> None:
    """Raise UsageError unless `frozen` and `groups` hold names, and `clip` can clip."""
    lists = {"frozen": scenario.frozen, **{f"the group {key!r}": names for key, names in scenario.groups.items()}}
    for what, names in lists.items():
        if not isinstance(names, tuple) or not all(isinstance(each, str) and each for each in names):
            raise UsageError(f"Scenario: {what} must be names of parameters, in a tuple or list, this is {names!r}")
    clip: Any = scenario.clip
    if clip is not None and (isinstance(clip, type) or not all(hasattr(clip, each) for each in ("prepare", "clip"))):
        raise UsageError(f"Scenario: clip must be one such as ClipNorm(1.0) or ClipValue(0.5), this is {clip!r}")


def _names(given: Any) -> Any:
    """Names as Python reads them, in a tuple; one alone may be given as a text."""
    if isinstance(given, str):
        return (folded(given),)
    if isinstance(given, (tuple, list, set, frozenset)):
        return tuple(folded(each) if isinstance(each, str) else each for each in given)
    return given


_FIELD_TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    "name": ((str,), "a text"),
    "title": ((str,), "a text"),
    "shuffle": ((bool,), "True or False"),
    "batched": ((tuple, list, set, frozenset, NoneType), "names of data, in a list"),
    "validation": ((Mapping,), "names of data by the names of arguments, in a dict"),
    "stopping": ((EarlyStopping, NoneType), "an EarlyStopping(...)"),
    "checkpoint": ((Checkpoint, NoneType), "a Checkpoint(...)"),
    "report": ((Report,), "a Report(...)"),
    "frozen": ((tuple,), "names of parameters, in a tuple or list"),
    "groups": ((Mapping,), "names of parameters by the names of their optimizers, in a dict"),
}
"""The types of fields, and their description in messages."""


def _check_optimizer(optimizer: Any) -> None:
    """Raise UsageError unless a value is an optimizer."""
    if isinstance(optimizer, type):
        example = f"{optimizer.__name__}(learning_rate=0.1)"
        raise UsageError(f"Scenario: optimizer must be one such as {example}, this is the class itself")
    for kind in ("initial_state", "prepare", "update", "hyperparameters", "learning_rate"):
        if not hasattr(optimizer, kind):
            raise UsageError(f"Scenario: optimizer must be one such as SGD(learning_rate=0.1), it has no {kind}")
    check_numbers(optimizer)
