"""Runs the command in this process, and the text of a scenario file."""

from __future__ import annotations

import sys

from tracer.cli import main

SCENARIO_TEXT = """import numpy as np
from tracer import SGD, Scenario

def data():
    return {{"x": np.arange(6.0).reshape(3, 2), "y": [1.0, 2.0, 3.0]}}

def model(x, w, b):
    h = x @ w + b
    {model}
    return h

def loss(p, y):
    return np.mean((p - y) ** 2)

scenario = Scenario(data=data, parameters={{"w": [0.1, 0.2], "b": 0.0}}, model=model, loss=loss,
                    optimizer=SGD(learning_rate=0.1), steps=3)
"""
"""The text of a scenario file; `{model}` is a line of its model."""


def run(*arguments: str) -> int:
    """Run the command and return its exit code."""
    saved = sys.argv
    sys.argv = ["tracer", *arguments]
    try:
        main()
    except SystemExit as exit:
        return int(exit.code or 0)
    finally:
        sys.argv = saved
    return 0
