"""Strategies for calls of operations, a family a file. `support.strategies` has them all."""
