"""Text output in the formats of Keras, PyTorch and scikit-learn: model summaries, epoch lines, classification report."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tracer.nn.metrics import quality_of_classes
from tracer.ops.base import Array
from tracer.recording.tensor import plain


@dataclass(frozen=True, slots=True)
class Layer:
    """A row of a summary: the layer's type, the output shape without the batch axis, and the parameter arrays."""

    kind: str
    output: tuple[int, ...]
    parameters: Sequence[np.ndarray] = ()

    @property
    def count(self) -> int:
        """The number of trainable parameters."""
        return sum(np.size(parameter) for parameter in self.parameters)


def keras_summary(layers: Sequence[Layer]) -> str:
    """Keras' model.summary() without its empty lines. Layers get Keras' default names.

    >>> print(keras_summary([Layer("Dense", (4,), [np.zeros((2, 4)), np.zeros(4)])]))
    Model: "sequential"
    _________________________________________________________________
     Layer (type)                Output Shape              Param #
    =================================================================
     dense (Dense)               (None, 4)                 12
    =================================================================
    Total params: 12
    Trainable params: 12
    Non-trainable params: 0
    _________________________________________________________________
    """
    numbers: dict[str, int] = {}
    rows = []
    for layer in layers:
        number = numbers[layer.kind] = numbers.get(layer.kind, -1) + 1
        name = f"{layer.kind.lower()}{f'_{number}' if number else ''} ({layer.kind})"
        rows.append(f" {name:<28}{_shape(None, layer.output):<26}{layer.count}")
    thin, thick = "_" * 65, "=" * 65
    head = ['Model: "sequential"', thin, f" {'Layer (type)':<28}{'Output Shape':<26}Param #", thick]
    return "\n".join([*head, *rows, thick, *_totals(layers, "d"), thin])


def pytorch_summary(layers: Sequence[Layer], input_shape: Sequence[int]) -> str:
    """The table that `torchsummary` prints for a PyTorch model, with memory in MB for one sample in float32.

    Every output counts twice, for its value and its gradient.

    >>> print(pytorch_summary([Layer("Linear", (4,), [np.zeros((2, 4)), np.zeros(4)])], (2,)))
    ----------------------------------------------------------------
            Layer (type)               Output Shape         Param #
    ================================================================
                Linear-1                    [-1, 4]              12
    ================================================================
    Total params: 12
    Trainable params: 12
    Non-trainable params: 0
    ----------------------------------------------------------------
    Input size (MB): 0.00
    Forward/backward pass size (MB): 0.00
    Params size (MB): 0.00
    Estimated Total Size (MB): 0.00
    ----------------------------------------------------------------
    """
    rows = [
        f"{f'{layer.kind}-{number}':>20}  {f'[-1, {_inner(layer.output)}]':>25} {layer.count:>15,}"
        for number, layer in enumerate(layers, start=1)
    ]
    megabytes = {
        "Input size": math.prod(input_shape) * 4 / 2**20,
        "Forward/backward pass size": 2 * sum(math.prod(layer.output) for layer in layers) * 4 / 2**20,
        "Params size": sum(layer.count for layer in layers) * 4 / 2**20,
    }
    megabytes["Estimated Total Size"] = sum(megabytes.values())
    thin, thick = "-" * 64, "=" * 64
    head = [thin, f"{'Layer (type)':>20}  {'Output Shape':>25} {'Param #':>15}", thick]
    sizes = [f"{what} (MB): {size:.2f}" for what, size in megabytes.items()]
    return "\n".join([*head, *rows, thick, *_totals(layers, ",d"), thin, *sizes, thin])


def _totals(layers: Sequence[Layer], number: str) -> list[str]:
    total = format(sum(layer.count for layer in layers), number)
    return [f"Total params: {total}", f"Trainable params: {total}", "Non-trainable params: 0"]


def _shape(first: object, rest: Sequence[int]) -> str:
    return f"({first}, {_inner(rest)})"


def _inner(shape: Sequence[int]) -> str:
    return ", ".join(map(str, shape))


def keras_epoch(epoch: int, epochs: int, batches: int, measured: Mapping[str, float]) -> str:
    """The lines that Keras prints for an epoch, without progress bar and time. `epoch` counts from 0.

    >>> print(keras_epoch(0, 6, 1, {"loss": 0.75677, "accuracy": 0.5}))
    Epoch 1/6
    1/1 - loss: 0.7568 - accuracy: 0.5000
    """
    values = "".join(f" - {name}: {keras_number(value)}" for name, value in measured.items())
    return f"Epoch {epoch + 1}/{epochs}\n{batches}/{batches}{values}"


def keras_number(value: float) -> str:
    """Format a number as in Keras' progress line: four decimals, in scientific notation up to 1e-3.

    >>> keras_number(0.5), keras_number(0.0), keras_number(0.00012)
    ('0.5000', '0.0000e+00', '1.2000e-04')
    """
    return f"{value:.4f}" if abs(value) > 1e-3 else f"{value:.4e}"


def classification_report(labels: Array, predicted: Array) -> str:
    """scikit-learn's classification_report: precision, recall, F1 score and support of each class, and averages.

    Labels and predictions are integers [samples].

    >>> print(classification_report(np.array([1, 1, 0, 0]), np.array([1, 1, 0, 1])))
                  precision    recall  f1-score   support
    <BLANKLINE>
               0       1.00      0.50      0.67         2
               1       0.67      1.00      0.80         2
    <BLANKLINE>
        accuracy                           0.75         4
       macro avg       0.83      0.75      0.73         4
    weighted avg       0.83      0.75      0.73         4
    """
    labels, predicted = np.asarray(plain(labels)), np.asarray(plain(predicted))
    scores = quality_of_classes(labels, predicted)
    support = [each.support for each in scores.values()]
    numbers = np.array([[each.precision, each.recall, each.f1_score] for each in scores.values()])
    total = sum(support)
    width = max(len("weighted avg"), *(len(str(label)) for label in scores))
    heading = f"{'':>{width}} {'precision':>10}{'recall':>10}{'f1-score':>10}{'support':>10}"

    def row(name: object, values: Sequence[float], count: int) -> str:
        return f"{name!s:>{width}} {''.join(f'{value:10.2f}' for value in values)}{count:10}"

    accuracy = f"{'accuracy':>{width}} {'':20}{float(np.mean(labels == predicted)):10.2f}{total:10}"
    classes = [row(label, values, count) for label, values, count in zip(scores, numbers, support, strict=True)]
    averages = [
        row("macro avg", numbers.mean(axis=0).tolist(), total),
        row("weighted avg", np.average(numbers, axis=0, weights=support).tolist(), total),
    ]
    return "\n".join([heading, "", *classes, "", accuracy, *averages])
