"""Hand-written gradients of a recorded program held against the true ones: the first line at which they part."""
