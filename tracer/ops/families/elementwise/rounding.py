"""Rounding to integers and to decimals. They have no gradient: it would be 0, or does not exist."""

from __future__ import annotations

import operator

import numpy as np

from tracer.ops.base import Array, Call
from tracer.ops.domain import REAL
from tracer.ops.elementwise import Elementwise


class Floor(Elementwise):
    """Elementwise floor: the largest integer not above x. It has no gradient."""

    implements = np.floor
    formula = "floor({x})"
    domain = (REAL,)


class Ceil(Elementwise):
    """Elementwise ceiling: the smallest integer not below x. It has no gradient."""

    implements = np.ceil
    formula = "ceil({x})"
    domain = (REAL,)


class Trunc(Elementwise):
    """The integer part of x, elementwise. It has no gradient."""

    implements = np.trunc
    formula = "trunc({x})"
    domain = (REAL,)


class Fix(Elementwise):
    """x rounded to an integer towards 0, elementwise. It has no gradient."""

    implements = np.fix
    formula = "fix({x})"
    domain = (REAL,)

    @staticmethod
    def call(x: Array) -> Call:
        return (x,), {}


class Rint(Elementwise):
    """x rounded to the nearest integer, elementwise; halves to the even one. It has no gradient."""

    implements = np.rint
    formula = "rint({x})"
    domain = (REAL,)


class Round(Elementwise):
    """x rounded to a number of decimals, elementwise; halves to the even digit. It has no gradient."""

    implements = np.round, np.around
    formula = "round({x}, {decimals})"
    domain = (REAL,)

    @staticmethod
    def call(a: Array, decimals: int = 0) -> Call:
        return (a,), {"decimals": operator.index(decimals)}

    @staticmethod
    def value(x: Array, *, decimals: int) -> Array:
        return np.round(x, decimals)
