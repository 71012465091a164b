"""Faults of single rules, a family a file. `support.mutations` has them all."""
