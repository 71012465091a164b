"""Single numbers: how they depend on each other, the part of that around one of them, and their diagram."""
