"""What watches a measured value from epoch to epoch: when to stop a run, and which parameters to keep.

Watched is `loss`, the mean loss of the epoch, or a metric by its name; `val_loss` and such where there is validation data.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from tracer.errors import UsageError
from tracer.i18n.message import Message

MODES = ("min", "max")


@dataclass(slots=True)
class Watch:
    """Follows a value from epoch to epoch: the best so far, and for how many epochs in a row it was not improved.

    With mode "min" smaller is better, with "max" larger. An improvement betters the best so far, by `tolerance` at least;
    many small improvements count as none. A value that is not a number is never better.

    >>> watch = Watch("max")
    >>> [(watch.see(value), watch.is_best, watch.waited)[1:] for value in (0.5, 0.5, 0.75)]
    [(True, 0), (False, 1), (True, 0)]
    """

    mode: str
    tolerance: float = 0.0
    epochs: int = 0
    waited: int = 0
    is_best: bool = False
    value: float = field(init=False)
    best: float = field(init=False)
    best_before: float = field(init=False)

    def __post_init__(self) -> None:
        self.value = self.best = self.best_before = math.inf if self.mode == "min" else -math.inf

    def see(self, value: float) -> None:
        """Take the value of one more epoch."""
        lower, lowest = (value, self.best) if self.mode == "min" else (-value, -self.best)
        self.epochs += 1
        self.is_best = lower < lowest
        self.waited = 0 if self.is_best and lower <= lowest - self.tolerance else self.waited + 1
        self.value, self.best_before = value, self.best
        self.best = value if self.is_best else self.best


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyStopping:
    """Stop when the monitored value was not improved by `tolerance` for `patience` epochs in a row.

    With mode "min" smaller is better, with "max" larger. The rule is scikit-learn's (`tol` and `n_iter_no_change` of
    SGDClassifier), except that without a tolerance an equal value is no improvement: Keras' EarlyStopping keeps as the best
    only what improved it by more than the tolerance, here the best is always the best so far.
    """

    monitor: str = "loss"
    mode: str = "min"
    tolerance: float = 0.0
    patience: int = 5

    def __post_init__(self) -> None:
        _check_mode(self, self.mode)
        if isinstance(self.tolerance, bool) or not isinstance(self.tolerance, (int, float)) or not self.tolerance >= 0:
            raise UsageError(f"EarlyStopping: tolerance must be a number from 0 on, this is {self.tolerance!r}")
        if isinstance(self.patience, bool) or not isinstance(self.patience, int) or self.patience < 1:
            raise UsageError(f"EarlyStopping: patience must be a whole number from 1 on, this is {self.patience!r}")

    def watch(self) -> Watch:
        """A watch over the monitored value, before the first epoch."""
        return Watch(self.mode, self.tolerance)

    def is_over(self, watch: Watch) -> bool:
        """Whether to stop after what was seen."""
        return watch.waited >= self.patience

    def reason(self) -> Message:
        """Why the run was stopped.

        >>> str(EarlyStopping(monitor="loss", tolerance=0.001).reason())
        'loss had not improved by 0.001 for 5 epochs in a row'
        """
        if not self.tolerance:
            return Message("not_improved", {"monitor": self.monitor, "patience": self.patience})
        fields = {"monitor": self.monitor, "tolerance": self.tolerance, "patience": self.patience}
        return Message("not_improved_by", fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Keep the parameters of the epoch whose monitored value is best, in a file beside the log.

    With mode "min" smaller is better, with "max" larger; the first of equals is kept. `file` is a plain file name.
    """

    monitor: str
    mode: str
    file: str = "best.npz"

    def __post_init__(self) -> None:
        _check_mode(self, self.mode)
        if "/" in self.file or "\\" in self.file or not self.file.endswith(".npz"):
            raise UsageError(f"Checkpoint: file must be a file name that ends in .npz, this is {self.file!r}")

    def watch(self) -> Watch:
        """A watch over the monitored value, before the first epoch."""
        return Watch(self.mode)

    def message(self, watch: Watch, place: str) -> str:
        """What is said at the end of an epoch, in the words of Keras' ModelCheckpoint.

        >>> checkpoint = Checkpoint(monitor="val_accuracy", mode="max")
        >>> watch = checkpoint.watch()
        >>> watch.see(0.5)
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
