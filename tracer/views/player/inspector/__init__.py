"""What the inspector shows of an operation: its formula as mathematics, and what its elements are made of."""
