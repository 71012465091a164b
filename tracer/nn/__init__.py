"""Layers, losses, initializers, optimizers, schedules, metrics and summaries, written in plain NumPy."""
