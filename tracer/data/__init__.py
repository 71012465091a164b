"""Reads and writes data files: MNIST's idx files, CSV tables, .npz archives."""
