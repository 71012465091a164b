"""Follows a program of Keras: its optimizers, and the steps of `fit` with their data and metrics."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from types import ModuleType
from typing import Any

import torch

from tracer.torch.frames import Frames
from tracer.torch.keras.optimizers import KerasOptimizers
from tracer.torch.names import TensorNames
from tracer.torch.snapshots import unseen
from tracer.torch.steps.progress import Progress
from tracer.torch.switching import patch
from tracer.torch.updating import Updates


class KerasTraining:
    """What a recording learns of Keras. Called with the module when the program has imported it."""

    def __init__(self, undo: ExitStack, names: TensorNames, frames: Frames, progress: Progress, updates: Updates) -> None:
        self._undo = undo
        self._names = names
        self._frames = frames
        self._progress = progress
        self._updates = updates
        self._optimizers = KerasOptimizers()

    def __call__(self, keras: ModuleType) -> None:
        if keras.backend.backend() != "torch":
            return
        for owner, name, wrap in (
            (keras.optimizers.Optimizer, "__init__", self._wrapped_init),
            (keras.optimizers.Optimizer, "apply", self._wrapped_apply),
            (keras.Model, "train_step", self._wrapped_step),
            (keras.Model, "fit", self._wrapped_call),
            (keras.Model, "train_on_batch", self._wrapped_call),
        ):
            patch(self._undo, next(each for each in owner.__mro__ if name in vars(each)), name, wrap)

    def _wrapped_init(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def init(optimizer: Any, *arguments: Any, **options: Any) -> None:
            original(optimizer, *arguments, **options)
            self._progress.optimizers.add(self._optimizers.of(optimizer))

        return init

    def _wrapped_apply(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def apply(optimizer: Any, *arguments: Any, **options: Any) -> Any:
            known = self._optimizers.of(optimizer)
            self._updates.before(known)
            found = original(optimizer, *arguments, **options)
            self._updates.after(known)
            return found

        return apply

    def _wrapped_step(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """A step of `fit`: its metrics are known after the update."""

        @functools.wraps(original)
        def train_step(model: Any, data: Any) -> Any:
            for name, tensor in _batch(data):
                self._names.learn_data(tensor, name)
            with self._updates.held():
                found = original(model, data)
                self._updates.metrics = dict(_numbers(found))
            return found

        return train_step

    def _wrapped_call(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """What runs inside of such a call is not what a statement like `history = model.fit(x, y)` assigns."""

        @functools.wraps(original)
        def call(*arguments: Any, **options: Any) -> Any:
            self._frames.without_names.add(self._frames.place(1))
            return original(*arguments, **options)

        return call


def _batch(data: Any) -> Iterator[tuple[str, torch.Tensor]]:
    """The tensors of a batch as Keras hands it to a step: inputs, labels, weights of samples."""
    given = data if isinstance(data, (tuple, list)) else (data,)
    for name, value in zip(("x", "y", "sample_weight"), given, strict=False):
        if isinstance(value, torch.Tensor):
            yield name, value
        elif isinstance(value, (tuple, list)):
            yield from ((f"{name}[{k}]", each) for k, each in enumerate(value) if isinstance(each, torch.Tensor))
        elif isinstance(value, Mapping):
            yield from ((str(key), each) for key, each in value.items() if isinstance(each, torch.Tensor))


def _numbers(logs: Any) -> Iterator[tuple[str, float]]:
    """The metrics of a step but for the loss, which Keras gives as the mean of the epoch so far."""
    for name, value in logs.items() if isinstance(logs, Mapping) else ():
        with unseen():
            number = value.item() if isinstance(value, torch.Tensor) and value.numel() == 1 else value
        if name != "loss" and isinstance(number, (int, float)):
            yield str(name), float(number)
