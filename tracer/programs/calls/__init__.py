"""The calls of a recorded program: from where functions are called, what stands in for some of them, and what they are given."""
