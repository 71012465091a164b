"""The ideas of a step: groups of operations that are a layer, an activation or a loss, and what they are called."""
