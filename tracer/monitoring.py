"""What watches a measured value from epoch to epoch: when to stop a run, and which parameters to keep.

Watched is `loss`, the mean loss of the epoch, or a metric by its name; `val_loss` and such where there is validation data.
A value that is not a number never counts as better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tracer.errors import UsageError

MODES = ("min", "max")


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyStopping:
    """Stop when the monitored value was not better than the best before by more than `tolerance`, `patience` times in a row.

    With mode "min" smaller is better, with "max" larger. The rule is scikit-learn's (`tol` and `n_iter_no_change` of
    SGDClassifier): the best is always the best so far, so that many small improvements count as none.
    """

    monitor: str = "loss"
    mode: str = "min"
    tolerance: float = 0.0
    patience: int = 5

    def __post_init__(self) -> None:
        _check_mode(self, self.mode)
        for name in ("tolerance", "patience"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
                raise UsageError(f"EarlyStopping: {name} must be a number from 0 on, this is {value!r}")

    def is_over(self, values: Sequence[float]) -> bool:
        """Whether to stop after an epoch, given the monitored value of every epoch so far.

        >>> rule = EarlyStopping(tolerance=0.1, patience=2)
        >>> rule.is_over([1.0, 0.5, 0.45]), rule.is_over([1.0, 0.5, 0.45, 0.41]), rule.is_over([1.0, 0.5, 0.45, 0.3])
        (False, True, False)
        """
        waited = 0
        best = float("inf")
        for value in values:
            lower = value if self.mode == "min" else -value
            waited = 0 if lower <= best - self.tolerance else waited + 1
            best = lower if lower < best else best
        return waited >= max(self.patience, 1)

    def reason(self) -> str:
        """Why the run was stopped, in words."""
        by = f" by {self.tolerance:g}" if self.tolerance else ""
        return f"{self.monitor} had not improved{by} for {self.patience} epochs in a row"


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

    def best_before(self, values: Sequence[float]) -> float:
        """The best of all values but the last; infinitely bad where there is none."""
        worst = float("inf") if self.mode == "min" else float("-inf")
        best = worst
        for value in values[:-1]:
            best = value if self._is_better(value, best) else best
        return best

    def is_best(self, values: Sequence[float]) -> bool:
        """Whether the last value is better than all before it.

        >>> checkpoint = Checkpoint(monitor="val_accuracy", mode="max")
        >>> checkpoint.is_best([0.5]), checkpoint.is_best([0.5, 0.5]), checkpoint.is_best([0.5, 0.5, 0.75])
        (True, False, True)
        """
        return self._is_better(values[-1], self.best_before(values))

    def message(self, values: Sequence[float], place: str) -> str:
        """What is said at the end of an epoch, in the words of Keras' ModelCheckpoint.

        >>> Checkpoint(monitor="val_accuracy", mode="max").message([0.5, 0.75], "best.npz")
        'Epoch 2: val_accuracy improved from 0.50000 to 0.75000, saving model to best.npz'
        """
        before, now = self.best_before(values), values[-1]
        head = f"Epoch {len(values)}: {self.monitor}"
        if self._is_better(now, before):
            return f"{head} improved from {before:.5f} to {now:.5f}, saving model to {place}"
        return f"{head} did not improve from {before:.5f}"

    def _is_better(self, value: float, best: float) -> bool:
        return value < best if self.mode == "min" else value > best


def _check_mode(monitor: EarlyStopping | Checkpoint, mode: str) -> None:
    if mode not in MODES:
        raise UsageError(f"{type(monitor).__name__}: mode must be min or max, this is {mode!r}")
