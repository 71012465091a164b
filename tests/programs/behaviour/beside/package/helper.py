from .inner import twice


def f(x):
    return twice(x) + 1
