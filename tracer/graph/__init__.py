"""The record of a training step: Trace, Step and Node, statistics of their values, and formulas."""
