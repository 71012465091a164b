"""Keras 3 on the torch backend: names of its layers and variables, its optimizers, and the steps of `fit`.

Keras is imported by the program, or not at all: nothing here imports it.
"""
