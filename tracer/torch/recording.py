"""Records the training steps of a running PyTorch program.

While a program is recorded, PyTorch's global hooks tell of modules and optimizers, and `backward` is wrapped; all is put back
when the recording ends, also when the program raises.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import torch
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from tracer.errors import UsageError
from tracer.graph.record import Step, Trace
from tracer.graph.structures.garbage_collection import FewerCollections
from tracer.i18n.message import Message
from tracer.recording.function import tell_of_opening
from tracer.recording.source import Files
from tracer.store.retention import BUDGET
from tracer.store.writing import TraceWriter
from tracer.torch.dispatch import RecordingMode
from tracer.torch.following import followed, hooked, learn_leaves, leaves_of, nodes_behind
from tracer.torch.frames import Frames, base_folder
from tracer.torch.identity import has_memory
from tracer.torch.keras.imports import when_imported
from tracer.torch.keras.training import KerasTraining
from tracer.torch.names import TensorNames
from tracer.torch.steps.calls import KnownCalls
from tracer.torch.steps.kept import Heading, Kept
from tracer.torch.steps.progress import Progress
from tracer.torch.steps.retention import Retention
from tracer.torch.switching import Switch, patch
from tracer.torch.tape import StepTape
from tracer.torch.transforms import Transforms
from tracer.torch.updating import Updates

OBJECTS = 20
"""So many times as many objects as without a record are made in a recorded step."""

_running: list[Run] = []


def record(
    *modules: Any,
    steps: Collection[int] | None = None,
    values: str = "",
    budget: int = BUDGET,
    file: str | Path | None = None,
    title: str = "",
    stops: bool = False,
    complete: Callable[[Trace], Trace] = lambda trace: trace,
    verdict: Callable[[Step], Callable[[], Message | None]] | None = None,
) -> Run:
    """Record the training steps of a program: a context manager.

    `modules` are models and optimizers, whose names are used; those that the program uses are found anyway. `steps` are the steps
    to record, from 0; by default all. `values` are those of `all` steps, of a sample (`sampled`), only their statistics
    (`summary`), only shapes (`structure`), or nothing is recorded (`none`); by default all until `budget` bytes are used up, then
    those of a sample. With a `file`, each step is written to it when it is complete, and not kept in memory. With `stops`, the
    program is ended by an EnoughError after the last of `steps`. `complete` adds what others know to the heading of the trace,
    `verdict` is given the first step and returns what is called for the verdict of the file when the recording has ended.
    Raises UsageError for an argument that is none of these.
    """
    files = Files(base_folder(sys._getframe(1)))
    heading = Heading(title, None if steps is None else len(frozenset(steps)), complete, verdict)
    kept = Kept(Retention(values, budget), heading, file, files)
    run = Run(kept, files, steps=frozenset() if values == "none" else steps, stops=stops)
    for each in modules:
        run.learn(each)
    return run


class Run:
    """A recording. `trace` is what was recorded so far."""

    def __init__(self, kept: Kept, files: Files, *, steps: Collection[int] | None, stops: bool = False) -> None:
        self._kept = kept
        self._frames = Frames(files)
        self._names, self._known_calls = TensorNames(), KnownCalls()
        self._progress = Progress(steps, self._new_tape, self._keep, stops=stops)
        self._undo = ExitStack()
        self._is_hidden = self._thread = 0
        self._updates = Updates(kept, self._names, self._progress, lambda: self._tape, self._is_of_the_thread, self._set_switch)
        self._transforms = Transforms(
            self._names, self._progress, lambda: not self._is_hidden and self._is_of_the_thread(), self._set_switch
        )

    @property
    def trace(self) -> Trace:
        """The trace of the steps that are complete. Raises UsageError if the file could not be written."""
        return self._kept.trace

    @property
    def has_trained(self) -> bool:
        """Whether a backward pass has run."""
        tape = self._progress.tape
        return not self._kept.is_empty or (tape is not None and bool(tape.passes))

    @property
    def writer(self) -> TraceWriter | None:
        """What has written the file; None without a file, and before the first step."""
        return self._kept.writer

    def learn(self, given: Any) -> None:
        """Use the names of a model or an optimizer."""
        if isinstance(given, torch.nn.Module):
            self._names.learn_module(given)
        elif isinstance(given, torch.optim.Optimizer):
            self._progress.optimizers.add(given)
        else:
            raise UsageError(f"record() takes models and optimizers, not {type(given).__name__}")

    # Beginning and end.

    def __enter__(self) -> Run:
        tell_of_opening("tracer.torch.record()")
        if _running:
            raise UsageError("a recording is running already: a program is recorded once, so leave out the inner record()")
        if self._kept.retention.choice == "none":
            return self
        undo = self._undo
        self._thread = threading.get_ident()
        _running.append(self)
        undo.callback(_running.clear)
        for handle in (
            register_optimizer_step_pre_hook(self._updates.before),
            register_optimizer_step_post_hook(self._updates.after),
        ):
            undo.callback(handle.remove)
        patch(undo, torch.optim.Optimizer, "__init__", self._updates.wrapped_init)
        patch(undo, torch.autograd, "backward", self._wrapped_backward)
        patch(undo, torch.autograd, "grad", self._wrapped_grad)
        patch(undo, torch.utils.data.dataloader._BaseDataLoaderIter, "__next__", self._hidden)
        for name in ("numpy", "__dlpack__"):
            patch(undo, torch.Tensor, name, self._shared)
        patch(undo, torch.UntypedStorage, "resize_", self._resized)
        self._transforms.follow(undo)
        when_imported(undo, KerasTraining(undo, self._names, self._frames, self._progress, self._updates))
        undo.enter_context(torch.compiler.set_stance("force_eager"))  # compiled functions run operation by operation
        progress = self._progress
        progress.start()
        mode = RecordingMode(lambda: progress.tape, progress.use_parameter, lambda: bool(self._is_hidden))
        self._switch = Switch(mode, self._set_for_recorded_steps)
        undo.callback(self._switch.set, False)
        self._set_switch()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None) -> None:
        self._undo.close()
        tape = self._progress.tape
        if tape is not None and tape.passes and (kind is None or tape.leaves_of_step.updates()):
            self._progress.finish()  # the last step of a program without an optimizer
        self._frames.release()
        self._progress.tape = None
        self._kept.end(error)

    def _new_tape(self, _: int) -> StepTape:
        return StepTape(self._frames, self._names, self._known_calls, keep=not self._kept.retention.keeps_nothing)

    def _keep(self, tape: StepTape, index: int) -> None:
        self._names.forget_freed()
        metrics, self._updates.metrics = self._updates.metrics, {}
        self._kept.add(tape, index, metrics)

    @property
    def _tape(self) -> StepTape | None:
        """The tape of the running step; None if nothing is to be recorded now."""
        return None if self._is_hidden or not self._is_of_the_thread() else self._progress.tape

    def _is_of_the_thread(self) -> bool:
        return threading.get_ident() == self._thread

    def _set_switch(self) -> None:
        """Record while there is a tape."""
        self._switch.set(self._progress.tape is not None)

    # Modules.

    def _set_for_recorded_steps(self) -> Iterator[Any]:
        """Set hooks on all modules: while there are any, PyTorch calls every module in a slower way."""
        yield FewerCollections(objects=OBJECTS)
        yield register_module_forward_pre_hook(self._enter_module)
        yield register_module_forward_hook(self._leave_module, always_call=True)

    def _enter_module(self, module: torch.nn.Module, _: Any) -> None:
        tape = self._tape
        if tape is None:
            return
        if not tape.modules:
            self._names.learn_module(module)
            for buffer in module.buffers():
                tape.leaves_of_step.begin(buffer)
        tape.modules.append(self._names.path_of(module))

    def _leave_module(self, module: torch.nn.Module, _: Any, result: Any) -> None:
        tape = self._tape
        if tape is None or not tape.modules:
            return
        path = tape.modules.pop()
        if isinstance(result, torch.Tensor) and has_memory(result):
            id = tape.memories.operation_of(result)
            if id is not None:
                tape.operations[id].fallback_name = tape.operations[id].fallback_name or f"out({path})"
                tape.learn_output(result, id)
        if not tape.modules:
            tape.last_in_module = len(tape.operations) - 1

    # Gradients.

    def _wrapped_backward(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def backward(tensors: Any, *arguments: Any, **options: Any) -> None:
            seeds = arguments[0] if arguments else options.get("grad_tensors")
            with self._following(tensors, seeds, is_loss=True, is_kept=False):
                original(tensors, *arguments, **options)

        return backward

    def _wrapped_grad(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def grad(outputs: Any, inputs: Any, grad_outputs: Any = None, *arguments: Any, **options: Any) -> Any:
            is_kept = bool(options.get("create_graph", arguments[1] if len(arguments) > 1 else False))
            is_kept = is_kept and not self._transforms.is_outermost
            with self._following(outputs, grad_outputs, is_loss=False, is_kept=is_kept):
                found = original(outputs, inputs, grad_outputs, *arguments, **options)
                tape = self._tape
                if tape is not None and not is_kept:
                    given = [inputs] if isinstance(inputs, torch.Tensor) else list(inputs)
                    for of, gradient in zip(given, found, strict=False):
                        if isinstance(of, torch.Tensor) and gradient is not None and has_memory(of) and has_memory(gradient):
                            tape.learn_gradient(tape.id_of(of), tape.id_of(gradient))
            return found

        return grad

    @contextmanager
    def _following(self, roots: Any, seeds: Any, *, is_loss: bool, is_kept: bool) -> Iterator[None]:
        """Follow the gradients of a backward pass that starts from these tensors."""
        tape = self._tape
        given = [roots] if isinstance(roots, torch.Tensor) else list(roots)
        if tape is None or not all(isinstance(each, torch.Tensor) and has_memory(each) for each in given):
            yield
            if is_loss and not self._is_hidden and self._is_of_the_thread():
                self._progress.count_backward()
                self._set_switch()
            return
        gradients = [seeds] * len(given) if seeds is None else [seeds] if isinstance(seeds, torch.Tensor) else list(seeds)
        self._updates.depth += 1
        try:
            if self._updates.depth > 1:  # a backward pass inside of another one: a part of it
                nodes = nodes_behind(given)
                with hooked(tape, nodes):
                    yield
                learn_leaves(tape, leaves_of(nodes))
            else:
                is_again = bool(tape.optimizer) and any(each.group == tape.passes.updates for each in tape.passes.all)
                with followed(tape, given, gradients, is_loss=is_loss and not is_again, is_kept=is_kept or is_again):
                    yield
        finally:
            self._updates.depth -= 1
        self._updates.finish_if_due()

    # What is not part of a step, and what is not seen.

    def _hidden(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def hidden(*arguments: Any, **options: Any) -> Any:
            self._is_hidden += 1
            try:
                return original(*arguments, **options)
            finally:
                self._is_hidden -= 1

        return hidden

    def _shared(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """Memory is given to NumPy, which may write into it unseen: what was recorded of it is copied first."""

        @functools.wraps(original)
        def shared(tensor: torch.Tensor, *arguments: Any, **options: Any) -> Any:
            tape = self._progress.tape
            if tape is not None and has_memory(tensor):
                tape.snapshots.before_write(tensor)
            return original(tensor, *arguments, **options)

        return shared

    def _resized(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """Memory is given back while tensors still refer to it, as sharded parameters do: what was recorded of it is copied."""

        @functools.wraps(original)
        def resized(storage: torch.UntypedStorage, size: int) -> Any:
            tape = self._progress.tape
            if tape is not None and size < storage.nbytes():
                tape.release(storage)
            return original(storage, size)

        return resized
