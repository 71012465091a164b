"""Linear regression: one weight and one bias fitted to 50 points by gradient descent."""

from tracer import SGD, Scenario
from tracer.losses import mean_squared_error


def points(rng):
    x, y = rng.integers(1, 100, size=(50, 2)).astype(float).T
    return {"x": x, "y": y}


def model(x, w, b):
    return w * x + b


def loss(prediction, y):
    return mean_squared_error(prediction, y)


def error(x, y, w, b):
    return loss(model(x, w, b), y)


scenario = Scenario(
    data=points,
    parameters={"w": 0.0, "b": 0.0},
    model=model,
    loss=loss,
    optimizer=SGD(learning_rate=2e-5),
    steps=50,
    metrics={"w": lambda w: w, "b": lambda b: b, "error": error},
)
