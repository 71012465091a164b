"""Recurrent cells in plain NumPy, one time step each, with PyTorch's weights: [gates * hidden, inputs] and two biases.

The gates are in PyTorch's order, so that weights can be carried over: i, f, g, o in an LSTM, r, z, n in a GRU.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tracer.errors import UsageError
from tracer.nn.layers import sigmoid
from tracer.ops.base import Array


def rnn_cell(
    x: Array,
    hidden: Array,
    input_weights: Array,
    hidden_weights: Array,
    input_bias: Array,
    hidden_bias: Array,
    *,
    activation: Callable[[Array], Array] = np.tanh,
) -> Array:
    """tanh(x @ input_weights.T + input_bias + hidden @ hidden_weights.T + hidden_bias): the next hidden state.

    x [..., inputs], hidden [..., hidden]. PyTorch's nn.RNNCell.

    >>> rnn_cell(np.zeros((1, 2)), np.zeros((1, 3)), np.ones((3, 2)), np.ones((3, 3)), np.zeros(3), np.zeros(3))
    array([[0., 0., 0.]])
    """
    from_input, from_hidden = _both("rnn_cell", 1, x, hidden, input_weights, hidden_weights, input_bias, hidden_bias)
    return activation(from_input + from_hidden)


def lstm_cell(
    x: Array,
    state: tuple[Array, Array],
    input_weights: Array,
    hidden_weights: Array,
    input_bias: Array,
    hidden_bias: Array,
) -> tuple[Array, Array]:
    """The next (hidden, cell) of an LSTM: cell = f * cell + i * g and hidden = o * tanh(cell).

    i, f and o are sigmoids and g a tanh of x @ input_weights.T + input_bias + hidden @ hidden_weights.T + hidden_bias. The
    weights are [4 * hidden, inputs] and [4 * hidden, hidden], in the order i, f, g, o. PyTorch's nn.LSTMCell.

    >>> state = lstm_cell(np.zeros(2), (np.zeros(1), np.ones(1)), np.ones((4, 2)), np.ones((4, 1)), np.zeros(4), np.zeros(4))
    >>> [array.round(3).tolist() for array in state]
    [[0.231], [0.5]]
    """
    hidden, cell = state
    from_input, from_hidden = _both("lstm_cell", 4, x, hidden, input_weights, hidden_weights, input_bias, hidden_bias)
    gates = from_input + from_hidden
    size = np.shape(hidden)[-1]
    i = sigmoid(gates[..., :size])
    f = sigmoid(gates[..., size : 2 * size])
    g = np.tanh(gates[..., 2 * size : 3 * size])
    o = sigmoid(gates[..., 3 * size :])
    next_cell = f * cell + i * g
    next_hidden = o * np.tanh(next_cell)
    return next_hidden, next_cell


def gru_cell(
    x: Array,
    hidden: Array,
    input_weights: Array,
    hidden_weights: Array,
    input_bias: Array,
    hidden_bias: Array,
) -> Array:
    """The next hidden state of a GRU: (1 - z) * n + z * hidden, with n = tanh(x's part + r * hidden's part).

    r and z are sigmoids; the weights are [3 * hidden, inputs] and [3 * hidden, hidden], in the order r, z, n. PyTorch's
    nn.GRUCell.

    >>> gru_cell(np.zeros(2), np.ones(1), np.ones((3, 2)), np.zeros((3, 1)), np.zeros(3), np.zeros(3))
    array([0.5])
    """
    from_input, from_hidden = _both("gru_cell", 3, x, hidden, input_weights, hidden_weights, input_bias, hidden_bias)
    size = np.shape(hidden)[-1]
    r = sigmoid(from_input[..., :size] + from_hidden[..., :size])
    z = sigmoid(from_input[..., size : 2 * size] + from_hidden[..., size : 2 * size])
    n = np.tanh(from_input[..., 2 * size :] + r * from_hidden[..., 2 * size :])
    next_hidden = (1 - z) * n + z * hidden
    return next_hidden


def _both(
    function: str,
    gates: int,
    x: Array,
    hidden: Array,
    input_weights: Array,
    hidden_weights: Array,
    input_bias: Array,
    hidden_bias: Array,
) -> tuple[Array, Array]:
    """What the input and the hidden state give. Raises UsageError unless the shapes fit: a bias would be broadcast."""
    inputs, size = np.shape(x)[-1:], np.shape(hidden)[-1:]
    rows = tuple(gates * each for each in size)
    needed = {
        "input_weights": (input_weights, (*rows, *inputs)),
        "hidden_weights": (hidden_weights, (*rows, *size)),
        "input_bias": (input_bias, rows),
        "hidden_bias": (hidden_bias, rows),
    }
    for name, (given, shape) in needed.items():
        if np.shape(given) != shape:
            raise UsageError(f"{function}: {name} has shape {np.shape(given)}, {shape} is needed")
    from_input = x @ input_weights.T + input_bias
    from_hidden = hidden @ hidden_weights.T + hidden_bias
    return from_input, from_hidden
