"""Framework-style printouts of a larger network, against tables printed by the frameworks."""

from __future__ import annotations

import numpy as np

from tracer.nn.summaries import Layer, keras_number, keras_summary, pytorch_summary

TORCHSUMMARY = """\
----------------------------------------------------------------
        Layer (type)               Output Shape         Param #
================================================================
            Linear-1            [-1, 200, 1000]         301,000
              ReLU-2            [-1, 200, 1000]               0
            Linear-3             [-1, 200, 300]         300,300
================================================================
Total params: 601,300
Trainable params: 601,300
Non-trainable params: 0
----------------------------------------------------------------
Input size (MB): 0.23
Forward/backward pass size (MB): 3.51
Params size (MB): 2.29
Estimated Total Size (MB): 6.03
----------------------------------------------------------------"""
"""Output of torchsummary 1.5.1 for Linear(300, 1000), ReLU, Linear(1000, 300) with inputs of shape (200, 300)."""


def test_pytorch_summary() -> None:
    layers = [
        Layer("Linear", (200, 1000), [np.zeros((300, 1000)), np.zeros(1000)]),
        Layer("ReLU", (200, 1000)),
        Layer("Linear", (200, 300), [np.zeros((1000, 300)), np.zeros(300)]),
    ]
    assert pytorch_summary(layers, (200, 300)) == TORCHSUMMARY


def test_keras_summary_numbers_layers_of_a_type() -> None:
    layers = [Layer("Dense", (4,), [np.zeros((2, 4))]), Layer("Flatten", (4,)), *[Layer("Dense", (2,), [np.zeros(8)])] * 2]
    lines = keras_summary(layers).splitlines()
    assert [line.split()[0] for line in lines if "(None" in line] == ["dense", "flatten", "dense_1", "dense_2"]
    assert "Total params: 24" in lines


def test_keras_number_format() -> None:
    assert [keras_number(value) for value in (1.0, 0.00101, 0.001, -0.5, 1e-9)] == [
        "1.0000", "0.0010", "1.0000e-03", "-0.5000", "1.0000e-09",
    ]  # fmt: skip
