"""The packages that compute operations of other frameworks, found by the namespace of an operation's name."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np

from tracer.errors import UsageError
from tracer.graph.record import Node
from tracer.version import page


class Computing(Protocol):
    """What the module of an adapter provides."""

    def fingerprint(self) -> str:
        """A digest of how the framework rounds on this machine."""
        ...

    def compute(self, node: Node, nodes: Sequence[Node]) -> np.ndarray | None:
        """The value of a node, from the recorded values of its inputs; None for what no inputs determine.

        Raises LookupError for an operation that is not known, and anything for inputs that do not fit.
        """
        ...


@dataclass(frozen=True, slots=True)
class Adapter:
    """The library of a framework, the command that installs it, and the module that computes with it."""

    library: str
    install: str
    module: str

    @property
    def is_installed(self) -> bool:
        """True if the library can be imported. It is not imported for that."""
        try:
            return self.library in sys.modules or importlib.util.find_spec(self.library) is not None
        except (ImportError, ValueError):
            return False

    def load(self) -> Computing:
        """The module. Raises UsageError if the library is not installed."""
        if not self.is_installed:
            raise UsageError(
                f"this has operations of {self.library}, which is not installed: {self.install} ({page('how-to/pytorch')})"
            )
        return cast(Computing, importlib.import_module(self.module))


TORCH = Adapter("torch", "pip install 'torch>=2.13,<2.14'", "tracer.torch.computing")
"""That of PyTorch."""

ADAPTERS: Mapping[str, Adapter] = dict.fromkeys(("aten", "prims", "written"), TORCH)
"""The adapter of an operation, by the first part of its name: that of `aten.add.Tensor` is `aten`."""


def adapter_of(op: str) -> Adapter | None:
    """The adapter that computes an operation; None for an operation of this package, or of nobody that is known.

    >>> adapter_of("aten.add.Tensor").library, adapter_of("add")
    ('torch', None)
    """
    return ADAPTERS.get(op.partition(".")[0])
