"""Handwritten digits: a perceptron 784-256-128-10 fitted to one-hot labels by gradient descent."""

from pathlib import Path

import numpy as np

from tracer import SGD, Report, Scenario
from tracer.data.idx import read_digits
from tracer.nn.layers import one_hot, relu
from tracer.nn.losses import mean_squared_error
from tracer.nn.metrics import accuracy

SAMPLE = Path(__file__).parent / "data" / "mnist_sample.npz"


def digits(path, dtype):
    """Images with values from 0 to 1 and labels from 0 to 9: a sample (1,600 train, 400 test), or the full set at `path`."""
    read = read_digits(path or SAMPLE)
    return {
        "x": read["x_train"].astype(dtype) / 255,
        "y": read["y_train"],
        "x_test": read["x_test"].astype(dtype) / 255,
        "y_test": read["y_test"],
    }


def parameters(rng):
    weights = {"w1": (784, 256), "w2": (256, 128), "w3": (128, 10)}
    drawn = {name: rng.normal(0, 0.1, shape) for name, shape in weights.items()}
    return {
        "w1": drawn["w1"], "b1": np.zeros(256),
        "w2": drawn["w2"], "b2": np.zeros(128),
        "w3": drawn["w3"], "b3": np.zeros(10),
    }  # fmt: skip


def model(x, w1, b1, w2, b2, w3, b3):
    images = np.reshape(x, (-1, 784))
    h1 = relu(images @ w1 + np.broadcast_to(b1, (len(x), 256)))
    h2 = relu(h1 @ w2 + b2)
    out = h2 @ w3 + b3
    return out


def loss(out, y):
    target = one_hot(y, 10)
    return mean_squared_error(out, target)


def test_accuracy(x_test, y_test, w1, b1, w2, b2, w3, b3):
    """Accuracy on the test data, in percent."""
    return 100 * accuracy(model(x_test, w1, b1, w2, b2, w3, b3), y_test)


def loss_line(epoch, batch, batches, loss):
    return f"epoch {epoch + 1}, step {batch + 1}/{batches}, loss: {loss:.4f}" if batch % 100 == 0 else None


def accuracy_line(epoch, loss, test_accuracy):
    return f"epoch {epoch + 1}, mean loss: {loss:.4f}, test accuracy: {test_accuracy:.2f} %"


scenario = Scenario(
    data=digits,
    parameters=parameters,
    model=model,
    loss=loss,
    optimizer=SGD(learning_rate=0.1),
    batch_size=256,
    epochs=5,
    dtype="float32",
    metrics={"test_accuracy": test_accuracy},
    report=Report(step=loss_line, epoch=accuracy_line),
)
