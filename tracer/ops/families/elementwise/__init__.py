"""The elementwise operations, one family per module."""
