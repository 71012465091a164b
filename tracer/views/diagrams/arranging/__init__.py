"""How diagrams are arranged before the layout: shared values at the side, rows of separate parts, columns of fans."""
