"""Random programs that write in place, against plain NumPy: values of every name, gradients by complex steps of the program."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings

import tracer
from support.profile import PROGRAMS
from support.writing_programs import PLAIN, namespace, writing_programs
from tracer.errors import RecordingError
from tracer.testing import Program

TENSORS = namespace(np, lambda x: x.copy(), lambda shape, like: np.zeros(shape, like=like), np.zeros)
"""The names that a program uses, for Tensors."""


def complex_step_gradient(program: Program, position: int) -> np.ndarray:
    """The gradient of a program with respect to an argument: the plain program runs with complex numbers."""
    names = {**PLAIN, "zeros": lambda shape, _: np.zeros(shape, complex), "plain": lambda shape: np.zeros(shape, complex)}
    function = program.function(names)
    gradient = np.zeros(program.arguments[position].shape)
    for index in np.ndindex(gradient.shape):
        arrays = [array.astype(complex) for array in program.arguments]
        arrays[position][index] += 1e-30j
        gradient[index] = function(*arrays).imag / 1e-30
    return gradient


@given(program=writing_programs())
@settings(max_examples=PROGRAMS)
def test_random_programs(program: Program) -> None:
    try:
        step = tracer.trace(program.function(TENSORS), *program.arguments)
    except RecordingError as error:
        assert "plain" in program.source  # another name of a plain array cannot stand for a Tensor
        assert "like=x" in str(error)
        return
    expected = program.function(PLAIN)(*[array.copy() for array in program.arguments])
    assert step.loss == expected
    tracer.validate(_trace_of(step))
    for position, name in enumerate("xy"[: len(program.arguments)]):
        gradient = complex_step_gradient(program, position)
        np.testing.assert_allclose(step.gradient(name), gradient, rtol=1e-9, atol=1e-11)


def _trace_of(step: tracer.Step) -> Any:
    return tracer.Trace("program", "", None, "float64", {}, {}, (step,))
