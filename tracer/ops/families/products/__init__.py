"""Sums of products of the elements of arrays."""
