"""Linear regression: one weight and one bias fitted to points by gradient descent."""

from tracer import SGD, Report, Scenario
from tracer.data.tables import read_table
from tracer.nn.losses import mean_squared_error


def points(rng, path):
    """50 points with random integer coordinates from 1 to 99, or the points of a CSV file with the columns x and y."""
    if path is not None:
        x, y = read_table(path, columns=2, least_rows=2).T
    else:
        x, y = rng.integers(1, 100, size=(50, 2)).astype(float).T
    return {"x": x, "y": y}


def model(x, w, b):
    return w * x + b


def loss(prediction, y):
    return mean_squared_error(prediction, y)


def error(x, y, w, b):
    return loss(model(x, w, b), y)


def start(x, y, w, b):
    return f"Starting gradient descent at w = {w}, b = {b}, error = {error(x, y, w, b)}"


def every_tenth(step, w, b, x, y):
    if (step + 1) % 10 == 0:
        return f"Iteration {step + 1}: w = {w}, b = {b}, error = {error(x, y, w, b)}"
    return None


def end(steps, w, b, error):
    return f"After {steps} iterations w = {w}, b = {b}, error = {error}"


scenario = Scenario(
    data=points,
    parameters={"w": 0.0, "b": 0.0},
    model=model,
    loss=loss,
    optimizer=SGD(learning_rate=2e-5),
    steps=50,
    metrics={"w": lambda w: w, "b": lambda b: b, "error": error},
    report=Report(start=start, step=every_tenth, end=end),
)
