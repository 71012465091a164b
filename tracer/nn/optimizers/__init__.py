"""Optimizers: parameter updates in plain NumPy, recorded like the rest of a step. See `interface` for what one is."""

from tracer.nn.optimizers.adam import Adam, AdamW, KerasAdam
from tracer.nn.optimizers.adaptive import Adagrad, RMSProp
from tracer.nn.optimizers.descent import SGD
from tracer.nn.optimizers.interface import (
    OPTIMIZERS,
    Optimizer,
    Range,
    check_numbers,
    register,
    update_sees_only_shapes,
    within,
)

__all__ = [
    "OPTIMIZERS",
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "KerasAdam",
    "Optimizer",
    "RMSProp",
    "Range",
    "check_numbers",
    "register",
    "update_sees_only_shapes",
    "within",
]
