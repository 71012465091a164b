"""Records the training steps of a running PyTorch program.

While a program is recorded, PyTorch's global hooks tell of modules and optimizers, and `backward` is wrapped; all is put back when
the recording ends, also when the program raises.
"""

from __future__ import annotations

import functools
import sys
import weakref
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any

import torch
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from tracer.errors import UsageError
from tracer.graph.record import Phase, Trace
from tracer.recording.source import Files
from tracer.torch.building import step_of
from tracer.torch.dispatch import RecordingMode
from tracer.torch.frames import Frames, base_folder
from tracer.torch.names import TensorNames
from tracer.torch.tape import StepTape
from tracer.torch.trace import settings_of, trace_of

VALUES = ("all", "none")


def record(
    *modules: Any, steps: Collection[int] | None = None, values: str = "all", title: str = ""
) -> Run:
    """Record the training steps of a program: a context manager.

    `modules` are models and optimizers, whose names are used; those that the program uses are found anyway. `steps` are the steps
    to record, from 0; by default all. Raises UsageError for an argument that is none of these.
    """
    if values not in VALUES:
        raise UsageError(f"values is one of {', '.join(VALUES)}, not {values!r}")
    run = Run(steps=None if steps is None else frozenset(steps), values=values, title=title)
    for each in modules:
        run.learn(each)
    return run


