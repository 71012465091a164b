"""Functions of `scipy.special`, which need not be installed."""
