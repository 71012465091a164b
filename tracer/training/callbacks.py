"""Early stopping and checkpoints, based on a value monitored from epoch to epoch.

The value is `loss` (the mean loss of the epoch) or a metric, by name; with validation data also `val_loss` and so on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from tracer.arguments import checks_keywords, folded
from tracer.errors import UsageError
from tracer.i18n.message import Message

MODES = ("min", "max")


@dataclass(slots=True)
class Watch:
    """Tracks a value from epoch to epoch: the best so far, and the number of epochs in a row without improvement.

    With mode "min" smaller is better, with "max" larger. `is_best` is True if the last value beats the best before it; an
    improvement beats it by at least `tolerance`. NaN is never better.

    >>> watch = Watch("max")
    >>> [(watch.update(value), watch.is_best, watch.epochs_without_improvement)[1:] for value in (0.5, 0.5, 0.75)]
    [(True, 0), (False, 1), (True, 0)]
    """

    mode: str
    tolerance: float = 0.0
    epochs: int = 0
    epochs_without_improvement: int = 0
    is_best: bool = False
    value: float = field(init=False)
    best: float = field(init=False)
    best_before: float = field(init=False)

    def __post_init__(self) -> None:
        self.value = self.best = self.best_before = math.inf if self.mode == "min" else -math.inf

    def update(self, value: float) -> None:
        """Add the value of an epoch."""
        cost, least_cost = (value, self.best) if self.mode == "min" else (-value, -self.best)
        self.epochs += 1
        self.is_best = cost < least_cost
        is_improvement = self.is_best and cost <= least_cost - self.tolerance
        self.epochs_without_improvement = 0 if is_improvement else self.epochs_without_improvement + 1
        self.value, self.best_before = value, self.best
        self.best = value if self.is_best else self.best


@checks_keywords
@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyStopping:
    """Stop when the monitored value has not improved by `tolerance` for `patience` epochs in a row.

    With mode "min" smaller is better, with "max" larger. The rule is scikit-learn's (`tol` and `n_iter_no_change` of
    SGDClassifier), except that with a tolerance of 0 an equal value is no improvement. Keras' EarlyStopping differs: it compares
    with the last value that improved by more than the tolerance, not with the best so far.
    """

    monitor: str = "loss"
    mode: str = "min"
    tolerance: float = 0.0
    patience: int = 5

    def __post_init__(self) -> None:
        _check_mode(self, self.mode)
        if isinstance(self.monitor, str):
            object.__setattr__(self, "monitor", folded(self.monitor))
        if isinstance(self.tolerance, bool) or not isinstance(self.tolerance, (int, float)) or not self.tolerance >= 0:
            raise UsageError(f"EarlyStopping: tolerance must be a number from 0 on, this is {self.tolerance!r}")
        if isinstance(self.patience, bool) or not isinstance(self.patience, int) or self.patience < 1:
            raise UsageError(f"EarlyStopping: patience must be a whole number from 1 on, this is {self.patience!r}")

    def watch(self) -> Watch:
        """A new watch for the monitored value."""
        return Watch(self.mode, self.tolerance)

    def should_stop(self, watch: Watch) -> bool:
        """True if the run should stop after the last epoch."""
        return watch.epochs_without_improvement >= self.patience

    def reason(self) -> Message:
        """Why the run was stopped.

        >>> str(EarlyStopping(monitor="loss", tolerance=0.001).reason())
        'loss had not improved by 0.001 for 5 epochs in a row'
        """
        if not self.tolerance:
            return Message("not_improved", {"monitor": self.monitor, "patience": self.patience})
        fields = {"monitor": self.monitor, "tolerance": self.tolerance, "patience": self.patience}
        return Message("not_improved_by", fields)


@checks_keywords
@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Save the parameters of the epoch with the best monitored value to a file beside the log.

    With mode "min" smaller is better, with "max" larger; of equal values the first is kept. `file` is a file name without a
    directory, ending in .npz.
    """

    monitor: str
    mode: str
    file: str = "best.npz"

    def __post_init__(self) -> None:
        _check_mode(self, self.mode)
        if isinstance(self.monitor, str):
            object.__setattr__(self, "monitor", folded(self.monitor))
        if "/" in self.file or "\\" in self.file or not self.file.endswith(".npz"):
            raise UsageError(f"Checkpoint: file must be a file name that ends in .npz, this is {self.file!r}")

    def watch(self) -> Watch:
        """A new watch for the monitored value."""
        return Watch(self.mode)

    def message(self, watch: Watch, place: str) -> str:
        """The message at the end of an epoch, as printed by Keras' ModelCheckpoint.

        >>> checkpoint = Checkpoint(monitor="val_accuracy", mode="max")
        >>> watch = checkpoint.watch()
        >>> watch.update(0.5)
        >>> checkpoint.message(watch, "best.npz")
        'Epoch 1: val_accuracy improved from -inf to 0.50000, saving model to best.npz'
        """
        head = f"Epoch {watch.epochs}: {self.monitor}"
        if watch.is_best:
            return f"{head} improved from {watch.best_before:.5f} to {watch.value:.5f}, saving model to {place}"
        return f"{head} did not improve from {watch.best_before:.5f}"


def _check_mode(monitor: EarlyStopping | Checkpoint, mode: str) -> None:
    if mode not in MODES:
        raise UsageError(f"{type(monitor).__name__}: mode must be min or max, this is {mode!r}")