class Run:
    """A recording. `trace` is what was recorded so far."""

    def __init__(self, *, steps: frozenset[int] | None, values: str, title: str) -> None:
        self._wanted = steps
        self._values = values
        self._title = title
        self._files = Files(base_folder(sys._getframe(2)))
        self._frames = Frames(self._files)
        self._names = TensorNames()
        self._index = 0
        self._tape: StepTape | None = None
        self._steps: list[Any] = []
        self._settings: dict[str, Any] = {}
        self._optimizers: weakref.WeakSet[torch.optim.Optimizer] = weakref.WeakSet()
        self._stepped: set[int] = set()
        self._wrote_parameter = False
        self._undo = ExitStack()
        self._mode: RecordingMode | None = None
        self._is_hidden = 0

    @property
    def trace(self) -> Trace:
        """The trace of the steps that are complete."""
        return trace_of(self._steps, self._title, self._settings)

    def learn(self, given: Any) -> None:
        """Use the names of a model or an optimizer."""
        if isinstance(given, torch.nn.Module):
            self._names.learn_module(given)
        elif isinstance(given, torch.optim.Optimizer):
            self._optimizers.add(given)
        else:
            raise UsageError(f"record() takes models and optimizers, not {type(given).__name__}")

    # Beginning and end.

    def __enter__(self) -> Run:
        undo = self._undo
        for handle in (
            register_module_forward_pre_hook(self._enter_module),
            register_module_forward_hook(self._leave_module, always_call=True),
            register_optimizer_step_pre_hook(self._before_update),
            register_optimizer_step_post_hook(self._after_update),
        ):
            undo.callback(handle.remove)
        _patch(undo, torch.optim.Optimizer, "__init__", self._wrapped_optimizer_init)
        _patch(undo, torch.autograd, "backward", self._wrapped_backward)
        _patch(undo, torch.autograd, "grad", self._wrapped_grad)
        _patch(undo, torch.utils.data.dataloader._BaseDataLoaderIter, "__next__", self._hidden)
        self._mode = RecordingMode(lambda: None if self._is_hidden else self._tape)
        self._start_step()
        undo.enter_context(self._mode)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None) -> None:
        self._undo.close()
        tape = self._tape
        if tape is not None and tape.losses and (kind is None or tape.updates()):
            self._finish_step()  # the last step of a program without an optimizer
        self._frames.release()
        self._tape = None

    def _start_step(self) -> None:
        wanted = self._wanted is None or self._index in self._wanted
        self._tape = StepTape(self._frames, self._names, keep=True) if wanted else None

    def _finish_step(self) -> None:
        """The step is complete: keep it, and begin the next one."""
        tape, self._tape = self._tape, None
        if tape is not None and tape.losses:
            self._steps.append(step_of(tape, self._index, self._files))
        if tape is None or tape.losses:
            self._index += 1
        self._stepped.clear()
        self._start_step()

    # Modules.

    def _enter_module(self, module: torch.nn.Module, _: Any) -> None:
        tape = self._tape
        if tape is None or self._is_hidden:
            return
        if not tape.modules:
            self._names.learn_module(module)
        tape.modules.append(self._names.path_of(module))

    def _leave_module(self, module: torch.nn.Module, _: Any, result: Any) -> None:
        tape = self._tape
        if tape is None or self._is_hidden or not tape.modules:
            return
        path = tape.modules.pop()
        if isinstance(result, torch.Tensor):
            id = tape.memories.operation_of(result)
            if id is not None:
                tape.operations[id].fallback_name = tape.operations[id].fallback_name or f"out({path})"
                tape.learn_output(result, id)
        if not tape.modules:
            tape.last_in_module = len(tape.operations) - 1

    # Updates.

    def _wrapped_optimizer_init(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def init(optimizer: torch.optim.Optimizer, *arguments: Any, **options: Any) -> None:
            original(optimizer, *arguments, **options)
            self._optimizers.add(optimizer)

        return init

    def _before_update(self, optimizer: torch.optim.Optimizer, *_: Any) -> None:
        tape = self._tape
        if tape is not None:
            tape.phase, tape.optimizer = Phase.UPDATE, type(optimizer).__name__
            self._names.learn_state(optimizer)

    def _after_update(self, optimizer: torch.optim.Optimizer, *_: Any) -> None:
        self._optimizers.add(optimizer)
        self._settings = self._settings or settings_of(optimizer)
        tape = self._tape
        if tape is not None:
            tape.optimizer = ""
            self._names.learn_state(optimizer)
            for state in optimizer.state.values():
                for value in state.values():
                    self._name_new_state(tape, value)
        self._stepped.add(id(optimizer))
        if len(self._stepped) >= len(self._optimizers):
            self._finish_step()

    def _name_new_state(self, tape: StepTape, value: Any) -> None:
        if isinstance(value, torch.Tensor):
            found = tape.memories.operation_of(value)
            name = self._names.name_of(value)
            if found is not None and name and not tape.operations[found].is_leaf:
                tape.operations[found].name = name

    # Gradients.

    def _wrapped_backward(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def backward(tensors: Any, *arguments: Any, **options: Any) -> None:
            with self._following(tensors, is_loss=True):
                original(tensors, *arguments, **options)

        return backward

    def _wrapped_grad(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def grad(outputs: Any, *arguments: Any, **options: Any) -> Any:
            with self._following(outputs, is_loss=False):
                return original(outputs, *arguments, **options)

        return grad

    @contextmanager
    def _following(self, roots: Any, *, is_loss: bool) -> Iterator[None]:
        """Follow the gradients of a backward pass that starts from these tensors."""
        if self._ends_step_without_optimizer(is_loss=is_loss):
            self._finish_step()
        tape = self._tape
        if tape is None or self._is_hidden:
            yield
            return
        given = [roots] if isinstance(roots, torch.Tensor) else list(roots)
        before = dict(tape.gradients), tape.phase
        for root in given:
            id = tape.id_of(root)
            tape.learn_output(root, id)
            if is_loss:
                tape.losses.append(id)
        tape.phase = Phase.BACKWARD
        leaves, handles = [], []
        for node in _nodes_behind(given):
            handles.append(node.register_prehook(functools.partial(tape.arrives, node)))
            if hasattr(node, "variable"):
                leaves.append(node.variable)
            else:
                handles.append(node.register_hook(functools.partial(_leave_node, tape, node)))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()
            tape.phase = Phase.UPDATE if is_loss else before[1]
            if is_loss:
                for leaf in leaves:
                    if leaf.grad is not None:
                        tape.gradients[tape.id_of(leaf)] = tape.id_of(leaf.grad)
            else:
                tape.gradients = before[0]  # of something else than the loss

    def _ends_step_without_optimizer(self, *, is_loss: bool) -> bool:
        """Whether a backward pass begins the next step of a program without an optimizer: a parameter was written before it."""
        tape = self._tape
        return is_loss and tape is not None and not self._optimizers and bool(tape.losses) and bool(tape.updates())

    def _hidden(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def hidden(*arguments: Any, **options: Any) -> Any:
            self._is_hidden += 1
            try:
                return original(*arguments, **options)
            finally:
                self._is_hidden -= 1

        return hidden


def _leave_node(tape: StepTape, node: Any, results: Any, _: Any) -> None:
    tape.leaves(node, results)


def _nodes_behind(roots: list[torch.Tensor]) -> list[Any]:
    """The autograd nodes that a backward pass from these tensors visits."""
    seen: dict[Any, None] = {}
    waiting = [root.grad_fn for root in roots if root.grad_fn is not None]
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen[node] = None
            waiting += [following for following, _ in node.next_functions if following is not None]
    return list(seen)


def _patch(undo: ExitStack, owner: Any, name: str, wrap: Callable[[Any], Any]) -> None:
    """Replace an attribute by a wrapped one until `undo` is closed."""
    original = getattr(owner, name)
    setattr(owner, name, wrap(original))
    undo.callback(setattr, owner, name, original)
